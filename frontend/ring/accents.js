// Small stones: pavé along the shank, a halo around the center stone, a stone on each side. Places are given as
// {at, up, size, turn}: where the girdle's middle is, which way the table looks, the width, and a turn about `up`.
import { ball, curve, loft, tube } from "./sweep.js";

const GAP = 0.1;

const onShank = (theta, radius, z = 0) => [Math.sin(theta) * radius, Math.cos(theta) * radius, z];

/** Angles of the pavé stones, away from the head on both sides (half) or all the way around (full). */
export function paveAngles({ accents, radius, clearance }) {
  if (!["half_pave", "full_pave"].includes(accents.kind) || accents.count < 1) return [];
  const step = (accents.stone_mm + GAP) / radius;
  const room = Math.floor((Math.PI - clearance) / step + 0.5);
  const perSide = Math.min(room, Math.ceil(accents.count / 2));
  return [1, -1].flatMap((side) =>
    Array.from({ length: perSide }, (_, k) => side * (clearance + step / 2 + k * step)));
}

/** Stones sunk to their girdle in the shank, and four beads shared between neighbors. */
export function pave({ accents, innerRadius, shank, clearance }) {
  const radius = innerRadius + shank.thickness_mm;
  const angles = paveAngles({ accents, radius, clearance });
  const step = (accents.stone_mm + GAP) / radius;
  const across = accents.stone_mm * 0.37;
  const stones = angles.map((theta, k) => ({
    at: onShank(theta, radius + 0.02), up: onShank(theta, 1), size: accents.stone_mm, turn: k * 0.7,
  }));
  const between = new Map();
  for (const theta of angles) for (const side of [-0.5, 0.5]) {
    const at = theta + side * step;
    between.set(Math.round(at * 1e4), at);
  }
  const beads = [...between.values()].flatMap((theta) =>
    [-across, across].map((z) => ball(onShank(theta, radius + 0.03, z), accents.stone_mm * 0.125)));
  return { stones, solids: beads, angles };
}

/** Equal arcs along a closed line of plan points. */
function spread(points, count) {
  const lengths = points.map((p, k) => Math.hypot(p[0] - points[(k + 1) % points.length][0], p[1] - points[(k + 1) % points.length][1]));
  const total = lengths.reduce((a, b) => a + b, 0);
  const found = [];
  let [walked, k] = [0, 0];
  for (let i = 0; i < count; i++) {
    const goal = (i / count) * total;
    while (walked + lengths[k] < goal) walked += lengths[k++];
    const share = (goal - walked) / lengths[k];
    const [p, q] = [points[k], points[(k + 1) % points.length]];
    found.push([p[0] + (q[0] - p[0]) * share, p[1] + (q[1] - p[1]) * share]);
  }
  return { places: found, total };
}

/** A ring of small stones just under the girdle, in a plate that follows the outline. */
export function halo({ halo: wanted, around, girdle }) {
  const out = wanted.stone_mm / 2 + 0.22;
  const outline = (distance, count = 240) =>
    Array.from({ length: count }, (_, k) => around.point((k / count) * 2 * Math.PI, distance));
  const { places, total } = spread(outline(out), wanted.count);
  const y = girdle - 0.22;
  // As many stones as the description says; they shrink when the outline is too short for them.
  const size = Math.min(wanted.stone_mm, total / wanted.count - 0.03);
  const stones = places.map(([x, z], k) => ({ at: [x, y, -z], up: [0, 1, 0], size, turn: k * 0.9 }));
  const beads = places.flatMap(([x, z], k) => {
    const [nx, nz] = places[(k + 1) % places.length];
    const [mx, mz] = [(x + nx) / 2, (z + nz) / 2];
    const length = Math.hypot(mx, mz);
    return [-0.36, 0.36].map((share) => {
      const scale = 1 + (share * size) / length;
      return ball([mx * scale, y + 0.05, -mz * scale], size * 0.12);
    });
  });
  const edge = size / 2 + 0.13;
  const section = [
    [-edge + 0.02, -0.62], [-edge, -0.1], [-edge + 0.05, 0], [edge - 0.05, 0], [edge, -0.08], [edge - 0.03, -0.4], [edge * 0.5, -0.72],
  ];
  const rows = section.map(([radial, height]) =>
    outline(out + radial, 144).map(([x, z]) => [x, y + height, -z]));
  return { stones, solids: [loft(rows, { along: true }), ...beads] };
}

/** One stone on each side of the center, leaning with the shank, each on four small prongs. */
export function sideStones({ sideStones: wanted, center, girdle, innerRadius, shank }) {
  const r = wanted.width_mm / 2;
  const out = center.width_mm / 2 + r * 0.92;
  const radius = innerRadius + shank.thickness_mm;
  const parts = [1, -1].map((side) => {
    const lean = side * 0.3;
    const up = [Math.sin(lean), Math.cos(lean), 0];
    const right = [Math.cos(lean), -Math.sin(lean), 0];
    // Halfway between what the culet needs over the curve of the shank and the center stone's girdle.
    const under = Math.sqrt(Math.max(1, radius ** 2 - (out - r * 0.4) ** 2));
    const lowest = under + wanted.width_mm * 0.43 + 0.4;
    const at = [side * out, (lowest + Math.max(lowest, girdle - 0.5)) / 2, 0];
    const place = (x, y, z) => [0, 1, 2].map((i) => at[i] + right[i] * x + up[i] * y + (i === 2 ? z : 0));
    const foot = onShank(Math.asin(Math.min(0.9, (side * (out - r * 0.3)) / radius)), radius - 0.4);
    const prongs = [45, 135, 225, 315].map((turn) => {
      const [c, s] = [Math.cos((turn * Math.PI) / 180), Math.sin((turn * Math.PI) / 180)];
      const start = [foot[0] + c * 0.35, foot[1], Math.max(-0.6, Math.min(0.6, s * r * 0.5))];
      const line = curve([
        start, place(c * r * 0.7, -r * 0.75, s * r * 0.7), place(c * (r + 0.1), 0, s * (r + 0.1)),
        place(c * r * 0.97, 0.2 * r + 0.1, s * r * 0.97), place(c * r * 0.8, 0.24 * r + 0.14, s * r * 0.8),
      ], { steps: 8 });
      return tube(line, (share) => 0.24 - 0.07 * share, { sides: 12 });
    });
    const rail = Array.from({ length: 40 }, (_, k) => {
      const angle = (k / 40) * 2 * Math.PI;
      return place(Math.cos(angle) * r * 0.72, -r * 0.72, Math.sin(angle) * r * 0.72);
    });
    return { stone: { at, up, size: wanted.width_mm, turn: 0.4 }, solids: [...prongs, tube(rail, 0.17, { sides: 10, closed: true })] };
  });
  return { stones: parts.map(({ stone }) => stone), solids: parts.flatMap(({ solids }) => solids) };
}
