// The part around the finger. The finger hole is centered on the origin in the x–y plane; θ is measured from the top.
import { loft } from "./sweep.js";

export const smooth = (from, to, x) => {
  const t = Math.min(1, Math.max(0, (x - from) / (to - from)));
  return t * t * (3 - 2 * t);
};

/** θ of -π … π as the angle away from the head, 0 … π. */
const away = (theta) => Math.abs(Math.atan2(Math.sin(theta), Math.cos(theta)));

/** Width along the finger at an angle: it narrows toward the head, most of it over the shoulders. */
export function widthAt(shank, theta) {
  return shank.top_width_mm + (shank.width_mm - shank.top_width_mm) * smooth(0.25, 2.4, away(theta));
}

// How far out the section is widest, as a share of the thickness, and the exponents of its outer and inner half.
const SECTIONS = {
  round: { widest: 0.4, outer: 2.15, inner: 3.4 },
  flat: { widest: 0.5, outer: 7, inner: 5 },
  knife: { widest: 0.34, outer: 1.12, inner: 3.4 },
};

/** Points (radius over the finger hole, place along the finger) of the section at an angle. */
function section(shank, theta, flatness, sides) {
  const shape = SECTIONS[shank.profile] ?? SECTIONS.round;
  const outer = shape.outer + (6 - shape.outer) * flatness;
  const thickness = shank.thickness_mm;
  const half = widthAt(shank, theta) / 2;
  return Array.from({ length: sides }, (_, j) => {
    const angle = (-j / sides) * 2 * Math.PI;
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    const power = 2 / (c > 0 ? outer : shape.inner);
    const z = half * Math.sign(s) * Math.abs(s) ** power;
    const middle = thickness * shape.widest;
    const radius = middle + Math.sign(c) * Math.abs(c) ** power * (c > 0 ? thickness - middle : middle);
    return [radius, z];
  });
}

/** `flatten(θ)` from 0 to 1: how far the outside is flattened, as where it carries pavé. */
export function shankSolid({ shank, innerRadius, flatten = () => 0, segments = 200, sides = 40 }) {
  const rows = Array.from({ length: segments }, (_, i) => {
    const theta = (i / segments) * 2 * Math.PI;
    const [x, y] = [Math.sin(theta), Math.cos(theta)];
    return section(shank, theta, flatten(away(theta)), sides)
      .map(([radius, z]) => [x * (innerRadius + radius), y * (innerRadius + radius), z]);
  });
  return loft(rows, { along: true });
}
