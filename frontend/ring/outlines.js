// Girdle outlines of the brilliant family, seen from above, in half widths around the vertical line through the culet.
//
// An outline is {at(u), mains, closed, middle}: `at(u)` gives the point and the outward normal of the curve, and main
// facets sit at the whole numbers 0 … mains - 1; `middle` is the height of the bounding box's middle over the culet.
// A pointed end answers with the normal that lies straight across, for the facet that sits on the point.

const TURN = Math.PI / 4;
const flipped = ({ p, n }, x, y) => ({ p: [p[0] * x, p[1] * y], n: [n[0] * x, n[1] * y] });

/** A circle at power 2, a cushion at 4. An oval is a circle stretched when it is done. */
function superellipse(power) {
  const signed = (value, exponent) => Math.sign(value) * Math.abs(value) ** exponent;
  const at = (u) => {
    const p = [Math.cos(u * TURN), Math.sin(u * TURN)].map((value) => signed(value, 2 / power));
    const n = p.map((value) => signed(value, power - 1));
    const length = Math.hypot(...n);
    return { p, n: n.map((value) => value / length) };
  };
  return { at, mains: 8, closed: true, middle: 0 };
}

/** At this part of the arc that leaves (1, 0) upright and ends at (0, tip). */
function wing(part, tip) {
  const radius = (1 + tip * tip) / 2;
  const whole = Math.asin(Math.min(1, tip / radius));
  const angle = part * (radius < 1 ? Math.PI - whole : whole);
  const n = [Math.cos(angle), Math.sin(angle)];
  return { p: [1 - radius + radius * n[0], radius * n[1]], n };
}

/** Two arcs that meet in a point at both ends of the length. */
function marquise(ratio) {
  const at = (u) => {
    const turn = ((u % 8) + 8) % 8;
    if (turn === 2 || turn === 6) return { p: [0, (4 - turn) * 0.5 * ratio], n: [0, (4 - turn) * 0.5] };
    const quarter = Math.floor(turn / 2);
    const within = turn / 2 - quarter;
    const part = quarter % 2 === 0 ? within : 1 - within;
    return flipped(wing(part, ratio), quarter === 0 || quarter === 3 ? 1 : -1, quarter < 2 ? 1 : -1);
  };
  return { at, mains: 8, closed: true, middle: 0 };
}

/** A half circle below, two arcs to the point above; the culet lies under the half circle's center. */
function pear(ratio) {
  const tip = 2 * ratio - 1;
  const at = (u) => {
    const turn = ((u % 8) + 8) % 8;
    if (turn === 2) return { p: [0, tip], n: [0, 1] };
    if (turn > 4) {
      const p = [Math.cos(turn * TURN), Math.sin(turn * TURN)];
      return { p, n: p };
    }
    return turn > 2 ? flipped(wing((4 - turn) / 2, tip), -1, 1) : wing(turn / 2, tip);
  };
  return { at, mains: 8, closed: true, middle: ratio - 1 };
}

const LOBE = { center: 0.47, radius: 0.53, overCulet: 0.22 };

/** The right half of a heart: from the cleft (0) round the lobe and the widest point (2) to the tip below (4). */
function heart(ratio) {
  const tip = 2 * ratio - LOBE.radius;
  const cleft = Math.acos(-LOBE.center / LOBE.radius);
  const raised = ({ p, n }) => ({ p: [p[0], p[1] + LOBE.overCulet], n });
  const at = (u) => {
    if (u >= 4) return { p: [0, LOBE.overCulet - tip], n: [0, -1] };
    if (u > 2) return raised(flipped(wing((u - 2) / 2, tip), 1, -1));
    const angle = cleft * (1 - u / 2);
    const n = [Math.cos(angle), Math.sin(angle)];
    return raised({ p: [LOBE.center + LOBE.radius * n[0], LOBE.radius * n[1]], n });
  };
  return { at, mains: 5, closed: false, middle: LOBE.overCulet + LOBE.radius - ratio };
}

/** The outline of a brilliant, and how far the finished stone is stretched along its length. */
export function outline(shape, ratio) {
  if (shape === "marquise") return { ...marquise(ratio), stretch: 1 };
  if (shape === "pear") return { ...pear(ratio), stretch: 1 };
  if (shape === "heart") return { ...heart(ratio), stretch: 1 };
  return { ...superellipse(shape === "cushion" ? 4 : 2), stretch: ratio };
}
