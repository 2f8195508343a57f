// The soft shadow of the standing ring on the paper, as a small picture of how much light is kept away (0 … 255).
// Every piece of metal darkens the floor around its foot; the higher it is, the wider and the fainter.
export const SPAN_MM = 44;
const SIZE = 96;

/** `meshes` are merged solids, `floor` the height of the paper. The ring may turn about y with its shadow. */
export function contactShadow(meshes, floor) {
  const dark = new Float32Array(SIZE * SIZE);
  for (const { position, index } of meshes) {
    const stride = Math.max(1, Math.floor(index.length / 3 / 2600)) * 3;
    for (let i = 0; i < index.length; i += stride) {
      const [a, b, c] = [index[i] * 3, index[i + 1] * 3, index[i + 2] * 3];
      const middle = [0, 1, 2].map((k) => (position[a + k] + position[b + k] + position[c + k]) / 3);
      const across = Math.abs((position[b] - position[a]) * (position[c + 2] - position[a + 2])
        - (position[b + 2] - position[a + 2]) * (position[c] - position[a])) / 2;
      splat(dark, middle, middle[1] - floor, (across * stride) / 3);
    }
  }
  return { size: SIZE, data: Uint8Array.from(dark, (value) => Math.round(255 * (1 - Math.exp(-value)))) };
}

function splat(dark, [x, , z], height, area) {
  const spread = 0.45 + 0.34 * height; // millimeters
  const weight = (1.5 * area) / (2 * Math.PI * spread * spread) / (1 + 0.03 * height);
  const cell = SPAN_MM / SIZE;
  const [cx, cz] = [x / cell + SIZE / 2, z / cell + SIZE / 2];
  const reach = Math.ceil((2.6 * spread) / cell);
  for (let i = Math.max(0, Math.floor(cz) - reach); i <= Math.min(SIZE - 1, Math.floor(cz) + reach); i++) {
    for (let j = Math.max(0, Math.floor(cx) - reach); j <= Math.min(SIZE - 1, Math.floor(cx) + reach); j++) {
      const distance = ((j + 0.5 - cx) ** 2 + (i + 0.5 - cz) ** 2) * cell * cell;
      dark[i * SIZE + j] += weight * Math.exp(-distance / (2 * spread * spread));
    }
  }
}
