// The little vector arithmetic that cuts need. A vector is an array of three numbers.
export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const mix = (a, b, share) => a.map((value, i) => value + (b[i] - value) * share);
export const cross = (a, b) => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
export const unit = (a) => {
  const length = Math.hypot(...a);
  return a.map((value) => value / length);
};
export const degrees = (angle) => (angle * Math.PI) / 180;

/** The plane through three points, facing away from `inside`: `n · p <= d` holds for the stone. */
export function planeThrough(a, b, c, inside) {
  let n = unit(cross(minus(b, a), minus(c, a)));
  if (dot(n, minus(inside, a)) > 0) n = n.map((value) => -value);
  return { n, d: dot(n, a) };
}
