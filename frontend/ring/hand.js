// Four fingers of a left hand, of unglazed porcelain in one of three tones, so that a ring is seen at its size on one. The
// ring finger is as thick as the ring is wide, and all else follows from it; toward the hand they fade into the paper.
import * as THREE from "three";

import { SHOWN } from "./glsl.js";
import { loft, merged } from "./sweep.js";

/** Linear light; neutral, neither pink nor yellow. */
export const TONES = { light: [0.78, 0.66, 0.575], medium: [0.5, 0.345, 0.25], deep: [0.2, 0.122, 0.085] };

const VERTEX = /* glsl */ `
  out vec3 facing, spot;
  void main() {
    facing = mat3(modelMatrix) * normal;
    spot = position;
    gl_Position = projectionMatrix * viewMatrix * modelMatrix * vec4(position, 1.0);
  }
`;
const FRAGMENT = /* glsl */ `
  precision highp float;
  in vec3 facing, spot;
  uniform samplerCube tent;
  uniform vec3 paper, tone;
  uniform vec2 band;  // between which z metal lies
  uniform float radius;
  uniform vec2 fade;
  out vec4 color;
  ${SHOWN}
  void main() {
    vec3 n = normalize(facing);
    vec3 light = textureLod(tent, n, 6.0).rgb;
    float far = max(band.x - spot.z, spot.z - band.y);
    float under = (1.0 - smoothstep(-0.3, 3.0, far)) * (1.0 - smoothstep(radius * 0.9, radius * 1.25, abs(spot.x)));
    float between = smoothstep(0.5, 1.0, abs(n.x)) * 0.3;
    vec3 clay = tone * (0.16 + 0.5 * light + 0.3 * max(0.0, n.y)) * (1.0 - 0.5 * under) * (1.0 - between);
    color = vec4(mix(shown(clay), paper, smoothstep(fade.x, fade.y, spot.z)), 1.0);
  }
`;

// Of the ring finger's thickness: where a finger begins, how thick and how long it is from there, which way it spreads (degrees).
const FINGERS = [
  { x: -1.03, web: 0.95, thick: 0.86, long: 3.25, spread: -7 },
  { x: 0, web: 0.72, thick: 1, long: 4.25, spread: 0 },
  { x: 1.07, web: 0.66, thick: 1.05, long: 4.7, spread: 3 },
  { x: 2.16, web: 0.86, thick: 1.02, long: 4.2, spread: 7 },
];
const [FADE, FADED] = [0.74, 1.42]; // from where to where they fade, of the same thickness

const hill = (share, middle, width) => Math.exp(-(((share - middle) / width) ** 2));

/** How thick a finger is, `share` of the way to its tip: two knuckles, and a tip that closes like an egg. */
function thickness(share) {
  const slim = 1 - 0.3 * Math.max(0, share - 0.42) + 0.05 * hill(share, 0.58, 0.07) + 0.03 * hill(share, 0.8, 0.06);
  const tip = Math.max(0, share - 0.84) / 0.16;
  return slim * Math.sqrt(Math.max(0.0004, 1 - tip ** 2.3));
}

function finger({ x, web, thick, long, spread }, d) {
  const [s, c] = [Math.sin((spread * Math.PI) / 180), Math.cos((spread * Math.PI) / 180)];
  const steps = 56;
  const rows = Array.from({ length: steps + 1 }, (_, k) => {
    const share = 1 - (1 - k / steps) ** 1.6;  // closer to each other where the tip closes
    const way = (share * long - 0.8) * d;
    const r = (d / 2) * thick * 0.997 * thickness(share);
    const low = -0.42 * Math.max(0, share - 0.4) ** 1.5 * d;  // it hangs a little
    return Array.from({ length: 40 }, (_, j) => {
      const angle = (j / 40) * 2 * Math.PI;
      const across = Math.cos(angle) * r;
      return [x * d + across * c + way * s, low + Math.sin(angle) * r * (1 - 0.1 * Math.max(0, share - 0.4)), web * d - way * c + across * s];
    });
  });
  return loft(rows);
}

/** `beside` is the wedding band's reach along the finger, or null. */
export function handMesh({ radius, band, beside, tent, paper, tone }) {
  const d = radius * 2;
  const solid = merged(FINGERS.map((each) => finger(each, d)));
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute("position", new THREE.BufferAttribute(solid.position, 3));
  geometry.setAttribute("normal", new THREE.BufferAttribute(solid.normal, 3));
  geometry.setIndex(new THREE.BufferAttribute(solid.index, 1));
  return new THREE.Mesh(geometry, new THREE.ShaderMaterial({
    glslVersion: THREE.GLSL3, vertexShader: VERTEX, fragmentShader: FRAGMENT,
    uniforms: {
      tent: { value: tent }, paper: { value: paper }, tone: { value: new THREE.Vector3(...TONES[tone]) },
      band: { value: new THREE.Vector2(-band / 2, Math.max(band / 2, beside?.edge ?? 0)) },
      radius: { value: radius }, fade: { value: new THREE.Vector2(FADE * d, FADED * d) },
    },
  }));
}
