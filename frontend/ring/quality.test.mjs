import assert from "node:assert/strict";
import { test } from "node:test";

import { blend, distance, frame, stance, VIEWS } from "./camera.js";
import { absorption } from "./gem.js";
import { LEVELS, quality } from "./quality.js";

const after = (grade, ms, frames) => {
  for (let i = 0; i < frames; i++) grade.record(ms);
  return grade.moving();
};

test("slow frames make the next ones cheaper, down to the cheapest", () => {
  const grade = quality({ deviceRatio: 2 });
  const start = grade.moving();
  const slower = after(grade, 55, 1);
  assert.ok(slower.ratio * slower.bounces < start.ratio * start.bounces);
  assert.deepEqual(after(grade, 200, 20), LEVELS[0]);
});

test("fast frames earn quality back, but one fast frame does not", () => {
  const grade = quality({ deviceRatio: 2 });
  after(grade, 200, 5);
  assert.deepEqual(after(grade, 8, 1), LEVELS[0]);
  assert.deepEqual(after(grade, 8, 200), LEVELS.at(-1));
});

test("no more pixels are drawn than the screen has, and never more than four to one", () => {
  assert.equal(after(quality({ deviceRatio: 1 }), 8, 200).ratio, 1);
  assert.equal(quality({ deviceRatio: 3.5 }).resting(10).ratio, 2);
});

test("the still picture takes what time there is", () => {
  const grade = quality({ deviceRatio: 2 });
  assert.equal(grade.resting(10).samples, 12);
  assert.equal(grade.resting(300).samples, 5);
  assert.equal(grade.resting(4000).samples, 1);
});

const PLAN = {
  levels: { floor: -9.95, girdle: 14.4, table: 15.6 }, reach: 9.95, innerRadius: 8.25,
  center: { stone: { length_mm: 7.38, width_mm: 7.34 } },
};

test("a narrow stage moves the camera back until the ring's width fits", () => {
  const box = frame("turn", PLAN);
  const far = (aspect) => distance({ box, tilt: 20, share: 0.84, aspect });
  assert.ok(far(0.6) > far(1) * 1.2);
  assert.equal(far(3), far(2));
  const half = Math.atan(box.half[0] / far(0.6));
  assert.ok(Math.tan(half) < Math.tan((9.5 * Math.PI) / 180) * 0.6);
});

test("zooming in ends at the stone", () => {
  const near = stance({ ...VIEWS.turn, name: "turn", zoom: 3.2 }, PLAN, 1);
  assert.ok(Math.abs(near.middle[1] - 14.4) < 1e-9);
  assert.ok(near.far < stance({ ...VIEWS.turn, name: "turn", zoom: 1 }, PLAN, 1).far / 3);
});

test("a glide begins where the camera stands and ends where it goes", () => {
  const from = stance({ ...VIEWS.turn, name: "turn", zoom: 1 }, PLAN, 1);
  const to = stance({ ...VIEWS.above, name: "above", zoom: 1 }, PLAN, 1);
  assert.deepEqual(blend(from, to, 0), from);
  assert.deepEqual(blend(from, to, 1).tilt, to.tilt);
});

test("color deepens from grade to grade, and a fancy hue takes its complement", () => {
  const [, , d] = absorption({ kind: "diamond", color: "D" });
  const [, , g] = absorption({ kind: "diamond", color: "G" });
  const [, , m] = absorption({ kind: "diamond", color: "M" });
  assert.ok(d === 0 && d < g && g < m);
  const [red, green, blue] = absorption({ kind: "diamond", color: null, fancy_color: "Fancy Intense Yellow" });
  assert.ok(blue > green && green > red);
});
