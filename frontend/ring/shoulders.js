// The way from the head down the ring: along the shank, or first down a cathedral's arches. Millimeters; the finger hole is
// centered on the origin in the x–y plane. A ridge is {length, at(s)}: the metal's outer line on the side of +x, from the head
// to the palm, where at(s) = {x, y, lean}, and the surface leans that far from upright.
import { loft } from "./sweep.js";

const SPRING = Math.PI / 3; // where an arch leaves the shank, from the top
const RISE = (34 * Math.PI) / 180; // how steeply it comes to the head
const STEPS = 60;

export function shankRidge({ radius, first }) {
  return {
    length: radius * (Math.PI - first),
    at: (s) => ({ x: Math.sin(first + s / radius) * radius, y: Math.cos(first + s / radius) * radius, lean: first + s / radius }),
  };
}

/** The top of an arch on the side of +x, from the head to where it leaves the shank. */
export function archLine({ reach, height, radius }) {
  const top = [0.76 * reach, height];
  const foot = [Math.sin(SPRING), Math.cos(SPRING)].map((v) => v * (radius - 0.02));
  const span = Math.hypot(top[0] - foot[0], top[1] - foot[1]);
  const inward = [top[0] + Math.cos(RISE) * span * 0.34, top[1] - Math.sin(RISE) * span * 0.34];
  const along = [foot[0] - Math.cos(SPRING) * span * 0.42, foot[1] + Math.sin(SPRING) * span * 0.42];
  return Array.from({ length: STEPS + 1 }, (_, k) => {
    const t = k / STEPS;
    const [a, b, c, d] = [(1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t * t, t ** 3];
    return [0, 1].map((i) => a * top[i] + b * inward[i] + c * along[i] + d * foot[i]);
  });
}

/** Down the arch, beginning `after` mm from the head, and on along the shank. */
export function archRidge({ arch, radius, after }) {
  const ends = [0];
  for (let k = 1; k < arch.length; k++) {
    ends.push(ends[k - 1] + Math.hypot(arch[k][0] - arch[k - 1][0], arch[k][1] - arch[k - 1][1]));
  }
  const whole = ends.at(-1);
  const shank = shankRidge({ radius, first: SPRING });
  return {
    length: whole - after + shank.length,
    at: (s) => {
      const way = s + after;
      if (way >= whole) return shank.at(way - whole);
      const k = Math.max(0, Math.min(arch.length - 2, ends.findIndex((end) => end > way) - 1));
      const share = (way - ends[k]) / (ends[k + 1] - ends[k]);
      const [dx, dy] = [arch[k + 1][0] - arch[k][0], arch[k + 1][1] - arch[k][1]];
      return { x: arch[k][0] + dx * share, y: arch[k][1] + dy * share, lean: Math.atan2(-dy, dx) };
    },
  };
}

/** Both arches: bars that are thicker where they leave the shank, with daylight under them. */
export function archSolids({ arch, shank, paved }) {
  const outer = paved ? 4.2 : { flat: 6, knife: 1.35 }[shank.profile] ?? 2.3;
  const signed = (v, power) => Math.sign(v) * Math.abs(v) ** power;
  const rows = arch.map(([x, y], k) => {
    const t = k / (arch.length - 1);
    const [p, q] = [arch[Math.max(0, k - 1)], arch[Math.min(arch.length - 1, k + 1)]];
    const length = Math.hypot(q[0] - p[0], q[1] - p[1]);
    const out = [-(q[1] - p[1]) / length, (q[0] - p[0]) / length];
    const [thick, half] = [shank.thickness_mm * (0.62 + 0.3 * t * t), (shank.top_width_mm * (0.86 + 0.1 * t)) / 2];
    return Array.from({ length: 28 }, (_, j) => {
      const angle = (-j / 28) * 2 * Math.PI;
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      const power = 2 / (c > 0 ? outer : 2.6);
      const rise = ((signed(c, power) - 1) * thick) / 2;
      return [x + out[0] * rise, y + out[1] * rise, half * signed(s, power)];
    });
  });
  const mirrored = rows.map((row) => row.map(([x, y, z]) => [-x, y, z]).reverse());
  return [loft(rows), loft(mirrored)];
}
