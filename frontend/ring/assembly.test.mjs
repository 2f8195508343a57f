import assert from "node:assert/strict";
import { test } from "node:test";

import { assemble } from "./assembly.js";
import { SHAPES } from "./cuts.js";
import { openness } from "./occlusion.js";
import { contactShadow } from "./shadow.js";
import { pavilionDepth, pavilionRadius } from "./polyhedron.js";
import { merged } from "./sweep.js";

const SIZES = {
  round: [7.38, 7.34, 4.49], oval: [9, 6.6, 4.1], cushion: [7, 6.4, 4.4], princess: [6, 5.9, 4.25],
  emerald: [8, 5.8, 3.85], asscher: [6, 5.95, 3.9], radiant: [7.5, 5.9, 4.0], pear: [9, 6, 3.7],
  marquise: [11, 5.5, 3.4], heart: [7.5, 7.3, 4.2],
};

export function described(changes = {}) {
  const shape = changes.shape ?? "round";
  const [length_mm, width_mm, depth_mm] = SIZES[shape];
  return {
    version: 1,
    finger: { inner_diameter_mm: 16.51 },
    metal: { code: "18k-yellow", family: "yellow" },
    head: { kind: "prong", prongs: 6, metal: "platinum", seat_height_mm: 6.2, halo: null, ...changes.head },
    shank: { width_mm: 1.9, top_width_mm: 1.7, thickness_mm: 1.7, profile: "round", ...changes.shank },
    accents: { kind: "none", stone_mm: 1.4, count: 0, ...changes.accents },
    side_stones: changes.side_stones ?? null,
    stone: changes.stone === null ? null : {
      shape, length_mm, width_mm, depth_mm, table_pct: 60, crown_angle: 34.5, pavilion_angle: 40.8, girdle_pct: 3.5,
      measured: [], kind: "diamond", color: "G", fancy_color: null,
    },
    engraving: "",
    ...(changes.beside ? { beside: changes.beside } : {}),
  };
}

export const BAND = {
  width_mm: 2, thickness_mm: 1.7, section: "round", profile: "straight", gap_mm: 0, metal: "rose",
  accent: { kind: "none", stone_mm: 0, count: 0 },
};
const CURVED = { ...BAND, profile: "curved", bow_mm: 3.4, bow_half_mm: 6 };

const RINGS = {
  ...Object.fromEntries(SHAPES.map((shape) => [shape, described({ shape })])),
  bezel: described({ shape: "oval", head: { kind: "bezel" } }),
  halo: described({ head: { halo: { stone_mm: 1.2, count: 22 } } }),
  "half pavé": described({ accents: { kind: "half_pave", count: 18 } }),
  "full pavé": described({ accents: { kind: "full_pave", count: 44 } }),
  "three stones": described({ side_stones: { shape: "round", width_mm: 4 } }),
  "pears at its sides": described({ side_stones: { shape: "pear", width_mm: 3, length_mm: 4.6 } }),
  "hidden halo": described({ head: { hidden_halo: { stone_mm: 1, count: 20 } } }),
  channel: described({ accents: { kind: "half_pave", count: 16, mount: "channel" } }),
  cathedral: described({ shank: { shoulder: "cathedral" } }),
  "cathedral, paved": described({ shank: { shoulder: "cathedral" }, accents: { kind: "half_pave", count: 18 } }),
  "cathedral with a bezel and a channel": described({
    shape: "oval", head: { kind: "bezel" }, shank: { shoulder: "cathedral" }, accents: { kind: "half_pave", count: 18, mount: "channel" },
  }),
  flat: described({ shank: { profile: "flat" } }),
  knife: described({ shank: { profile: "knife" } }),
  empty: described({ stone: null }),
  "a band beside it": described({ beside: BAND }),
  "a curved and paved band beside it": described({ beside: { ...CURVED, accent: { kind: "full_pave", stone_mm: 1.2, count: 61 } } }),
};

function enclosed({ position, index }) {
  let sum = 0;
  for (let i = 0; i < index.length; i += 3) {
    const [a, b, c] = [0, 1, 2].map((k) => position[index[i + k]]);
    sum += (a[0] * (b[1] * c[2] - b[2] * c[1]) + a[1] * (b[2] * c[0] - b[0] * c[2]) + a[2] * (b[0] * c[1] - b[1] * c[0])) / 6;
  }
  return sum;
}

test("every solid of every ring is finite and faces outward", () => {
  for (const [name, spec] of Object.entries(RINGS)) {
    for (const [family, solids] of Object.entries(assemble(spec).solids)) {
      solids.forEach((solid, k) => {
        assert.ok(solid.position.flat().every(Number.isFinite), `${name}, ${family} ${k}`);
        assert.ok(enclosed(solid) > 0, `${name}, ${family} ${k} is inside out: ${enclosed(solid)}`);
      });
    }
  }
});

test("metal leaves the finger free", () => {
  for (const [name, spec] of Object.entries(RINGS)) {
    const { solids, innerRadius } = assemble(spec);
    for (const point of Object.values(solids).flat().flatMap(({ position }) => position)) {
      assert.ok(Math.hypot(point[0], point[1]) > innerRadius - 0.02 || point[1] < -innerRadius, `${name}: ${point}`);
    }
  }
});

test("the head is of its own metal and the shank of the ring's", () => {
  const { solids } = assemble(RINGS.round);
  assert.deepEqual(Object.keys(solids).sort(), ["platinum", "yellow"]);
});

test("six prongs, a collar and two rails hold a round, V-prongs guard points", () => {
  assert.equal(assemble(RINGS.round).solids.platinum.length, 6 + 3);
  assert.equal(assemble(RINGS.marquise).solids.platinum.length, 4 + 2 * 2 + 3);
});

test("pavé has the stones that the description counts, while there is room", () => {
  assert.equal(assemble(RINGS["half pavé"]).stones.length, 18);
  const crowded = assemble(described({ accents: { kind: "full_pave", count: 400 } })).stones;
  assert.ok(crowded.length > 30 && crowded.length < 45, `${crowded.length}`);
});

test("a halo has exactly its stones, and they do not touch", () => {
  const { stones } = assemble(RINGS.halo);
  assert.equal(stones.length, 22);
  stones.forEach(({ at, size }, k) => {
    const next = stones[(k + 1) % stones.length].at;
    assert.ok(Math.hypot(at[0] - next[0], at[2] - next[2]) > size * 0.97);
  });
});

test("a hidden halo looks outward from under the girdle", () => {
  const { stones, levels } = assemble(RINGS["hidden halo"]);
  assert.equal(stones.length, 20);
  for (const { at, up, size } of stones) {
    assert.ok(at[1] + size / 2 < levels.girdle);
    assert.ok((at[0] * up[0] + at[2] * up[2]) / Math.hypot(at[0], at[2]) > 0.9, `${at} looks ${up}`);
  }
});

test("a cathedral's arches leave the shank, with daylight under them, and stones climb them", () => {
  const spec = RINGS["cathedral, paved"];
  const { stones, solids, levels } = assemble(spec);
  const outer = spec.finger.inner_diameter_mm / 2 + spec.shank.thickness_mm;
  const over = solids.yellow.slice(1, 3).flatMap(({ position }) => position).filter(([x]) => Math.abs(x) < 3.2);
  assert.ok(over.length > 0);
  for (const [x, y] of over) assert.ok(Math.hypot(x, y) > outer + 0.2 && y < levels.girdle);
  assert.equal(stones.length, 18);
  assert.ok(stones.some(({ at }) => Math.hypot(at[0], at[1]) > outer + 1.5));
});

test("a channel holds its stones between walls that close round the last of them, without beads", () => {
  const { stones, solids } = assemble(RINGS.channel);
  assert.equal(stones.length, 16);
  const walls = solids.yellow.slice(1);
  assert.equal(walls.length, 2);
  const lean = ([x, y]) => Math.abs(Math.atan2(x, y));
  const last = Math.max(...stones.map(({ at }) => lean(at)));
  for (const { position } of walls) {
    const beyond = position.filter((p) => lean(p) > last + 0.08);
    assert.ok(beyond.some(([, , z]) => Math.abs(z) < 0.05), "closed in the middle");
    const farthest = Math.max(...position.map(lean));
    assert.ok(position.filter((p) => lean(p) > farthest - 0.02).every(([, , z]) => Math.abs(z) < 0.7), "rounded, not cut off");
  }
});

test("two channels that meet at the palm run into each other", () => {
  const { solids } = assemble(described({ accents: { kind: "full_pave", count: 400, mount: "channel" } }));
  assert.equal(solids.yellow.length, 1 + 4);
});

test("a bezel follows its stone's outline, leaves it room and narrows to the shank", () => {
  for (const shape of SHAPES) {
    const spec = described({ shape, head: { kind: "bezel" } });
    const { solids, center, levels } = assemble(spec);
    const base = spec.finger.inner_diameter_mm / 2 + spec.shank.thickness_mm;
    const cup = solids.platinum[0].position;
    const widest = (low, high) => Math.max(...cup.filter(([, y]) => y > low && y < high).map(([x]) => Math.abs(x)));
    const atGirdle = widest(levels.girdle - 0.1, levels.girdle + 0.1);
    assert.ok(Math.abs(atGirdle - spec.stone.width_mm / 2 - 0.42) < 0.12, `${shape}: ${atGirdle} at the girdle`);
    assert.ok(widest(base, base + 1) < atGirdle * 0.72, `${shape}: ${widest(base, base + 1)} over the shank`);
    for (const share of [0.3, 0.55]) {
      const height = -share * spec.stone.width_mm / 2;
      const room = widest(levels.girdle + height - 0.1, levels.girdle + height + 0.1) - pavilionRadius(center.planes, 0, height);
      assert.ok(room > 0, `${shape}: ${room} at ${height}`);
    }
  }
});

test("what a description leaves out is plain", () => {
  const left = assemble(RINGS["half pavé"]);
  const said = assemble(described({
    head: { hidden_halo: null }, shank: { shoulder: "plain" }, accents: { kind: "half_pave", count: 18, mount: "pave" },
  }));
  assert.deepEqual(left.solids, said.solids);
  assert.deepEqual(left.stones, said.stones);
});

test("side stones are their own cut, and a pear's point looks away", () => {
  const { sides } = assemble(RINGS["pears at its sides"]);
  assert.equal(sides.stones.length, 2);
  assert.equal(sides.stone.shape, "pear");
  assert.deepEqual(sides.stones.map(({ turn }) => Math.sign(turn)), [-1, 1]);
});

test("rails and prongs go around a full pavilion and not through it", () => {
  const spec = described({ shape: "emerald", head: { prongs: 4, seat_height_mm: 4.6 } });
  const { solids, center, levels } = assemble(spec);
  const base = spec.finger.inner_diameter_mm / 2 + spec.shank.thickness_mm;
  for (const { position } of solids.platinum.slice(-2)) {  // the two rails
    const middle = position.reduce((sum, p) => sum.map((v, i) => v + p[i] / position.length), [0, 0, 0]);
    assert.ok(middle[1] > base);
    const out = position.filter(([x, , z]) => pavilionDepth(center.planes, x, -z) > middle[1] - levels.girdle);
    assert.ok(out.length > position.length * 0.6, `${out.length} of ${position.length}`);
  }
});

test("an empty head is drawn without a stone", () => {
  assert.equal(assemble(RINGS.empty).center, null);
});

test("the shade falls between shank and head, not on the outside of the palm", () => {
  const { solids } = assemble(RINGS.round);
  const meshes = Object.values(solids).map(merged);
  const [shank] = openness(meshes);
  const { position } = meshes[0];
  const average = (wanted) => {
    const found = Array.from(shank).filter((_, v) => wanted(position[v * 3], position[v * 3 + 1]));
    return found.reduce((a, b) => a + b, 0) / found.length;
  };
  const underHead = average((x, y) => y > 9.6 && Math.abs(x) < 1.5);
  const palm = average((x, y) => Math.hypot(x, y) > 9.7 && y < -6);
  assert.ok(underHead < palm - 0.1, `${underHead} under the head, ${palm} on the palm`);
});

test("the shadow is darkest where the ring stands", () => {
  const ring = assemble(RINGS.round);
  const { size, data } = contactShadow(Object.values(ring.solids).map(merged), ring.levels.floor);
  const middle = data[(size / 2) * size + size / 2];
  const rim = data[3];
  assert.ok(middle > 120 && rim < 12, `${middle} in the middle, ${rim} at the rim`);
});

test("a band beside it is as far off as its description says, in its own metal", () => {
  for (const gap_mm of [0, 0.8]) {
    const { solids } = assemble(described({ beside: { ...BAND, gap_mm } }));
    const [hoop] = solids.rose;
    const near = Math.min(...hoop.position.filter(([x, y]) => y > 0 && Math.abs(x) < 1).map(([, , z]) => z));
    // The shank is wider at the palm than at the head, and the band runs straight past both.
    assert.ok(Math.abs(near - Math.max(0.85 + gap_mm, 0.95)) < 0.03, `${near} for ${gap_mm}`);
  }
});

test("a curved band keeps clear of the head and lies against the shank everywhere else", () => {
  const [hoop] = assemble(described({ beside: CURVED })).solids.rose;
  const nearest = (wanted) => Math.min(...hoop.position.filter(([x, y]) => wanted(x, y)).map(([, , z]) => z));
  assert.ok(nearest((x, y) => y > 8 && Math.abs(x) < 0.5) > 0.95 + 3.3);
  assert.ok(Math.abs(nearest((x, y) => y < 0) - 0.97) < 0.01);
});

test("a band's stones sit on it one beside the other", () => {
  const accent = { kind: "half_pave", stone_mm: 1.2, count: 9 };
  for (const beside of [{ ...BAND, accent }, { ...CURVED, accent }]) {
    const { stones } = assemble(described({ beside }));
    assert.equal(stones.length, 9);
    for (let k = 1; k < stones.length; k++) {
      const apart = Math.hypot(...[0, 1, 2].map((i) => stones[k].at[i] - stones[k - 1].at[i]));
      assert.ok(apart > 1.2 && apart < 1.55, `${apart}`);
    }
  }
});

test("what stands lowest, ring or band, stands on the floor", () => {
  assert.ok(Math.abs(assemble(described({ beside: { ...BAND, thickness_mm: 2.2 } })).levels.floor + 8.255 + 2.2) < 1e-9);
});
