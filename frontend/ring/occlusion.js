// How much of the surroundings a point of the metal sees, from 0 to 1: rays walked through a coarse grid of what is
// there. A grid of a third of a millimeter is enough for the shade under a head and between beads.
const CELL = 0.34;
const RAYS = 12;
const STEPS = 10;
const SIDE = 160; // cells: 54 mm, more than any ring
const OFF = CELL * 0.9;

function directions() {
  return Array.from({ length: RAYS }, (_, i) => {
    const height = 1 - (i + 0.5) / RAYS;
    const turn = i * 2.399963;
    const flat = Math.sqrt(1 - height * height);
    return [flat * Math.cos(turn), flat * Math.sin(turn), height];
  });
}

/** A grid of what the meshes fill: their surfaces, and the given ellipsoids ({center, radii}) inside. */
function grid(meshes, ellipsoids) {
  const filled = new Uint8Array(SIDE ** 3);
  const cell = (value) => (value / CELL + SIDE / 2 + 0.5) | 0;
  const key = (x, y, z) => (cell(x) * SIDE + cell(y)) * SIDE + cell(z);
  for (const { position, index } of meshes) {
    for (let i = 0; i < index.length; i += 3) {
      const [a, b, c] = [index[i] * 3, index[i + 1] * 3, index[i + 2] * 3];
      for (const [u, v] of [[1 / 3, 1 / 3], [0.05, 0.05], [0.9, 0.05], [0.05, 0.9]]) {
        const at = (k) => position[a + k] * (1 - u - v) + position[b + k] * u + position[c + k] * v;
        filled[key(at(0), at(1), at(2))] = 1;
      }
    }
  }
  for (const { center, radii } of ellipsoids) {
    for (let x = -radii[0]; x <= radii[0]; x += CELL) {
      for (let y = -radii[1]; y <= radii[1]; y += CELL) {
        for (let z = -radii[2]; z <= radii[2]; z += CELL) {
          if ((x / radii[0]) ** 2 + (y / radii[1]) ** 2 + (z / radii[2]) ** 2 <= 1) {
            filled[key(center[0] + x, center[1] + y, center[2] + z)] = 1;
          }
        }
      }
    }
  }
  return { filled, key };
}

/** One openness per vertex for every mesh of merged solids. */
export function openness(meshes, ellipsoids = []) {
  const space = grid(meshes, ellipsoids);
  const rays = directions();
  return meshes.map(({ position, normal }) => {
    const open = new Float32Array(position.length / 3);
    for (let v = 0; v < open.length; v++) open[v] = share(space, rays, position, normal, v * 3);
    return open;
  });
}

/** What the vertex at `v` of the flat arrays sees. Written without small arrays: it runs twenty thousand times. */
function share({ filled, key }, rays, position, normal, v) {
  const [nx, ny, nz] = [normal[v], normal[v + 1], normal[v + 2]];
  // Any two directions across the normal will do.
  const level = Math.abs(ny) < 0.9;
  const length = level ? Math.hypot(nx, nz) : Math.hypot(ny, nz);
  const tx = level ? nz / length : 0;
  const ty = level ? 0 : -nz / length;
  const tz = level ? -nx / length : ny / length;
  const [bx, by, bz] = [ny * tz - nz * ty, nz * tx - nx * tz, nx * ty - ny * tx];
  const [x, y, z] = [position[v] + nx * OFF, position[v + 1] + ny * OFF, position[v + 2] + nz * OFF];
  let seen = 0;
  let total = 0;
  for (const [rx, ry, rz] of rays) {
    const dx = tx * rx + bx * ry + nx * rz;
    const dy = ty * rx + by * ry + ny * rz;
    const dz = tz * rx + bz * ry + nz * rz;
    let reach = 1;
    for (let s = 1; s <= STEPS; s++) {
      const far = CELL * (1.2 + s * 0.9);
      if (filled[key(x + dx * far, y + dy * far, z + dz * far)]) {
        reach = (s / STEPS) * 0.7;
        break;
      }
    }
    seen += rz * reach;
    total += rz;
  }
  return seen / total;
}
