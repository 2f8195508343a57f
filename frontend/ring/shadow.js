// The soft shadow of the standing ring on the paper, as a small picture of how much light is kept away (0 … 255).
// Every piece of metal darkens the floor around its foot; the higher it is, the wider and the fainter.
export const SPAN_MM = 44;
const SIZE = 96;
const CELL = SPAN_MM / SIZE;
// Heights in millimeters at which a layer of metal is blurred as one.
const LAYERS = [0.4, 1.2, 2.4, 4.5, 8, 13, 19, 26];

/** `meshes` are merged solids, `floor` the height of the paper. The ring may turn about y with its shadow. */
export function contactShadow(meshes, floor) {
  const layers = LAYERS.map(() => new Float32Array(SIZE * SIZE));
  for (const mesh of meshes) drop(mesh, floor, layers);
  const dark = new Float32Array(SIZE * SIZE);
  layers.forEach((layer, k) => {
    const spread = (0.42 + 0.33 * LAYERS[k]) / CELL;
    const fading = 1.4 / (1 + 0.11 * LAYERS[k]) / CELL ** 2;
    blurred(blurred(layer, spread, 1, SIZE), spread, SIZE, 1).forEach((value, i) => { dark[i] += value * fading; });
  });
  return { size: SIZE, data: Uint8Array.from(dark, (value) => Math.round(255 * (1 - Math.exp(-value)))) };
}

/** Lay the plan area of every triangle into the layer of its height. */
function drop({ position, index }, floor, layers) {
  for (let i = 0; i < index.length; i += 3) {
    const [a, b, c] = [index[i] * 3, index[i + 1] * 3, index[i + 2] * 3];
    const area = Math.abs((position[b] - position[a]) * (position[c + 2] - position[a + 2])
      - (position[b + 2] - position[a + 2]) * (position[c] - position[a])) / 4;
    const height = (position[a + 1] + position[b + 1] + position[c + 1]) / 3 - floor;
    const x = Math.floor((position[a] + position[b] + position[c]) / 3 / CELL + SIZE / 2);
    const z = Math.floor((position[a + 2] + position[b + 2] + position[c + 2]) / 3 / CELL + SIZE / 2);
    if (x < 0 || z < 0 || x >= SIZE || z >= SIZE) continue;
    const above = LAYERS.findIndex((level) => height <= level);
    layers[above < 0 ? LAYERS.length - 1 : above][z * SIZE + x] += area;
  }
}

/** A Gaussian blur of rows or columns: `step` from cell to cell of a line, `line` from line to line. */
function blurred(source, spread, step, line) {
  const reach = Math.ceil(2.6 * spread);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, k) => Math.exp(-((k - reach) ** 2) / (2 * spread ** 2)));
  const sum = weights.reduce((a, b) => a + b, 0);
  const result = new Float32Array(source.length);
  for (let i = 0; i < SIZE; i++) {
    for (let j = 0; j < SIZE; j++) {
      const value = source[i * line + j * step];
      if (!value) continue;
      for (let k = Math.max(0, j - reach); k <= Math.min(SIZE - 1, j + reach); k++) {
        result[i * line + k * step] += (value * weights[k - j + reach]) / sum;
      }
    }
  }
  return result;
}
