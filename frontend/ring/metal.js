// Polished precious metal: the studio in its surface, darker where the ring shades itself, and the inside of the band
// seeing its own far side once, which is what makes gold look warm in there.
import * as THREE from "three";

import { SHOWN } from "./glsl.js";

// Reflectance at right angles, linear light.
export const METALS = {
  yellow: [1.0, 0.745, 0.345],
  rose: [0.98, 0.63, 0.49],
  white: [0.9, 0.875, 0.83],
  platinum: [0.75, 0.75, 0.748],
};

const VERTEX = /* glsl */ `
  in float open;
  out vec3 spot, facing, eye; out float light; flat out mat3 turned;
  void main() {
    turned = mat3(modelMatrix);
    eye = (cameraPosition - modelMatrix[3].xyz) * turned;
    spot = position;
    facing = normal;
    light = open;
    gl_Position = projectionMatrix * viewMatrix * modelMatrix * vec4(position, 1.0);
  }
`;

const FRAGMENT = /* glsl */ `
  precision highp float;
  in vec3 spot, facing, eye; in float light; flat in mat3 turned;
  uniform samplerCube tent;
  uniform vec3 tint;
  uniform float blur, hole, band;
  out vec4 color;
  ${SHOWN}

  vec3 around(vec3 d, float softer) { return textureLod(tent, turned * d, blur + softer).rgb; }

  void main() {
    vec3 n = normalize(facing), v = normalize(spot - eye), r = reflect(v, n);
    float grazing = pow(1.0 - max(0.0, -dot(v, n)), 5.0);
    vec3 mirror = mix(tint, vec3(1.0), grazing * 0.6);
    vec3 seen = around(r, 0.0);

    // Inside the band: does the reflected ray meet the far side of the finger hole?
    float inward = -dot(normalize(spot.xy), n.xy);
    if (inward > 0.0 && length(spot.xy) < hole + 0.4) {
      float a = dot(r.xy, r.xy), b = dot(spot.xy, r.xy), c = dot(spot.xy, spot.xy) - hole * hole;
      float t = (-b + sqrt(max(b * b - a * c, 0.0))) / max(a, 1e-5);
      vec3 far = spot + r * t;
      float within = smoothstep(band * 0.5 + 0.12, band * 0.5 - 0.12, abs(far.z)) * step(0.02, t);
      vec3 again = reflect(r, vec3(-far.xy / hole, 0.0));
      seen = mix(seen, tint * around(again, 0.7), within * smoothstep(0.0, 0.3, inward));
    }

    float open = clamp(light * 1.3, 0.0, 1.0);
    float shade = clamp(pow(max(0.0, -dot(v, n)) + open, 1.6) - 1.0 + open, 0.0, 1.0);
    vec3 near = tint * around(n, 4.0) * 0.42;  // the metal next to it
    color = vec4(shown(mirror * mix(near, seen, mix(0.12, 1.0, shade))), 1.0);
  }
`;

export function metalMaterial({ family, tent, blur, hole, band }) {
  return new THREE.ShaderMaterial({
    glslVersion: THREE.GLSL3,
    vertexShader: VERTEX,
    fragmentShader: FRAGMENT,
    uniforms: {
      tent: { value: tent },
      tint: { value: new THREE.Vector3(...(METALS[family] ?? METALS.platinum)) },
      blur: { value: blur },
      hole: { value: hole },
      band: { value: band },
    },
  });
}

/** A mesh of one metal. `solid` = {position, normal, index, open}. */
export function metalMesh({ solid, ...rest }) {
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute("position", new THREE.BufferAttribute(solid.position, 3));
  geometry.setAttribute("normal", new THREE.BufferAttribute(solid.normal, 3));
  geometry.setAttribute("open", new THREE.BufferAttribute(solid.open, 1));
  geometry.setIndex(new THREE.BufferAttribute(solid.index, 1));
  return new THREE.Mesh(geometry, metalMaterial(rest));
}
