// From the ring description (docs/algorithms/ring-spec.md) to everything that is drawn: solids by metal, stones by place.
// Pure: no browser, no three.js, so that it is tested by Node alone.
import { along, halo, hiddenHalo, places, sideStones } from "./accents.js";
import { besideParts } from "./beside.js";
import { facetPlanes, heights } from "./cuts.js";
import { headSolids, plan } from "./head.js";
import { shankSolid, smooth } from "./shank.js";
import { archLine, archRidge, archSolids, shankRidge } from "./shoulders.js";

// An empty head is drawn for the stone it waits for.
const AWAITED = {
  shape: "round", length_mm: 6.5, width_mm: 6.5, depth_mm: 3.95, table_pct: 57, crown_angle: 34.5,
  pavilion_angle: 40.8, girdle_pct: 3.5, measured: [], kind: "diamond", color: "F", fancy_color: null,
};

/**
 * `solids` maps a metal family to its solids; `stones` are the small ones; `center` is the center stone and `sides` are
 * those beside it, or null. `beside` tells between which z the wedding band lies, or null.
 * `levels` are heights (y) in millimeters: the floor under the standing ring, the girdle plane, the top of the table.
 */
export function assemble(spec) {
  const innerRadius = spec.finger.inner_diameter_mm / 2;
  const shank = spec.shank;
  const stone = spec.stone ?? AWAITED;
  const girdle = innerRadius + spec.head.seat_height_mm;
  const rise = { girdle, base: innerRadius + shank.thickness_mm };
  const planes = facetPlanes(stone);
  const around = plan(planes, stone);

  const arch = spec.shank.shoulder === "cathedral" && !spec.side_stones ? archLine(archEnd({ spec, around, rise })) : null;
  const first = pathClearance({ spec, stone, rise });
  const ridge = arch
    ? archRidge({ arch, radius: rise.base, after: stone.width_mm * 0.15 })
    : shankRidge({ radius: rise.base, first });
  const distances = places({ accents: spec.accents, ridge });
  const last = distances.length ? ridge.at(distances.at(-1)).lean : 0;
  const flatten = (theta) => (last ? smooth(last + 0.5, last, theta) * 0.85 : 0);

  const solids = { [spec.metal.family]: [shankSolid({ shank, innerRadius, flatten })] };
  const add = (family, more) => { (solids[family] ??= []).push(...more); };
  const stones = [];

  add(spec.head.metal, headSolids({ head: spec.head, stone, planes, shank, rise }));
  if (arch) add(spec.metal.family, archSolids({ arch, shank, paved: distances.length > 0 }));
  const accents = along({ accents: spec.accents, ridge });
  add(spec.metal.family, accents.solids);
  stones.push(...accents.stones);
  if (spec.head.halo) {
    const ring = halo({ halo: spec.head.halo, around, girdle });
    add(spec.head.metal, ring.solids);
    stones.push(...ring.stones);
  }
  if (spec.head.hidden_halo) {
    const row = hiddenHalo({ halo: spec.head.hidden_halo, around, girdle });
    add(spec.head.metal, row.solids);
    stones.push(...row.stones);
  }
  let sides = null;
  if (spec.side_stones) {
    const pair = sideStones({ sideStones: spec.side_stones, center: stone, girdle, innerRadius, shank });
    add(spec.head.metal, pair.solids);
    sides = { planes: pair.planes, stone: pair.stone, stones: pair.stones };
  }
  const band = spec.beside ? besideParts({ beside: spec.beside, shank, innerRadius }) : null;
  if (band) {
    add(spec.beside.metal, band.solids);
    stones.push(...band.stones);
  }
  const lowest = Math.max(shank.thickness_mm, spec.beside?.thickness_mm ?? 0);
  const { crown, girdle: edge } = heights(stone);
  return {
    solids,
    stones,
    sides,
    center: spec.stone ? { planes, stone, girdle } : null,
    innerRadius,
    shank,
    beside: band ? { edge: band.edge, near: band.near } : null,
    levels: { floor: -innerRadius - lowest, girdle, table: girdle + edge / 2 + crown },
    reach: Math.max(innerRadius + shank.thickness_mm, stone.width_mm / 2 + (spec.head.halo ? 2 : 0.6)),
    engraving: spec.engraving || "",
  };
}

/** The angle at the top of the shank that the head takes, before pavé can begin. */
function pathClearance({ spec, stone, rise }) {
  const side = spec.side_stones && (spec.side_stones.length_mm ?? spec.side_stones.width_mm);
  const taken = side ? stone.width_mm / 2 + side * 0.8 : Math.max(1.7, stone.width_mm * 0.27);
  return Math.asin(Math.min(0.9, taken / rise.base));
}

/** Where a cathedral's arch comes to the head: at its upper rail, or under a hidden halo. */
function archEnd({ spec, around, rise }) {
  const hidden = spec.head.hidden_halo;
  const below = 0.34 * (rise.girdle - rise.base) + (hidden ? hidden.stone_mm * 0.8 : 0);
  return { reach: around.radius(0), height: rise.girdle - Math.min(below, 0.7 * (rise.girdle - rise.base)), radius: rise.base };
}
