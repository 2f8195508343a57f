// What holds the center stone: prongs and basket, or a bezel. A point of the stone's plan (x, y) is (x, ·, -y) in the ring.
import { bezelSolid } from "./bezel.js";
import { crownHeight, girdleRadius, pavilionDepth } from "./polyhedron.js";
import { degrees } from "./vectors.js";
import { curve, loft, tube } from "./sweep.js";

const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

/** The plan's outline from the planes themselves: `point(angle)` and evenly spread points. */
export function plan(planes, stone) {
  const radius = (angle) => girdleRadius(planes, angle);
  const point = (angle, out = 0) => {
    const r = radius(angle) + out;
    return [Math.cos(angle) * r, Math.sin(angle) * r];
  };
  // Directions are taken on the ellipse of length and width, so that "45°" is a corner of a long stone too.
  const toward = (turn) => Math.atan2(Math.sin(degrees(turn)) * stone.length_mm, Math.cos(degrees(turn)) * stone.width_mm);
  return { radius, point, toward };
}

const POINTED = {
  princess: { guarded: [45, 135, 225, 315], prongs: [] },
  marquise: { guarded: [90, 270], prongs: [35, 145, 215, 325] },
  pear: { guarded: [90], prongs: [18, 162, 228, 312] },
  heart: { guarded: [270], prongs: [62, 118, 352, 188] },
};

const CORNERED = ["emerald", "asscher", "radiant"];

/** Where prongs stand, as directions on the stone's ellipse: plain ones, and V-prongs on points. */
export function prongPlaces(head, shape) {
  if (shape in POINTED) return POINTED[shape];
  const count = CORNERED.includes(shape) || head.prongs < 3 ? 4 : head.prongs;
  const first = count === 4 ? 45 : 30;
  return { guarded: [], prongs: Array.from({ length: count }, (_, k) => first + (k * 360) / count) };
}

const [CLEAR, TRIES] = [0.16, 24];

/**
 * The basket: how a point of the girdle's plan travels from the base on the shank (0) up to the girdle (1); around a pavilion
 * that is fuller than most, as an emerald cut's.
 */
function basket({ base, girdle, shank, planes }) {
  const limit = shank.top_width_mm * 0.42;
  return ([x, y], share) => {
    const foot = [clamp(x * 0.36, -1.5, 1.5), clamp(y * 0.36, -limit, limit)];
    const height = (girdle - base) * (share - 1);
    let open = share ** 0.68;
    const at = () => [foot[0] + (x - foot[0]) * open, foot[1] + (y - foot[1]) * open];
    for (let k = 0; k < TRIES && share > 0 && pavilionDepth(planes, ...at()) < height + CLEAR; k++) {
      open += (1 - open) * 0.12;
    }
    const [px, py] = at();
    return [px, girdle + height, -py];
  };
}

/** A prong is slim where it leaves the shank and at its tip. */
const slimness = (share) => 0.74 + 0.26 * Math.min(1, share / 0.35) - 0.1 * share - (0.3 * Math.max(0, share - 0.84)) / 0.16;

function prong({ planes, around, angle, lift, rise, size }) {
  const girdle = rise.girdle;
  const out = size * 0.5;
  const from = [0, 0.2, 0.48, 0.78].map((share) => lift(around.point(angle, out), share));
  const place = (inward, above) => {
    const [x, y] = around.point(angle, -inward);
    const height = Math.max(crownHeight(planes, x, y), -0.2);
    return [x, girdle + height + above, -y];
  };
  const [ox, oy] = around.point(angle, out);
  const upright = [ox, girdle + 0.05, -oy];
  const overGirdle = place(0.04, size * 0.55);
  const reach = Math.min(size * 2.1, around.radius(angle) * 0.27);
  const tip = place(reach, size * 0.3);
  const line = curve([...from, upright, overGirdle, tip], { steps: 9 });
  return tube(line, (share) => size * slimness(share), { sides: 18 });
}

/** A V of two arms that hugs a point of the stone, over a wire like any prong's. */
function guard({ planes, around, angle, lift, rise, size }) {
  const arm = Math.min(around.radius(angle) * 0.3, 1.3);
  const [tx, ty] = around.point(angle);
  // The arms run along the outline on both sides of the point.
  const along = [-1, 1].map((side) => {
    let step = 0.02;
    while (step < 0.8) {
      const [x, y] = around.point(angle + side * step);
      if (Math.hypot(x - tx, y - ty) >= arm) break;
      step += 0.01;
    }
    return around.point(angle + side * step);
  });
  const out = [Math.cos(angle), Math.sin(angle)];
  const away = ([x, y], distance) => [x + out[0] * distance, y + out[1] * distance];
  const thick = size * 0.62;
  const level = (height, inward, length) => {
    const ends = along.map(([x, y]) => [tx + (x - tx) * length, ty + (y - ty) * length]);
    const inner = [ends[0], [tx, ty], ends[1]].map((p) => away(p, -inward - 0.12));
    const sides = ends.map((p) => {
      const length = Math.max(0.01, Math.hypot(p[0] - tx, p[1] - ty));
      const across = [-(p[1] - ty) / length, (p[0] - tx) / length];
      const outward = Math.sign(across[0] * out[0] + across[1] * out[1]) || 1;
      return away([p[0] + across[0] * outward * thick, p[1] + across[1] * outward * thick], -inward);
    });
    const nose = away([tx, ty], thick * 1.2 - inward);
    const ring = [sides[0], nose, sides[1], inner[2], inner[1], inner[0]];
    return softened(ring).map(([x, y]) => [x, rise.girdle + height, -y]);
  };
  const crown = (inward) => {
    const [x, y] = away([tx, ty], -inward);
    return Math.max(crownHeight(planes, x, y), 0);
  };
  const rows = [
    level(-1.0, 0.5, 0.18), level(-0.7, 0.3, 0.55), level(-0.35, 0.1, 0.9), level(0, 0, 1), level(0.12, 0, 1),
    level(crown(0.2) + size * 0.5, 0.14, 0.94), level(crown(0.45) + size * 0.55, 0.42, 0.75),
    level(crown(0.6) + size * 0.4, 0.6, 0.45), level(crown(0.6) + size * 0.36, 0.66, 0.05),
  ];
  const wire = curve([0, 0.3, 0.6, 0.78, 0.86].map((share) => lift(away([tx, ty], -size * 0.1), share)), { steps: 9 });
  return [loft(facingOut(rows)), tube(wire, (share) => size * (0.74 + 0.18 * Math.min(1, share / 0.35)), { sides: 18 })];
}

/** Cut a polygon's corners twice, so that an edge of metal is never a knife's. */
function softened(ring) {
  const cut = (points) => points.flatMap((p, k) => {
    const q = points[(k + 1) % points.length];
    return [0.22, 0.78].map((t) => [p[0] + (q[0] - p[0]) * t, p[1] + (q[1] - p[1]) * t]);
  });
  return cut(cut(ring));
}

/** Rows that climb must run clockwise seen from above, for loft to face outward. */
function facingOut(rows) {
  const turn = rows[3].reduce((sum, [x, , z], k) => {
    const [x2, , z2] = rows[3][(k + 1) % rows[3].length];
    return sum + x * z2 - x2 * z;
  }, 0);
  return turn < 0 ? rows.map((row) => [...row].reverse()) : rows;
}

/** A closed wire that follows the girdle's outline at a share of the basket's height. */
function rail({ around, lift, share, size, inset }) {
  const line = Array.from({ length: 72 }, (_, k) => lift(around.point((k / 72) * 2 * Math.PI, -inset), share));
  return tube(line, size, { sides: 14, closed: true });
}

/** What is soldered between the basket and the shank: it spreads along the finger's curve. */
function collar({ shank, rise }) {
  const half = shank.top_width_mm / 2;
  const row = ([y, x, z]) => Array.from({ length: 48 }, (_, k) => {
    const angle = (-k / 48) * 2 * Math.PI;
    return [Math.cos(angle) * x, rise.base + y, Math.sin(angle) * z];
  });
  const profile = [
    [0.22, 0.05, 0.02], [0.22, 0.6, half * 0.6], [0.12, 0.78, half * 0.74], [-0.1, 1.05, half * 0.8],
    [-0.35, 1.6, half * 0.78], [-0.7, 2.3, half * 0.6],
  ];
  return loft(curve(profile, { steps: 3 }).map(row));
}

/** All solids of the head. `rise` = {girdle, base}: heights of the girdle plane and of the top of the shank. */
export function headSolids({ head, stone, planes, shank, rise }) {
  const around = plan(planes, stone);
  const lift = basket({ base: rise.base - 0.02, girdle: rise.girdle, shank, planes });
  const size = clamp(0.16 + 0.034 * stone.width_mm, 0.28, 0.46);
  if (head.kind === "bezel") {
    return [bezelSolid({ planes, half: stone.width_mm / 2, rise, foot: shank.top_width_mm * 0.3 }), collar({ shank, rise })];
  }
  const places = prongPlaces(head, stone.shape);
  const shared = { planes, around, lift, rise, size };
  return [
    ...places.prongs.map((turn) => prong({ ...shared, angle: around.toward(turn) })),
    ...places.guarded.flatMap((turn) => guard({ ...shared, angle: around.toward(turn) })),
    collar({ shank, rise }),
    rail({ around, lift, share: 0.07, size: size * 0.68, inset: 0 }),
    rail({ around, lift, share: 0.66, size: size * 0.66, inset: size * 0.3 }),
  ];
}
