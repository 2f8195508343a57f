// The photographer's studio: two light tents made of soft boxes and black flags, drawn into small cubes of light.
// Metal wants broad boxes and dark edges; a stone wants a bright sky, a few dark cards and many small lamps.
import * as THREE from "three";

import { FULL_SCREEN_VERTEX } from "./glsl.js";

const WARM = [1.0, 0.95, 0.88];
const COOL = [0.93, 0.97, 1.0];
const WHITE = [1, 1, 1];

// A card: where it hangs (any distance, the direction counts), its half width and height as seen from the ring
// (tangents of angles), brightness, color, softness of the edge, and how much of what is behind it, it hides.
const card = (at, half, light, color = WHITE, soft = 0.12, cover = 1) => ({ at, half, light, color, soft, cover });

const METAL_TENT = {
  low: [0.82, 0.79, 0.75], middle: [0.49, 0.48, 0.47], high: [0.86, 0.855, 0.85],
  cards: [
    card([0, 14, 3], [0.62, 0.44], 4.2, WHITE, 0.16),
    card([-13, 4, 5], [0.20, 0.72], 4.6, WARM),
    card([13, 5, 2], [0.16, 0.66], 5.2, COOL),
    card([3, 4, -14], [0.46, 0.20], 2.6),
    card([6, 7, 13], [0.34, 0.16], 1.9, WARM, 0.2),
    card([-3, -5, 13], [0.5, 0.10], 1.5, WHITE, 0.22, 0.8),
    card([9, -7, 9], [0.12, 0.5], 0.12, WHITE, 0.2, 0.7),
    card([-9, -8, 7], [0.10, 0.5], 0.14, WHITE, 0.2, 0.6),
    card([-9, 1, 11], [0.12, 0.9], 0.05, WHITE, 0.14, 0.85),
    card([10.5, 1, 8], [0.12, 0.9], 0.05, WHITE, 0.12, 0.88),
    card([0, 9, 11], [0.85, 0.10], 0.04, WHITE, 0.1, 0.85),
    card([-12, -1, -8], [0.22, 0.44], 0.04, WHITE, 0.15, 0.9),
  ],
};

const lamp = (at, k) => card(at, [0.05, 0.05], 60, k % 3 ? WHITE : WARM, 0.02);
const LAMPS = [
  [-6, 13, 6], [7, 12, 5], [2, 14, -6], [-9, 9, -7], [11, 8, 8], [-12, 7, 9], [0, 9, 14], [9, 13, -3], [-3, 15, 3],
  [13, 4, -6], [-14, 3, -2], [4, 6, 15], [3, 15, 5], [-2, 12, 10], [-10, 12, 0], [5, 10, -11],
];

// What stands round the counter at the height of the eye: windows, lit cases and the dark between them. From above, the
// tables of long stones look there; before one gray wall they were one gray. The one behind the ring is dim: from the front the
// table mirrors it.
const WALLS = Array.from({ length: 13 }, (_, k) => {
  const [turn, rise] = [((k * 360) / 13 + 8) * (Math.PI / 180), (4 * Math.PI) / 180];
  const at = [Math.cos(rise) * Math.sin(turn), Math.sin(rise), Math.cos(rise) * Math.cos(turn)];
  return card(at, [0.13 + 0.03 * (k % 3), 0.34], [0.3, 0.05, 1.9, 0.03, 2.4, 0.75][k % 6], [WHITE, WARM, COOL][k % 3], 0.08);
});

const STONE_TENT = {
  low: [0.13, 0.13, 0.135], middle: [0.33, 0.34, 0.36], high: [0.92, 0.94, 0.97],
  cards: [
    ...WALLS,
    card([-6, 13, -3], [0.30, 0.22], 2.9),
    card([7, 12, -3], [0.28, 0.22], 2.6),
    card([-14, 6, 1], [0.18, 0.44], 3.4, WARM),
    card([14, 7, -2], [0.15, 0.40], 3.4, COOL),
    card([-7, 8, -12], [0.20, 0.24], 2.5),
    card([8.5, 9, -11], [0.18, 0.22], 2.2),
    card([7, 9, 11], [0.16, 0.10], 3.0, WARM),
    card([-8, 9, 10], [0.14, 0.14], 2.8, COOL),
    card([0.5, 8, -14], [0.30, 0.20], 0.16, WHITE, 0.1, 0.9),
    card([1, 14, 6], [0.12, 0.12], 0.03, WHITE, 0.05),
    card([-3.5, 9, 12], [0.12, 0.12], 0.03, WHITE, 0.05),
    card([5.5, 12, 8.5], [0.11, 0.11], 0.03, WHITE, 0.05),
    ...LAMPS.map(lamp),
  ],
};

// How each side of a cube looks out, in OpenGL's order: direction = axis + s * right + t * down.
const SIDES = [
  [[1, 0, 0], [0, 0, -1], [0, -1, 0]], [[-1, 0, 0], [0, 0, 1], [0, -1, 0]],
  [[0, 1, 0], [1, 0, 0], [0, 0, 1]], [[0, -1, 0], [1, 0, 0], [0, 0, -1]],
  [[0, 0, 1], [1, 0, 0], [0, -1, 0]], [[0, 0, -1], [-1, 0, 0], [0, -1, 0]],
];

const fragment = (count) => /* glsl */ `
  precision highp float;
  in vec2 place;
  out vec4 light;
  uniform vec3 axis, right, down, low, middle, high;
  uniform vec3 at[${count}], color[${count}];
  uniform vec4 shape[${count}];  // half width, half height, softness, cover
  void main() {
    vec3 d = normalize(axis + place.x * right + place.y * down);
    vec3 sum = mix(mix(low, middle, smoothstep(-0.85, 0.08, d.y)), high, smoothstep(0.15, 1.0, d.y));
    for (int i = 0; i < ${count}; i++) {
      float facing = dot(d, at[i]);
      if (facing <= 0.0) continue;
      vec3 p = d / facing;
      vec3 x = normalize(cross(abs(at[i].y) > 0.98 ? vec3(0, 0, -1) : vec3(0, 1, 0), at[i]));
      vec2 q = abs(vec2(dot(p, x), dot(p, cross(at[i], x))));
      vec2 inside = smoothstep(shape[i].xy + shape[i].z, shape[i].xy - shape[i].z * 0.3, q);
      sum = mix(sum, color[i], inside.x * inside.y * shape[i].w);
    }
    light = vec4(sum, 1.0);
  }
`;

function room(tent) {
  const vector = (values) => new THREE.Vector3(...values);
  return new THREE.ShaderMaterial({
    glslVersion: THREE.GLSL3,
    vertexShader: FULL_SCREEN_VERTEX,
    fragmentShader: fragment(tent.cards.length),
    depthTest: false,
    depthWrite: false,
    uniforms: {
      axis: { value: vector([0, 0, 0]) }, right: { value: vector([0, 0, 0]) }, down: { value: vector([0, 0, 0]) },
      low: { value: vector(tent.low) }, middle: { value: vector(tent.middle) }, high: { value: vector(tent.high) },
      at: { value: tent.cards.map(({ at }) => vector(at).normalize()) },
      color: { value: tent.cards.map(({ color, light }) => vector(color).multiplyScalar(light)) },
      shape: { value: tent.cards.map(({ half, soft, cover }) => new THREE.Vector4(...half, soft, cover)) },
    },
  });
}

function triangle() {
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute("position", new THREE.Float32BufferAttribute([-1, -1, 0, 3, -1, 0, -1, 3, 0], 3));
  return geometry;
}

/** Draw a full screen of a material into the renderer's present target. */
export function drawOver(renderer, material) {
  const geometry = triangle();
  const mesh = new THREE.Mesh(geometry, material);
  mesh.frustumCulled = false;
  const scene = new THREE.Scene();
  scene.add(mesh);
  renderer.render(scene, new THREE.Camera());
  geometry.dispose();
}

function lit(renderer, tent, size) {
  const cube = new THREE.WebGLCubeRenderTarget(size, {
    type: THREE.HalfFloatType, minFilter: THREE.LinearMipmapLinearFilter, generateMipmaps: true,
  });
  const material = room(tent);
  const before = renderer.getRenderTarget();
  SIDES.forEach(([axis, right, down], side) => {
    material.uniforms.axis.value.set(...axis);
    material.uniforms.right.value.set(...right);
    material.uniforms.down.value.set(...down);
    cube.texture.generateMipmaps = side === SIDES.length - 1;
    renderer.setRenderTarget(cube, side);
    drawOver(renderer, material);
  });
  renderer.setRenderTarget(before);
  material.dispose();
  return cube;
}

/** Both tents as cubes; `sizes` in pixels. Draw them again after a lost context. */
export function studio(renderer, { metal = 256, stone = 256 } = {}) {
  const cubes = { metal: lit(renderer, METAL_TENT, metal), stone: lit(renderer, STONE_TENT, stone) };
  return {
    metal: cubes.metal.texture,
    stone: cubes.stone.texture,
    sharpness: Math.log2(metal / 256),
    dispose: () => Object.values(cubes).forEach((cube) => cube.dispose()),
  };
}
