// Solids made of a grid of points: tubes, lofts and balls, as plain arrays {position, index}. Pure; millimeters.
import { cross, dot, minus, unit } from "./vectors.js";

const plus = (a, b, scale = 1) => [a[0] + b[0] * scale, a[1] + b[1] * scale, a[2] + b[2] * scale];

/**
 * Rows of equally many points become a skin. `around`: the last point of a row joins the first; `along`: the last row
 * joins the first. Points go counterclockwise, seen from where the rows come from.
 */
export function loft(rows, { around = true, along = false } = {}) {
  const columns = rows[0].length;
  const index = [];
  const lastRow = along ? rows.length : rows.length - 1;
  const lastColumn = around ? columns : columns - 1;
  for (let i = 0; i < lastRow; i++) {
    for (let j = 0; j < lastColumn; j++) {
      const [a, b] = [i * columns + j, i * columns + ((j + 1) % columns)];
      const [c, d] = [((i + 1) % rows.length) * columns + j, ((i + 1) % rows.length) * columns + ((j + 1) % columns)];
      index.push(a, c, b, b, c, d);
    }
  }
  return { position: rows.flat(), index };
}

/** A smooth curve through points (Catmull–Rom with centripetal knots), as evenly many points between each two. */
export function curve(points, { steps = 12, closed = false } = {}) {
  const at = (k) => (closed ? points[(k + points.length) % points.length] : points[Math.min(points.length - 1, Math.max(0, k))]);
  const knot = (p, q) => Math.max(1e-4, Math.hypot(...minus(p, q)) ** 0.5);
  const found = [];
  const spans = closed ? points.length : points.length - 1;
  for (let k = 0; k < spans; k++) {
    const [p0, p1, p2, p3] = [at(k - 1), at(k), at(k + 1), at(k + 2)];
    const [d0, d1, d2] = [knot(p0, p1), knot(p1, p2), knot(p2, p3)];
    const slope = (a, b, c, da, db) =>
      [0, 1, 2].map((i) => db * ((b[i] - a[i]) / da - (c[i] - a[i]) / (da + db) + (c[i] - b[i]) / db));
    const m1 = k === 0 && !closed ? minus(p2, p1) : slope(p0, p1, p2, d0, d1);
    const m2 = k === spans - 1 && !closed ? minus(p2, p1) : slope(p1, p2, p3, d1, d2).map((v) => (v * d1) / d2);
    for (let s = 0; s < steps; s++) {
      const t = s / steps;
      const [t2, t3] = [t * t, t * t * t];
      found.push([0, 1, 2].map((i) => (2 * t3 - 3 * t2 + 1) * p1[i] + (t3 - 2 * t2 + t) * m1[i]
        + (3 * t2 - 2 * t3) * p2[i] + (t3 - t2) * m2[i]));
    }
  }
  if (!closed) found.push(points.at(-1));
  return found;
}

/** So many places at equal arcs along a closed line of plan points, and its whole length. */
export function spread(points, count) {
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

/** A round wire along a line of points; `radius` is a number or a function of the share of the way. Ends are domed. */
export function tube(line, radius, { sides = 16, closed = false } = {}) {
  const count = line.length;
  const size = (share) => (typeof radius === "function" ? radius(share) : radius);
  const tangents = line.map((p, i) => {
    const before = closed ? line[(i + count - 1) % count] : line[Math.max(0, i - 1)];
    const after = closed ? line[(i + 1) % count] : line[Math.min(count - 1, i + 1)];
    return unit(minus(after, before));
  });
  // Carry one side vector along the line without twisting it.
  let side = unit(cross(tangents[0], Math.abs(tangents[0][1]) < 0.9 ? [0, 1, 0] : [1, 0, 0]));
  const rows = [];
  const ring = (center, s, tangent, r) => {
    const other = cross(s, tangent);
    rows.push(Array.from({ length: sides }, (_, j) => {
      const angle = (j / sides) * 2 * Math.PI;
      return plus(plus(center, s, r * Math.cos(angle)), other, r * Math.sin(angle));
    }));
  };
  const dome = (i, direction, s) => {
    const r = size(i / (count - 1));
    const steps = Array.from({ length: 6 }, (_, k) => ((k + 1) / 6) * 0.985 * (Math.PI / 2));
    for (const angle of direction < 0 ? steps.reverse() : steps) {
      ring(plus(line[i], tangents[i], direction * r * Math.sin(angle)), s, tangents[i], r * Math.cos(angle));
    }
  };
  if (!closed) dome(0, -1, side);
  line.forEach((p, i) => {
    side = unit(plus(side, tangents[i], -dot(side, tangents[i])));
    ring(p, side, tangents[i], size(closed ? i / count : i / (count - 1)));
  });
  if (!closed) dome(count - 1, 1, side);
  return loft(rows, { along: closed });
}

export function ball(center, radius, { sides = 10, rows = 6 } = {}) {
  return loft(Array.from({ length: rows + 1 }, (_, i) => {
    const polar = Math.PI * (0.002 + 0.996 * (i / rows));
    return Array.from({ length: sides }, (_, j) => {
      const angle = (-j / sides) * 2 * Math.PI;
      return [
        center[0] + radius * Math.sin(polar) * Math.cos(angle),
        center[1] + radius * Math.cos(polar),
        center[2] + radius * Math.sin(polar) * Math.sin(angle),
      ];
    });
  }));
}

/** One mesh from many: flat arrays with smooth normals. */
export function merged(solids) {
  const vertices = solids.reduce((sum, { position }) => sum + position.length, 0);
  const position = new Float32Array(vertices * 3);
  const normal = new Float32Array(vertices * 3);
  const index = new Uint32Array(solids.reduce((sum, each) => sum + each.index.length, 0));
  let [v, t] = [0, 0];
  for (const solid of solids) {
    solid.position.forEach((p, i) => position.set(p, (v + i) * 3));
    solid.index.forEach((k, i) => { index[t + i] = v + k; });
    v += solid.position.length;
    t += solid.index.length;
  }
  for (let i = 0; i < index.length; i += 3) {
    const [a, b, c] = [index[i] * 3, index[i + 1] * 3, index[i + 2] * 3];
    const n = cross(
      [position[b] - position[a], position[b + 1] - position[a + 1], position[b + 2] - position[a + 2]],
      [position[c] - position[a], position[c + 1] - position[a + 1], position[c + 2] - position[a + 2]],
    );
    for (const at of [a, b, c]) for (let k = 0; k < 3; k++) normal[at + k] += n[k];
  }
  for (let i = 0; i < normal.length; i += 3) {
    const length = Math.hypot(normal[i], normal[i + 1], normal[i + 2]) || 1;
    for (let k = 0; k < 3; k++) normal[i + k] /= length;
  }
  return { position, normal, index };
}
