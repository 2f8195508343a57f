// How much work a frame may be: decided by what frames were measured to cost, never by guessing a device by its name.
// Pure: times go in, settings come out.

export const LEVELS = [
  { ratio: 0.5, bounces: 3 }, { ratio: 0.7, bounces: 4 }, { ratio: 1, bounces: 4 }, { ratio: 1, bounces: 6 },
  { ratio: 1.5, bounces: 7 }, { ratio: 2, bounces: 8 },
];
const SLOW_MS = 40;
const VERY_SLOW_MS = 90;
const FAST_MS = 15;
const FAST_FRAMES = 14;
const REST_BUDGET_MS = 1500;
const MOST_SAMPLES = 12;

/** `deviceRatio` is the screen's pixel ratio; never more than 2 is drawn. `software`: the renderer has no GPU. */
export function quality({ deviceRatio, software = false }) {
  const most = Math.min(2, deviceRatio);
  let level = software ? 1 : 4;
  let fast = 0;
  const settings = ({ ratio, bounces }) => ({ ratio: Math.min(ratio, most), bounces });
  return {
    /** While the ring is turned. */
    moving: () => settings(LEVELS[level]),
    /** When it stands still: sharp, with as many samples as `frameMs`, the cost of one such frame, allows. */
    resting: (frameMs) => ({
      ratio: software ? Math.min(1, most) : most,
      bounces: software ? 6 : 8,
      samples: Math.max(1, Math.min(MOST_SAMPLES, Math.floor(REST_BUDGET_MS / Math.max(1, frameMs)))),
    }),
    /** Tell what a frame while moving took. */
    record: (ms) => {
      fast = ms < FAST_MS ? fast + 1 : 0;
      if (ms > SLOW_MS) level = Math.max(0, level - (ms > VERY_SLOW_MS ? 2 : 1));
      else if (fast >= FAST_FRAMES) {
        fast = 0;
        level = Math.min(LEVELS.length - 1, level + 1);
      }
    },
  };
}
