// The bezel: a cup whose rim folds over the girdle and which follows the stone's outline down to the shank, nowhere narrower
// than the stone in it. The same cup is drawn by builder/pictures/heads.py. Pure; millimeters.
import { crownHeight, girdleRadius, pavilionRadius } from "./polyhedron.js";
import { curve, loft, spread } from "./sweep.js";

const WALL = 0.42;
const INSIDE = 13; // the knots of the section from here on cannot be narrower than they are: the stone fills them
const [COLUMNS, STEPS, LOOKS] = [144, 4, 720];

const angles = (count) => Array.from({ length: count }, (_, k) => (k / count) * 2 * Math.PI);

/** The section from the shank up, over the rim and down inside: scale of the outline, mm outward of it, height over the girdle. */
function section({ half, drop, lip }) {
  return [
    [0.3, 0, -drop - 0.5], [0.46, 0.02, -drop * 0.78], [0.62, 0.05, -0.24 * half - 0.39 * drop],
    [0.8, 0.08, -0.48 * half], [0.96, WALL * 0.8, -0.22 * half],
    [1, WALL, -0.08 * half], [1, WALL, lip * 0.5], [1, WALL * 0.9, lip * 0.88], [1, WALL * 0.58, lip],
    [1, WALL * 0.1, lip * 1.02], [1, -0.16, lip * 0.98], [1, -0.24, lip * 0.8], [1, -0.2, 0],
    [0.85, -0.2, -0.3 * half], [0.5, 0, -Math.min(0.62 * half, 0.55 * drop)], [0.03, 0, -Math.min(0.75 * half, 0.66 * drop)],
  ];
}

/** How large the stone still is at a height below its girdle, as a share of its outline. */
const fullness = (planes, height) =>
  Math.max(...angles(120).map((angle) => pavilionRadius(planes, angle, height) / girdleRadius(planes, angle)));

/** `rise` = {girdle, base}; `foot`: how far along the finger the cup may reach where it stands in the shank. */
export function bezelSolid({ planes, half, rise, foot }) {
  const { girdle, base } = rise;
  const lip = crownHeight(planes, half * 0.93, 0) + 0.08;
  const knots = section({ half, drop: girdle - base, lip }).map(([share, out, height], k) => {
    const scale = height > -0.2 * half || k >= INSIDE ? share : Math.min(1, Math.max(share, fullness(planes, height) + 0.06));
    const line = angles(LOOKS).map((angle) => {
      const r = girdleRadius(planes, angle, out) * scale;
      const y = Math.sin(angle) * r;
      return [Math.cos(angle) * r, k ? y : Math.max(-foot, Math.min(foot, y))];
    });
    return spread(line, COLUMNS).places.map(([x, y]) => [x, girdle + height, -y]);
  });
  const columns = angles(COLUMNS).map((_, k) => curve(knots.map((row) => row[k]), { steps: STEPS }));
  return loft(columns[0].map((_, row) => columns.map((column) => column[row]).reverse()));
}
