// The wedding band that lies beside the ring, on the side of +z: straight, or bowed around the head. The same course is drawn by
// builder/pictures/bands.py. Pure; millimeters.
import { shankSolid, smooth, widthAt } from "./shank.js";
import { ball } from "./sweep.js";

const GAP = 0.1;
const APART = 0.02; // two polished rings never touch everywhere

/** Where the band's middle runs at θ from the top: its place along the finger, and how steeply it bows there. */
export function courseOf({ beside, shank, innerRadius }) {
  const [width, radius] = [beside.width_mm, innerRadius + beside.thickness_mm / 2];
  const clear = Math.max(shank.top_width_mm / 2 + beside.gap_mm, widthAt(shank, Math.PI) / 2);
  const [bow, half] = [beside.bow_mm ?? 0, beside.bow_half_mm ?? 1];
  return (theta) => {
    const away = Math.atan2(Math.sin(theta), Math.cos(theta)) * radius;
    const inside = Math.abs(away) < half;
    return {
      z: clear + APART + width / 2 + (inside ? (bow * (1 + Math.cos((Math.PI * away) / half))) / 2 : 0),
      slope: inside ? (-bow * Math.PI * Math.sin((Math.PI * away) / half)) / (2 * half) : 0,
    };
  };
}

/** θ of the stones on one side, from the top on, evenly along the course; an odd number has one in the middle. */
function seats({ accent, course, radius }) {
  if (!["half_pave", "full_pave"].includes(accent.kind) || accent.count < 1) return [];
  const step = accent.stone_mm + GAP;
  const found = [];
  let theta = accent.count % 2 ? 0 : step / 2 / (radius * Math.hypot(1, course(0).slope));
  while (found.length < Math.ceil(accent.count / 2) && theta < Math.PI - step / 2 / radius) {
    found.push(theta);
    theta += step / (radius * Math.hypot(1, course(theta).slope));
  }
  return found;
}

/** `solids` and `stones` (as in accents.js) of the band, and `edge`: how far along the finger it reaches at most. */
export function besideParts({ beside, shank, innerRadius }) {
  const course = courseOf({ beside, shank, innerRadius });
  const { width_mm: width, thickness_mm: thickness, accent } = beside;
  const radius = innerRadius + thickness;
  const right = seats({ accent, course, radius });
  const both = [...right.filter((theta) => theta > 0).map((theta) => -theta).reverse(), ...right];
  const last = right.at(-1) ?? 0;
  const hoop = shankSolid({
    shank: { width_mm: width, top_width_mm: width, thickness_mm: thickness, profile: beside.section },
    innerRadius,
    flatten: (theta) => (right.length ? smooth(last + 0.6, last + 0.1, theta) * 0.85 : 0),
  });
  hoop.position = hoop.position.map(([x, y, z]) => {
    const { z: middle, slope } = course(Math.atan2(x, y));
    return [x, y, middle + z * Math.hypot(1, slope)];
  });
  const at = (theta, out, across = 0) => {
    const { z, slope } = course(theta);
    const lean = Math.hypot(1, slope);
    const turned = theta - (across * slope) / lean / radius;
    return [Math.sin(turned) * (radius + out), Math.cos(turned) * (radius + out), z + across / lean];
  };
  const stones = both.map((theta, k) => ({
    at: at(theta, 0.02), up: [Math.sin(theta), Math.cos(theta), 0], size: accent.stone_mm, turn: k * 0.7,
  }));
  const between = both.slice(1).map((theta, k) => (theta + both[k]) / 2);
  const beads = between.flatMap((theta) => [-0.37, 0.37].map((share) => ball(at(theta, 0.03, share * accent.stone_mm), accent.stone_mm * 0.125)));
  return { solids: [hoop, ...beads], stones, edge: course(0).z + width / 2, near: course(Math.PI).z - width / 2 };
}
