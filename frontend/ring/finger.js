// A finger of unglazed porcelain, so that a ring is seen at its size on one. It is no picture of a hand.
import * as THREE from "three";

import { SHOWN } from "./glsl.js";
import { loft, merged } from "./sweep.js";

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
  uniform vec3 paper;
  uniform float band, wrist;
  out vec4 color;
  ${SHOWN}
  void main() {
    vec3 n = normalize(facing);
    vec3 light = textureLod(tent, n, 6.0).rgb;
    float shade = mix(0.55, 1.0, smoothstep(-0.2, 3.2, abs(spot.z) - band * 0.5));
    vec3 clay = vec3(0.80, 0.72, 0.655) * (0.10 + 0.62 * light + 0.20 * max(0.0, n.y)) * shade;
    float gone = smoothstep(wrist, wrist + 11.0, spot.z);  // toward the palm it fades into the paper
    color = vec4(mix(shown(clay), paper, gone), 1.0);
  }
`;

const TIP = -24;
const WRIST = 30;

export function fingerMesh({ radius, band, tent, paper }) {
  const rows = [];
  const width = (z) => radius * (0.997 + 0.0035 * Math.min(z, 0));
  for (let k = 0; k <= 12; k++) {
    const angle = (k / 12) * (Math.PI / 2);
    const z = TIP - 7 * Math.cos(angle);
    rows.push({ z, r: width(TIP) * Math.max(0.002, Math.sin(angle)) });
  }
  for (let z = TIP + 1.5; z <= WRIST; z += 1.5) rows.push({ z, r: width(z) });
  const solid = merged([loft(rows.map(({ z, r }) => Array.from({ length: 64 }, (_, j) => {
    const angle = (-j / 64) * 2 * Math.PI;
    return [Math.cos(angle) * r, Math.sin(angle) * r * 0.985, z];
  })))]);
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute("position", new THREE.BufferAttribute(solid.position, 3));
  geometry.setAttribute("normal", new THREE.BufferAttribute(solid.normal, 3));
  geometry.setIndex(new THREE.BufferAttribute(solid.index, 1));
  return new THREE.Mesh(geometry, new THREE.ShaderMaterial({
    glslVersion: THREE.GLSL3, vertexShader: VERTEX, fragmentShader: FRAGMENT,
    uniforms: { tent: { value: tent }, paper: { value: paper }, band: { value: band }, wrist: { value: WRIST - 12 } },
  }));
}
