// How much of the surroundings a point of the metal sees, from 0 to 1: rays walked through a coarse grid of what is
// there. A grid of a third of a millimeter is enough for the shade under a head and between beads.
const CELL = 0.34;
const RAYS = 14;
const STEPS = 11;

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
  const filled = new Set();
  const key = (x, y, z) => ((Math.round(x / CELL) + 128) << 16) | ((Math.round(y / CELL) + 128) << 8) | (Math.round(z / CELL) + 128);
  for (const { position, index } of meshes) {
    for (let i = 0; i < index.length; i += 3) {
      const [a, b, c] = [index[i] * 3, index[i + 1] * 3, index[i + 2] * 3];
      for (const [u, v] of [[1 / 3, 1 / 3], [0.05, 0.05], [0.9, 0.05], [0.05, 0.9]]) {
        const at = (k) => position[a + k] * (1 - u - v) + position[b + k] * u + position[c + k] * v;
        filled.add(key(at(0), at(1), at(2)));
      }
    }
  }
  for (const { center, radii } of ellipsoids) {
    for (let x = -radii[0]; x <= radii[0]; x += CELL) {
      for (let y = -radii[1]; y <= radii[1]; y += CELL) {
        for (let z = -radii[2]; z <= radii[2]; z += CELL) {
          if ((x / radii[0]) ** 2 + (y / radii[1]) ** 2 + (z / radii[2]) ** 2 <= 1) {
            filled.add(key(center[0] + x, center[1] + y, center[2] + z));
          }
        }
      }
    }
  }
  return { has: (x, y, z) => filled.has(key(x, y, z)) };
}

/** One openness per vertex for every mesh of merged solids. */
export function openness(meshes, ellipsoids = []) {
  const space = grid(meshes, ellipsoids);
  const rays = directions();
  return meshes.map(({ position, normal }) => {
    const open = new Float32Array(position.length / 3);
    for (let v = 0; v < open.length; v++) {
      const [x, y, z] = position.subarray(v * 3, v * 3 + 3);
      const n = normal.subarray(v * 3, v * 3 + 3);
      open[v] = share({ space, rays, origin: [x, y, z], n });
    }
    return open;
  });
}

function share({ space, rays, origin, n }) {
  // Any two directions across the normal will do.
  const flat = Math.abs(n[1]) < 0.9 ? [n[2], 0, -n[0]] : [0, -n[2], n[1]];
  const length = Math.hypot(...flat);
  const t = flat.map((value) => value / length);
  const b = [n[1] * t[2] - n[2] * t[1], n[2] * t[0] - n[0] * t[2], n[0] * t[1] - n[1] * t[0]];
  let [seen, total] = [0, 0];
  for (const [rx, ry, rz] of rays) {
    const d = [0, 1, 2].map((i) => t[i] * rx + b[i] * ry + n[i] * rz);
    let reach = 1;
    for (let s = 1; s <= STEPS; s++) {
      const far = CELL * (1.2 + s * 0.9);
      if (space.has(origin[0] + n[0] * CELL * 0.9 + d[0] * far, origin[1] + n[1] * CELL * 0.9 + d[1] * far, origin[2] + n[2] * CELL * 0.9 + d[2] * far)) {
        reach = (s / STEPS) * 0.7;
        break;
      }
    }
    seen += rz * reach;
    total += rz;
  }
  return seen / total;
}
