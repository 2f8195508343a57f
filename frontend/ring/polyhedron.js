// From a list of planes to facets, a mesh, a volume and the stone's outline. Pure, millimeters, the frame of cuts.js.
import { cross, dot, minus, unit } from "./vectors.js";

const EPSILON = 1e-7;

/** Keep what lies on the inner side of a plane. */
function clip(polygon, { n, d }) {
  const kept = [];
  polygon.forEach((from, k) => {
    const to = polygon[(k + 1) % polygon.length];
    const [out, next] = [dot(n, from) - d, dot(n, to) - d];
    if (out <= EPSILON) kept.push(from);
    if ((out < -EPSILON && next > EPSILON) || (out > EPSILON && next < -EPSILON)) {
      const share = out / (out - next);
      kept.push(from.map((value, i) => value + (to[i] - value) * share));
    }
  });
  return kept;
}

function without(points, distance) {
  return points.filter((p, k) => Math.hypot(...minus(p, points[(k + 1) % points.length])) > distance);
}

/** Facets as {plane, polygon}, counterclockwise seen from outside; planes that touch the stone only in an edge are left out. */
export function facets(planes) {
  return planes.map((plane) => {
    const u = unit(cross(plane.n, Math.abs(plane.n[2]) < 0.9 ? [0, 0, 1] : [1, 0, 0]));
    const v = cross(plane.n, u);
    const corner = (s, t) => [0, 1, 2].map((i) => plane.n[i] * plane.d + 60 * (u[i] * s + v[i] * t));
    let polygon = [corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1)];
    for (const other of planes) if (other !== plane && polygon.length) polygon = clip(polygon, other);
    return { plane, polygon: without(polygon, 1e-5) };
  }).filter(({ polygon }) => polygon.length > 2 && area(polygon) > 1e-7);
}

export function area(polygon) {
  let sum = [0, 0, 0];
  for (let k = 1; k + 1 < polygon.length; k++) {
    const part = cross(minus(polygon[k], polygon[0]), minus(polygon[k + 1], polygon[0]));
    sum = sum.map((value, i) => value + part[i] / 2);
  }
  return Math.hypot(...sum);
}

export const isHalf = (planes) => planes.some(({ part }) => part === "seam");

/** Cubic millimeters; both halves of a heart are counted. */
export function volume(planes) {
  const cones = facets(planes).map(({ plane, polygon }) => (plane.d * area(polygon)) / 3);
  return cones.reduce((sum, each) => sum + each, 0) * (isHalf(planes) ? 2 : 1);
}

/** Triangles for drawing: flat arrays of positions and facet normals, the left half of a heart included. */
export function mesh(planes) {
  const position = [];
  const normal = [];
  const sides = isHalf(planes) ? [1, -1] : [1];
  for (const { plane, polygon } of facets(planes)) {
    if (plane.part === "seam") continue;
    for (const side of sides) {
      for (let k = 1; k + 1 < polygon.length; k++) {
        const corners = side > 0 ? [polygon[0], polygon[k], polygon[k + 1]] : [polygon[0], polygon[k + 1], polygon[k]];
        for (const [x, y, z] of corners) {
          position.push(side * x, y, z);
          normal.push(side * plane.n[0], plane.n[1], plane.n[2]);
        }
      }
    }
  }
  return { position: new Float32Array(position), normal: new Float32Array(normal) };
}

/** How high the crown stands over a point of the plan, seen from above; below the girdle it falls away steeply. */
export function crownHeight(planes, x, y) {
  const at = isHalf(planes) ? Math.abs(x) : x;
  return planes.reduce((least, { n, d }) =>
    (n[2] > 0.01 ? Math.min(least, (d - n[0] * at - n[1] * y) / n[2]) : least), Infinity);
}

/** How deep the pavilion reaches under a point of the plan: a negative height. */
export function pavilionDepth(planes, x, y) {
  const at = isHalf(planes) ? Math.abs(x) : x;
  return planes.reduce((most, { n, d }) =>
    (n[2] < -0.01 ? Math.max(most, (d - n[0] * at - n[1] * y) / n[2]) : most), -Infinity);
}

/** The distance from the middle to the girdle's edge in a direction of the plan (radians from x toward y), `out` mm beyond it. */
export function girdleRadius(planes, angle, out = 0) {
  const half = isHalf(planes);
  const [x, y] = [half ? Math.abs(Math.cos(angle)) : Math.cos(angle), Math.sin(angle)];
  return planes.reduce((least, { n, d, part }) => {
    const along = n[0] * x + n[1] * y;
    return part === "girdle" && along > 1e-6 ? Math.min(least, (d + out) / along) : least;
  }, Infinity);
}

/** The stone's radius in a direction of the plan at a height below the girdle; 0 below its culet. */
export function pavilionRadius(planes, angle, height) {
  const half = isHalf(planes);
  const [x, y] = [half ? Math.abs(Math.cos(angle)) : Math.cos(angle), Math.sin(angle)];
  let least = Infinity;
  for (const { n, d, part } of planes) {
    if (part === "seam") continue;
    const [along, room] = [n[0] * x + n[1] * y, d - n[2] * height];
    if (along > 1e-6) least = Math.min(least, room / along);
    else if (room < 0) return 0;
  }
  return Math.max(0, least);
}
