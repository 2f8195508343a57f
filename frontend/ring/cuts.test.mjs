import assert from "node:assert/strict";
import { test } from "node:test";

import { facetPlanes, heights, SHAPES, UnknownShape } from "./cuts.js";
import { crownHeight, facets, girdleRadius, mesh, volume } from "./polyhedron.js";
import { dot } from "./vectors.js";

const STONES = {
  round: [7.38, 7.34, 4.49, 57, 34.5, 40.8, 3.5],
  oval: [9, 6.6, 4.1, 58, 35, 41, 4],
  cushion: [7, 6.4, 4.4, 61, 34, 41, 4],
  princess: [6, 5.9, 4.25, 72, 34, 56, 3.5],
  emerald: [8, 5.8, 3.85, 64, 40, 45, 4],
  asscher: [6, 5.95, 3.9, 62, 40, 45, 4],
  radiant: [7.5, 5.9, 4.0, 66, 38, 45, 4],
  pear: [9, 6, 3.7, 59, 35, 41, 4],
  marquise: [11, 5.5, 3.4, 59, 35, 40, 4],
  heart: [7.5, 7.3, 4.2, 58, 34, 41, 4],
};

function stone(shape, changes = {}) {
  const [length_mm, width_mm, depth_mm, table_pct, crown_angle, pavilion_angle, girdle_pct] = STONES[shape];
  return {
    shape, length_mm, width_mm, depth_mm, table_pct, crown_angle, pavilion_angle, girdle_pct,
    measured: ["pavilion_angle"], kind: "diamond", color: "G", fancy_color: null, ...changes,
  };
}

/** Facets above (1) or below (-1) the girdle; one that crosses a heart's seam is one facet. */
function count(planes, side) {
  const polished = facets(planes).filter(({ plane }) => !["girdle", "seam"].includes(plane.part) && plane.n[2] * side > 0);
  const half = planes.some(({ part }) => part === "seam");
  return polished.reduce((sum, { plane }) => sum + (half && Math.abs(plane.n[0]) > 1e-9 ? 2 : 1), 0);
}

const corners = (planes) => facets(planes).flatMap(({ polygon }) => polygon);
const span = (planes, axis) => {
  const values = corners(planes).map((p) => p[axis]);
  return [Math.min(...values), Math.max(...values)];
};
const near = (actual, expected, tolerance) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`);

test("every shape has the facets that its name promises, above and below the girdle", () => {
  const promised = {
    round: [33, 24], oval: [33, 24], cushion: [33, 24], pear: [33, 24], marquise: [33, 24], heart: [34, 25],
    princess: [17, 36], radiant: [21, 40], emerald: [25, 24], asscher: [25, 24],
  };
  for (const shape of SHAPES) {
    const planes = facetPlanes(stone(shape));
    assert.deepEqual([count(planes, 1), count(planes, -1)], promised[shape], shape);
  }
});

test("no facet is idle over the proportions that reports give", () => {
  for (const shape of SHAPES) {
    const [, width_mm] = STONES[shape];
    for (const depth of [0.58, 0.64, 0.72]) {
      // The widest tables swallow a heart's smallest facets, as they do on real ones.
      for (const table_pct of shape === "heart" ? [54, 58, 62] : [54, 60, 68]) {
        const planes = facetPlanes(stone(shape, { depth_mm: width_mm * depth, table_pct, measured: [] }));
        const polished = planes.filter(({ part }) => part !== "girdle");
        const seen = facets(planes).filter(({ plane }) => plane.part !== "girdle");
        assert.equal(seen.length, polished.length, `${shape}, depth ${depth}, table ${table_pct}`);
      }
    }
  }
});

test("a stone measures what its report says", () => {
  for (const shape of SHAPES) {
    const planes = facetPlanes(stone(shape), { girdleFacets: 96 });
    const { length_mm, width_mm, depth_mm } = stone(shape);
    const [z0, z1] = span(planes, 2);
    near(z1 - z0, depth_mm, 0.002);
    const [x0, x1] = span(planes, 0);
    near((x1 - x0) * (shape === "heart" ? 2 : 1), shape === "round" ? 7.36 : width_mm, 0.02);
    const [y0, y1] = span(planes, 1);
    near(y1 - y0, shape === "round" ? 7.36 : length_mm, 0.04);
    near(y1 + y0, 0, 0.04);
  }
});

test("a round keeps its measured angles and its depth; the girdle takes the rounding", () => {
  const { crown, girdle, pavilion } = heights(stone("round"));
  near((Math.atan(pavilion / 3.68) * 180) / Math.PI, 40.8, 1e-9);
  near((Math.atan(crown / (3.68 * 0.43)) * 180) / Math.PI, 34.5, 1e-9);
  near(crown + girdle + pavilion, 4.49, 1e-9);
  near((100 * girdle) / 7.36, 3.5, 0.5);
});

test("angles that contradict the depth give way to it", () => {
  const deep = heights(stone("round", { depth_mm: 5.4 }));
  near(deep.crown + deep.girdle + deep.pavilion, 5.4, 1e-9);
  near(deep.girdle, 0.08 * 7.36, 1e-9);
});

test("the table of a round is as wide as the report's percentage", () => {
  const [table] = facets(facetPlanes(stone("round")));
  assert.equal(table.polygon.length, 8);
  const across = Math.max(...table.polygon.map((p) => Math.hypot(p[0], p[1]))) * 2;
  near((100 * across) / 7.36, 57, 0.05);
});

test("a 7.36 mm round weighs a carat and a half", () => {
  near((volume(facetPlanes(stone("round"))) * 3.515) / 200, 1.48, 0.02);
});

test("the mesh is closed and faces outward: it encloses the volume of the planes", () => {
  for (const shape of SHAPES) {
    const { position } = mesh(facetPlanes(stone(shape)));
    let enclosed = 0;
    for (let i = 0; i < position.length; i += 9) {
      const [a, b, c] = [0, 3, 6].map((k) => Array.from(position.subarray(i + k, i + k + 3)));
      enclosed += dot(a, [b[1] * c[2] - b[2] * c[1], b[2] * c[0] - b[0] * c[2], b[0] * c[1] - b[1] * c[0]]) / 6;
    }
    const planes = facetPlanes(stone(shape));
    assert.ok(Math.abs(enclosed / volume(planes) - 1) < 1e-3, `${shape}: ${enclosed} of ${volume(planes)}`);
  }
});

test("prongs find the crown: its height is the table inside and falls to the girdle outside", () => {
  const planes = facetPlanes(stone("round"));
  const { crown, girdle } = heights(stone("round"));
  near(crownHeight(planes, 0, 0), girdle / 2 + crown, 1e-9);
  near(crownHeight(planes, 3.68, 0), girdle / 2, 0.01);
  near(girdleRadius(planes, 0.3), 3.68, 0.03);
});

test("a shape that nobody cuts is refused by name", () => {
  assert.throws(() => facetPlanes({ ...stone("round"), shape: "trillion" }), UnknownShape);
});
