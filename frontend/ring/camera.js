// Where the camera stands for each view, so that the ring fits the stage whatever its shape. Pure.
export const FIELD_OF_VIEW = 19;
export const LEAST_TILT = 4;
export const MOST_TILT = 89;
export const MOST_ZOOM = 3.2;

// Angles in degrees: `yaw` turns the ring, `tilt` raises the camera. `share` is how much of the stage the ring may fill;
// `lift` moves it down in the picture, to leave room for the measure above the stone.
export const VIEWS = {
  turn: { yaw: 33, tilt: 21, share: 0.8, lift: 0.03 },
  above: { yaw: 0, tilt: MOST_TILT, share: 0.74, lift: 0.02 },
  side: { yaw: 90, tilt: 7, share: 0.84, lift: 0.03 },
  stone: { yaw: 18, tilt: 44, share: 0.8, lift: 0.02 },
  picture: { yaw: 35.5, tilt: 21, share: 0.84, lift: 0.02 }, // where the server's picture is taken from
  hand: { yaw: 8, tilt: 58, share: 0.98, lift: 0 },
};

/** Half extents of what must be seen: a box of millimeters around `middle`. */
export function frame(view, plan) {
  const { floor, girdle, table } = plan.levels;
  const edge = plan.beside?.edge ?? 0;
  if (view === "above") {
    const stone = plan.center?.stone;
    const half = Math.max(5.2, (stone ? stone.length_mm : 6.5) / 2 + 1.6);
    const far = Math.max(half, edge + 1);
    return { middle: [0, girdle, (far - half) / 2], half: [plan.reach * 0.66, 0.5, (far + half) / 2] };
  }
  if (view === "stone") {
    const { width_mm: width, length_mm: length } = plan.center?.stone ?? { width_mm: 6.5, length_mm: 6.5 };
    return { middle: [0, girdle, 0], half: [width / 2 + 0.7, (table - girdle) + 1.2, length / 2 + 0.7] };
  }
  // The ring finger to its tip, with its neighbors beside it.
  if (view === "hand") return { middle: [0.3 * plan.innerRadius, 0, -2.3 * plan.innerRadius], half: [3 * plan.innerRadius, 6, 4 * plan.innerRadius] };
  // With a band beside it, the pair stands in the middle.
  return { middle: [0, (floor + table) / 2, edge / 3], half: [plan.reach, (table - floor) / 2, 3 + edge / 3] };
}

/** The camera's distance at which the box, turned any way about y, fits the stage. */
export function distance({ box, tilt, share, aspect }) {
  const [s, c] = [Math.sin((tilt * Math.PI) / 180), Math.cos((tilt * Math.PI) / 180)];
  const high = Math.tan((FIELD_OF_VIEW * Math.PI) / 360) * share;
  const wide = high * aspect;
  const around = Math.max(box.half[0], box.half[2]);
  let most = 0;
  for (const [x, y, z] of [[around, 0, 0], [0, box.half[1], -box.half[2]], [0, -box.half[1], box.half[2]], [0, box.half[1], box.half[2]], [0, 0, around]]) {
    for (const side of [1, -1]) {
      const up = y * c - z * side * s;
      const toward = y * s + z * side * c;
      most = Math.max(most, x / wide + toward, Math.abs(up) / high + toward);
    }
  }
  return most;
}

/** Everything about the camera that a view, turned and zoomed by hand, asks for; `blend` goes from one to another. */
export function stance(pose, plan, aspect) {
  const box = frame(pose.name, plan);
  const far = distance({ box, tilt: pose.tilt, share: pose.share, aspect });
  const closer = (pose.zoom - 1) / (MOST_ZOOM - 1);
  const goal = [0, plan.levels.girdle, 0];
  const lift = pose.lift * 2 * far * Math.tan((FIELD_OF_VIEW * Math.PI) / 360) * (1 - closer);
  return {
    yaw: pose.yaw,
    tilt: pose.tilt,
    far: far / pose.zoom,
    lift,
    middle: box.middle.map((value, i) => value + (goal[i] - value) * closer),
  };
}

export function blend(from, to, share) {
  const between = (a, b) => a + (b - a) * share;
  return {
    yaw: between(from.yaw, to.yaw),
    tilt: between(from.tilt, to.tilt),
    far: between(from.far, to.far),
    lift: between(from.lift, to.lift),
    middle: to.middle.map((value, i) => between(from.middle[i], value)),
  };
}
