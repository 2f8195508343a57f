// Small stones: along the band, around the center stone or under its edge, one on each side. Places are given as
// {at, up, size, turn}: where the girdle's middle is, which way the table looks, the width, and a turn about `up`.
import { facetPlanes } from "./cuts.js";
import { plan, prongPlaces } from "./head.js";
import { ball, curve, loft, spread, tube } from "./sweep.js";

const [GAP, CHANNEL_GAP, WALL] = [0.1, 0.03, 0.34];

// What no report says about a small stone.
const SIDE = { table_pct: 57, crown_angle: 34.5, pavilion_angle: 40.8, girdle_pct: 3.5, measured: [], kind: "diamond", color: "F", fancy_color: null };

const onShank = (theta, radius, z = 0) => [Math.sin(theta) * radius, Math.cos(theta) * radius, z];

/** How far from the ridge's beginning its stones sit, as many as are wanted on either side and have room. */
export function places({ accents, ridge }) {
  if (!["half_pave", "full_pave"].includes(accents.kind) || accents.count < 1) return [];
  const step = accents.stone_mm + (accents.mount === "channel" ? CHANNEL_GAP : GAP);
  const room = Math.floor(ridge.length / step + 0.5);
  return Array.from({ length: Math.min(room, Math.ceil(accents.count / 2)) }, (_, k) => (k + 0.5) * step);
}

/** A point on the ridge on either side, moved `out` of the surface and `z` along the finger. */
function spot(ridge, s, side, out = 0, z = 0) {
  const { x, y, lean } = ridge.at(Math.max(s, 0));
  const before = Math.min(s, 0);  // ahead of the beginning it goes straight on
  const up = [Math.sin(lean), Math.cos(lean)];
  return [side * (x + up[1] * before + up[0] * out), y - up[0] * before + up[1] * out, z];
}

/** Stones down both sides of the ring: sunk to their girdle with beads between neighbors, or between a channel's walls. */
export function along({ accents, ridge }) {
  const found = places({ accents, ridge });
  const inChannel = accents.mount === "channel";
  const across = accents.stone_mm * 0.37;
  const [stones, solids] = [[], []];
  for (const side of [1, -1]) {
    found.forEach((s, k) => {
      const { lean } = ridge.at(s);
      stones.push({
        at: spot(ridge, s, side, inChannel ? 0.08 : 0.02), up: [side * Math.sin(lean), Math.cos(lean), 0],
        size: accents.stone_mm, turn: k * 0.7,
      });
    });
    if (inChannel) {
      if (found.length) solids.push(...wall({ accents, ridge, side, last: found.at(-1) }));
      continue;
    }
    const half = (accents.stone_mm + GAP) / 2;
    for (const s of found.length ? [found[0] - half, ...found.map((at) => at + half)] : []) {
      solids.push(...[-across, across].map((z) => ball(spot(ridge, s, side, 0.03, z), accents.stone_mm * 0.125)));
    }
  }
  return { stones, solids };
}

/**
 * A channel's wall on one side of the ring: it rises out of the metal at the head, runs down beside the stones, closes round the
 * last of them and runs up again. Where the ring's two channels meet at the palm, it stays open.
 */
function wall({ accents, ridge, side, last }) {
  const middle = accents.stone_mm / 2 + WALL * 0.42;
  const [from, to] = [-0.9, last + 0.1];
  const round = (v) => Math.sign(v) * Math.abs(v) ** 0.6;
  const row = ({ s, z, turn }) => {
    const sunk = 0.8 * Math.max(0, 1 - (s - from) / 1.1) ** 2 + 0.08;
    return Array.from({ length: 14 }, (_, j) => {
      const angle = (-side * j * 2 * Math.PI) / 14;
      const across = (WALL / 2) * round(Math.sin(angle));
      return spot(ridge, s + across * Math.sin(turn), side, 0.3 * round(Math.cos(angle)) - sunk, z + across * Math.cos(turn));
    });
  };
  const down = Array.from({ length: 72 }, (_, k) => ({ s: from + ((to - from) * k) / 71, z: middle, turn: 0 }));
  const up = down.map(({ s }) => ({ s, z: -middle, turn: Math.PI })).reverse();
  if (to + middle + (WALL + accents.stone_mm) / 2 > ridge.length) return [loft(down.map(row)), loft(up.map(row))];
  const bend = Array.from({ length: 17 }, (_, k) => {
    const turn = ((k + 1) / 18) * Math.PI;
    return { s: to + middle * Math.sin(turn), z: middle * Math.cos(turn), turn };
  });
  return [loft([...down, ...bend, ...up].map(row))];
}

/** A ring of small stones just under the girdle, in a plate that follows the outline. */
export function halo({ halo: wanted, around, girdle }) {
  const out = wanted.stone_mm / 2 + 0.22;
  const outline = (distance, count = 240) =>
    Array.from({ length: count }, (_, k) => around.point((k / count) * 2 * Math.PI, distance));
  const { places: seats, total } = spread(outline(out), wanted.count);
  const y = girdle - 0.22;
  // As many stones as the description says; they shrink when the outline is too short for them.
  const size = Math.min(wanted.stone_mm, total / wanted.count - 0.03);
  const stones = seats.map(([x, z], k) => ({ at: [x, y, -z], up: [0, 1, 0], size, turn: k * 0.9 }));
  const beads = seats.flatMap(([x, z], k) => {
    const [nx, nz] = seats[(k + 1) % seats.length];
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

/** A row under the girdle that looks outward, on a collar of its own. */
export function hiddenHalo({ halo: wanted, around, girdle }) {
  const inset = -Math.min(0.3, 0.09 * around.radius(0));
  const outline = (distance, count) => Array.from({ length: count }, (_, k) => around.point((k / count) * 2 * Math.PI, distance));
  const { places: seats, total } = spread(outline(inset, 240), wanted.count);
  const y = girdle - 0.3 - wanted.stone_mm / 2;
  const size = Math.min(wanted.stone_mm * 1.1, total / wanted.count - 0.03);
  const normal = (k) => {
    const [p, q] = [seats[(k + seats.length - 1) % seats.length], seats[(k + 1) % seats.length]];
    const length = Math.hypot(q[0] - p[0], q[1] - p[1]);
    return [(q[1] - p[1]) / length, -(q[0] - p[0]) / length];
  };
  const tilt = Math.hypot(1, 0.18);
  const stones = seats.map(([x, z], k) => {
    const [nx, nz] = normal(k);
    return { at: [x, y, -z], up: [nx / tilt, -0.18 / tilt, -nz / tilt], size, turn: k * 0.7 };
  });
  const beads = seats.flatMap(([x, z], k) => {
    const [x2, z2] = seats[(k + 1) % seats.length];
    return [-1, 1].map((way) => ball([(x + x2) / 2, y + way * size * 0.42, -(z + z2) / 2], size * 0.12));
  });
  const high = size / 2 + 0.07;
  const section = Array.from({ length: 20 }, (_, j) => {
    const angle = (-j / 20) * 2 * Math.PI;
    const round = (v) => Math.sign(v) * Math.abs(v) ** 0.5;
    return [0.26 * round(Math.cos(angle)), high * round(Math.sin(angle))];
  });
  const rows = section.map(([radial, height]) => outline(inset - 0.24 + radial, 120).map(([x, z]) => [x, y + height, -z]));
  return { stones, solids: [loft(rows, { along: true }), ...beads] };
}

/** One stone on each side of the center, leaning with the shank, each on four small prongs; a point looks away. */
export function sideStones({ sideStones: wanted, center, girdle, innerRadius, shank }) {
  const r = wanted.width_mm / 2;
  const length = wanted.length_mm ?? wanted.width_mm;
  const stone = { ...SIDE, shape: wanted.shape, width_mm: wanted.width_mm, length_mm: length, depth_mm: wanted.width_mm * 0.61 };
  const planes = facetPlanes(stone);
  const around = plan(planes, stone);
  const { prongs: plain, guarded } = prongPlaces({ prongs: 4 }, stone.shape);
  const out = center.width_mm / 2 + (length / 2) * 0.92 + (length > wanted.width_mm ? 0.25 : 0);
  const radius = innerRadius + shank.thickness_mm;
  const parts = [1, -1].map((side) => {
    const lean = side * 0.3;
    const up = [Math.sin(lean), Math.cos(lean), 0];
    const right = [Math.cos(lean), -Math.sin(lean), 0];
    // Halfway between what the culet needs over the curve of the shank and the center stone's girdle.
    const under = Math.sqrt(Math.max(1, radius ** 2 - (out - r * 0.4) ** 2));
    const lowest = under + wanted.width_mm * 0.43 + 0.4;
    const at = [side * out, (lowest + Math.max(lowest, girdle - 0.5)) / 2, 0];
    // The stone's length lies across the finger: its plan's (x, y) is (out of the ring's middle, along the finger) turned.
    const place = ([x, y], share, height, more = 0) => {
      const scale = share + more / Math.hypot(x, y);
      const [over, z] = [side * y * scale, side * x * scale];
      return [0, 1, 2].map((i) => at[i] + right[i] * over + up[i] * height + (i === 2 ? z : 0));
    };
    const foot = onShank(Math.asin(Math.min(0.9, (side * (out - r * 0.3)) / radius)), radius - 0.4);
    const prongs = [...plain, ...guarded].map((turn) => {
      const p = around.point(around.toward(turn));
      const [over, z] = [(side * p[1]) / r, (side * p[0]) / r];
      const start = [foot[0] + over * 0.42 * r, foot[1], Math.max(-0.65, Math.min(0.65, z * r * 0.5))];
      const line = curve([
        start, place(p, 0.7, -r * 0.75), place(p, 1, 0, 0.1), place(p, 0.97, 0.2 * r + 0.1), place(p, 0.8, 0.24 * r + 0.14),
      ], { steps: 8 });
      return tube(line, (share) => 0.29 - 0.07 * share, { sides: 14 });
    });
    const rail = ([share, height]) => tube(
      Array.from({ length: 48 }, (_, k) => place(around.point((k / 48) * 2 * Math.PI), share, -r * height)), 0.19, { sides: 12, closed: true },
    );
    return { stone: { at, up, size: 1, turn: (-side * Math.PI) / 2 }, solids: [...prongs, ...[[0.9, 0.36], [0.6, 1.0]].map(rail)] };
  });
  return { stone, planes, stones: parts.map((part) => part.stone), solids: parts.flatMap(({ solids }) => solids) };
}
