// A cut is a list of facet planes {n: [x, y, z], d, part} with n · p <= d inside the stone: millimeters, x along the
// width, y along the length, z up through the table; the middle of the girdle is z = 0 and the middle of the girdle's
// bounding box x = y = 0. The mesh and the ray tracer both come from this list. docs/algorithms/facets.md describes the
// construction; builder/cuts.py makes the same planes for the drawn picture, and a test holds the two together.
import { outline } from "./outlines.js";
import { degrees, minus, planeThrough, unit } from "./vectors.js";

export const SHAPES = [
  "round", "oval", "cushion", "princess", "emerald", "asscher", "radiant", "pear", "marquise", "heart",
];

// The girdle takes up what a report's rounded angles leave over, between these shares of the width.
const THINNEST = 0.008;
const THICKEST = 0.08;
const LEAST_PAVILION = 0.5; // of the depth
const STAR = 0.5;
// How far the lower halves reach from girdle to culet, and how much flatter than the straight line the mains lie.
const PAVILIONS = {
  round: [0.77, 0], oval: [0.62, 0.32], cushion: [0.5, 0.6], pear: [0.68, 0.24], marquise: [0.68, 0.24],
  heart: [0.68, 0.18],
};
const TURN = Math.PI / 4;
const CORNERS = { princess: 0, radiant: 0.3, emerald: 0.3, asscher: 0.46 };

/** A shape name that no construction knows. */
export class UnknownShape extends Error {}

const isRound = (stone) => stone.shape === "round";
const widthOf = (stone) => (isRound(stone) ? (stone.width_mm + stone.length_mm) / 2 : stone.width_mm);

/**
 * Heights of crown, girdle and pavilion in millimeters; they always add up to the stone's depth.
 *
 * A report rounds its angles, so that they miss the measured depth a little. A round with a measured
 * pavilion angle keeps it as far as the girdle can take up the difference; on every other stone the pavilion fills the
 * depth.
 */
export function heights(stone) {
  const width = widthOf(stone);
  const depth = stone.depth_mm;
  const slope = (width / 2) * (1 - stone.table_pct / 100) * Math.tan(degrees(stone.crown_angle));
  let girdle = (width * stone.girdle_pct) / 100;
  const crown = Math.min(slope, depth * (1 - LEAST_PAVILION) - girdle);
  if (isRound(stone) && stone.measured.includes("pavilion_angle")) {
    const rest = depth - crown - (width / 2) * Math.tan(degrees(stone.pavilion_angle));
    girdle = Math.min(THICKEST * width, Math.max(THINNEST * width, rest));
  }
  return { crown, girdle, pavilion: depth - crown - girdle };
}

/** Everything in half widths, as the constructions below want it. */
function proportions(stone) {
  const half = widthOf(stone) / 2;
  const { crown, girdle, pavilion } = heights(stone);
  const [lowerHalf, belly] = PAVILIONS[stone.shape] ?? PAVILIONS.round;
  return {
    shape: stone.shape,
    ratio: isRound(stone) ? 1 : Math.max(1, stone.length_mm / stone.width_mm),
    table: stone.table_pct / 100,
    g: girdle / 2 / half,
    crown: crown / half,
    pavilion: pavilion / half,
    top: (girdle / 2 + crown) / half,
    lowerHalf,
    belly,
  };
}

const through = (a, b, c, part) => ({ ...planeThrough(a, b, c, [0, 0, 0]), part });
const plane = (direction, point, part) => {
  const n = unit(direction);
  return { n, d: n[0] * point[0] + n[1] * point[1] + n[2] * point[2], part };
};

/**
 * Table, mains, stars and halves on an outline. All crown mains meet in one apex, all pavilion mains in the culet, so
 * that both are the outline shrunk toward the axis.
 */
function brilliant(p, girdleFacets) {
  const curve = outline(p.shape, p.ratio);
  const culet = [0, 0, -p.g - p.pavilion];
  const at = (point, scale, z) => [point[0] * scale, point[1] * scale, z];
  const planes = [{ n: [0, 0, 1], d: p.top, part: "table" }];

  for (let k = 0; k < curve.mains; k++) {
    const { p: point, n } = curve.at(k);
    const reach = point[0] * n[0] + point[1] * n[1];
    planes.push(plane([n[0] * p.crown, n[1] * p.crown, reach * (1 - p.table)], at(point, 1, p.g), "crown main"));
    planes.push(plane([n[0] * p.pavilion, n[1] * p.pavilion, -reach * (1 + p.belly)], culet, "pavilion main"));
  }
  const gaps = curve.closed ? curve.mains : curve.mains - 1;
  for (let k = 0; k < gaps; k++) {
    const [here, middle, there] = [k, k + 0.5, k + 1].map((u) => curve.at(u));
    const corner = crossing(here, there);
    const rim = Math.hypot(...middle.p) / Math.hypot(...corner);
    const chord = p.table * chordShare(here.p, there.p, corner);
    const foot = chord + STAR * (rim - chord);
    const head = (1 - p.lowerHalf) * rim;
    const star = at(corner, foot, p.g + (p.crown * (1 - foot)) / (1 - p.table));
    const lower = at(corner, head, -p.g - p.pavilion * (1 - head / (1 + p.belly)));
    planes.push(through(at(here.p, p.table, p.top), at(there.p, p.table, p.top), star, "star"));
    for (const end of [here, there]) {
      planes.push(through(star, at(end.p, 1, p.g), at(middle.p, 1, p.g), "upper half"));
      planes.push(through(lower, at(end.p, 1, -p.g), at(middle.p, 1, -p.g), "lower half"));
    }
  }
  const flats = curve.closed ? girdleFacets : girdleFacets / 2;
  for (let i = 0; i < flats + (curve.closed ? 0 : 1); i++) {
    const { p: point, n } = curve.at((i * gaps) / flats);
    planes.push(plane([n[0], n[1], 0], at(point, 1, 0), "girdle"));
  }
  if (!curve.closed) planes.push({ n: [-1, 0, 0], d: 0, part: "seam" });
  return stretched(planes.map((each) => ({ ...each, d: each.d - each.n[1] * curve.middle })), curve.stretch);
}

/** Where the tangents of two mains cross, seen from above. */
function crossing(here, there) {
  const [h, k] = [here, there].map(({ p, n }) => n[0] * p[0] + n[1] * p[1]);
  const turn = here.n[0] * there.n[1] - here.n[1] * there.n[0];
  return [(h * there.n[1] - k * here.n[1]) / turn, (here.n[0] * k - there.n[0] * h) / turn];
}

/** How much of the way from the axis to `corner` lies before the chord between two points of the outline. */
function chordShare(here, there, corner) {
  const span = minus([...there, 0], [...here, 0]);
  return (here[0] * span[1] - here[1] * span[0]) / (corner[0] * span[1] - corner[1] * span[0]);
}

function stretched(planes, ratio) {
  if (ratio === 1) return planes;
  return planes.map(({ n, d, part }) => {
    const longer = [n[0], n[1] / ratio, n[2]];
    const length = Math.hypot(...longer);
    return { n: longer.map((value) => value / length), d: d / length, part };
  });
}

// Down the middle of a side of a chevron-cut pavilion: how deep (of the pavilion), and how far out it still is.
const SPINE = [[0.3, 0.87], [0.53, 0.655], [0.73, 0.42], [0.89, 0.182], [1, 0]];
const STAR_HEIGHT = 0.6;

/** Princess (sharp corners) and radiant (cut corners): stars over the sides, chevrons that fan out from the corners. */
function chevrons(p) {
  const cut = CORNERS[p.shape];
  const [e, t] = [1 - cut, p.table];
  const planes = [{ n: [0, 0, 1], d: p.top, part: "table" }];
  for (const [c, s] of [[1, 0], [0, 1], [-1, 0], [0, -1]]) {
    const at = (x, y, z) => [c * x - s * y, s * x + c * y, z];
    const star = at((1 + t) / 2, 0, p.g + p.crown * STAR_HEIGHT);
    const spine = SPINE.map(([depth, x]) => at(x, 0, -p.g - p.pavilion * depth));
    planes.push(through(at(1, -e, p.g), at(1, e, p.g), star, "upper girdle"));
    planes.push(through(at(t, -t * e, p.top), at(t, t * e, p.top), star, "star"));
    planes.push(through(at(1, -e, -p.g), at(1, e, -p.g), spine[0], "lower girdle"));
    for (const y of [-e, e]) {
      planes.push(through(at(1, y, p.g), at(t, t * y, p.top), star, "upper half"));
      for (let k = 0; k + 1 < spine.length; k++) {
        planes.push(through(at(1, y, -p.g), spine[k], spine[k + 1], "chevron"));
      }
    }
    planes.push(plane(at(1, 0, 0), at(1, 0, 0), "girdle"));
    if (cut > 0) {
      planes.push(through(at(1, e, p.g), at(e, 1, p.g), at(t, t * e, p.top), "corner"));
      planes.push(through(at(1, e, -p.g), at(e, 1, -p.g), spine.at(-1), "corner"));
      planes.push(plane(at(1, 1, 0), at(1, e, 0), "girdle"));
    }
  }
  return stretched(planes, p.ratio);
}

// Rows of a step cut: share of the way in, and relative steepness.
const CROWN_ROWS = [[1 / 3, 1.28], [1 / 3, 1], [1 / 3, 0.72]];
const PAVILION_ROWS = [[0.42, 1.38], [0.33, 0.79], [0.25, 0.64]];

/** Emerald and asscher: three rows above and three below, parallel to an eight-sided girdle, down to a keel. */
function steps(p) {
  const cut = CORNERS[p.shape];
  const planes = [{ n: [0, 0, 1], d: p.top, part: "table" }];
  for (let k = 0; k < 8; k++) {
    const [x, y] = [Math.cos(k * TURN), Math.sin(k * TURN)];
    const straight = k % 2 === 0;
    const reach = straight ? [1, p.ratio][(k / 2) % 2] : (1 + p.ratio - cut) * Math.SQRT1_2;
    const pace = straight ? 1 : (2 - cut) * Math.SQRT1_2; // the corners run to the ends of the keel
    planes.push({ n: [x, y, 0], d: reach, part: "girdle" });
    for (const [rows, run, height, side, part] of [
      [CROWN_ROWS, 1 - p.table, p.crown, 1, "crown step"],
      [PAVILION_ROWS, 1, p.pavilion, -1, "pavilion step"],
    ]) {
      let [inset, z] = [0, p.g];
      for (const [share, steepness] of rows) {
        const [inward, rise] = [share * run * pace, share * steepness * height];
        const point = [x * (reach - inset), y * (reach - inset), side * z];
        planes.push(plane([x * rise, y * rise, side * inward], point, part));
        inset += inward;
        z += rise;
      }
    }
  }
  return planes;
}

/**
 * The facet planes of a stone in the words of docs/algorithms/ring-spec.md.
 *
 * `girdleFacets` (a multiple of 8) is the number of flats that stand for a curved girdle. A heart is given as its right
 * half with one extra plane whose part is "seam": light passes it, and the left half is its mirror image.
 */
export function facetPlanes(stone, { girdleFacets = 32 } = {}) {
  if (!SHAPES.includes(stone.shape)) {
    throw new UnknownShape(`There is no cut named "${stone.shape}"; use one of ${SHAPES.join(", ")}.`);
  }
  const p = proportions(stone);
  const half = widthOf(stone) / 2;
  return construct(p, girdleFacets).map((each) => ({ ...each, d: each.d * half }));
}

function construct(p, girdleFacets) {
  if (p.shape === "princess" || p.shape === "radiant") return chevrons(p);
  if (p.shape === "emerald" || p.shape === "asscher") return steps(p);
  return brilliant(p, girdleFacets);
}

/** A small round brilliant for pavé, halo and side stones, one unit wide. */
export function meleePlanes({ girdleFacets = 16 } = {}) {
  const stone = {
    shape: "round", length_mm: 1, width_mm: 1, depth_mm: 0.605, table_pct: 57, crown_angle: 34.5,
    pavilion_angle: 40.8, girdle_pct: 3.5, measured: [],
  };
  return facetPlanes(stone, { girdleFacets });
}
