// A stone traced by its own facet planes: exact for a convex cut, without a texture or a tree of triangles. A ray enters
// by Snell's law, is reflected inside as long as Fresnel's share is worth it, and at every exit looks into the studio
// three times, once for each color.
import * as THREE from "three";

import { SHOWN } from "./glsl.js";
import { isHalf, mesh } from "./polyhedron.js";

export const MOST_BOUNCES = 9;

const KINDS = {
  diamond: { ior: 2.417, dispersion: 0.03 },
  moissanite: { ior: 2.65, dispersion: 0.055 },
  sapphire: { ior: 1.77, dispersion: 0.011, absorb: [0.36, 0.21, 0.04] },
  ruby: { ior: 1.77, dispersion: 0.011, absorb: [0.03, 0.44, 0.33] },
  emerald: { ior: 1.58, dispersion: 0.009, absorb: [0.42, 0.1, 0.24] },
  morganite: { ior: 1.58, dispersion: 0.009, absorb: [0.01, 0.07, 0.055] },
};

// What a millimeter of a fancy stone takes away from red, green and blue.
const FANCY = {
  yellow: [0.0, 0.015, 0.085], orange: [0.0, 0.038, 0.12], pink: [0.008, 0.062, 0.036], red: [0.02, 0.2, 0.17],
  blue: [0.075, 0.036, 0.01], green: [0.06, 0.012, 0.05], purple: [0.045, 0.075, 0.016], violet: [0.055, 0.065, 0.014],
  brown: [0.035, 0.06, 0.1], champagne: [0.014, 0.03, 0.058], gray: [0.045, 0.043, 0.04], black: [1.5, 1.5, 1.5],
};

/** Absorption per millimeter: by kind of stone, by fancy hue, or by color grade (D shows none, Z a distinct yellow). */
export function absorption(stone) {
  const kind = KINDS[stone.kind];
  if (kind?.absorb) return kind.absorb;
  const hue = (stone.fancy_color ?? "").toLowerCase();
  const known = Object.keys(FANCY).find((name) => hue.includes(name));
  if (known) return FANCY[known];
  const grade = (stone.color ?? "D").toUpperCase().charCodeAt(0) - 68;
  const tint = Math.min(22, Math.max(0, grade)) ** 1.35;
  return [0.00008 * tint, 0.00035 * tint, 0.0016 * tint];
}

const VERTEX = /* glsl */ `
  out vec3 spot; flat out vec3 facing; flat out vec3 eye; flat out mat3 turned;
  void main() {
    mat4 m = modelMatrix * instanceMatrix;
    float scale = length(m[0].xyz);
    turned = mat3(m) / scale;
    eye = (cameraPosition - m[3].xyz) * turned / scale;
    spot = position;
    facing = normal;
    gl_Position = projectionMatrix * viewMatrix * m * vec4(position, 1.0);
  }
`;

const FRAGMENT = /* glsl */ `
  precision highp float;
  in vec3 spot; flat in vec3 facing; flat in vec3 eye; flat in mat3 turned;
  uniform vec4 planes[PLANES];
  uniform samplerCube tent;
  uniform float ior, dispersion, gain;
  uniform vec3 absorb, metal;
  uniform int bounces;
  out vec4 color;
  float side = 1.0;  // which half of a heart the ray is in
  vec3 watcher;      // the direction of the camera
  ${SHOWN}

  vec3 around(vec3 d) {
    d.x *= side;
    vec3 light = textureLod(tent, turned * d, 0.0).rgb;
    float below = smoothstep(-0.1, -0.75, d.z);  // down there the light meets the setting and the finger
    light = mix(light, light * metal * 0.5 + metal * 0.03, below);
    // Whoever looks at a stone stands in its light: that dark spot is what draws the arrows.
    return light * mix(1.0, 0.10, smoothstep(0.955, 0.985, dot(d, watcher)));
  }

  float fresnel(float cosine, float from, float to) {
    float s = from / to;
    float k = 1.0 - s * s * (1.0 - cosine * cosine);
    if (k <= 0.0) return 1.0;
    float c = sqrt(k);
    float a = (from * cosine - to * c) / (from * cosine + to * c);
    float b = (from * c - to * cosine) / (from * c + to * cosine);
    return 0.5 * (a * a + b * b);
  }

  void main() {
    vec3 n = normalize(facing), v = normalize(spot - eye), p = spot;
    watcher = normalize(eye);
    #ifdef HALVED
      if (p.x < 0.0) { side = -1.0; p.x = -p.x; n.x = -n.x; v.x = -v.x; }
    #endif
    float mirror = fresnel(max(0.0, -dot(v, n)), 1.0, ior);
    vec3 sum = mirror * around(reflect(v, n));
    vec3 d = refract(v, n, 1.0 / ior), kept = vec3(1.0 - mirror);
    p -= n * 1e-4;
    for (int i = 0; i < ${MOST_BOUNCES}; i++) {
      if (i >= bounces) break;
      float far = 1e9; int hit = 0;
      for (int k = 0; k < PLANES; k++) {
        float along = dot(planes[k].xyz, d);
        if (along > 1e-5) {
          float t = (planes[k].w - dot(planes[k].xyz, p)) / along;
          if (t < far) { far = t; hit = k; }
        }
      }
      far = max(far, 0.0);
      p += d * far;
      kept *= exp(-absorb * far);
      vec3 h = planes[hit].xyz;
      #ifdef HALVED
        if (hit == PLANES - 1) { side = -side; d.x = -d.x; p.x = 1e-4; continue; }
      #endif
      float inside = fresnel(dot(d, h), ior, 1.0);
      if (inside < 0.999) {
        vec3 e = around(refract(d, -h, ior));
        if (dispersion > 0.0 && i < 5) {
          vec3 red = refract(d, -h, ior - dispersion), blue = refract(d, -h, ior + dispersion);
          if (dot(red, red) > 0.0) e.r = around(red).r;
          e.b = dot(blue, blue) > 0.0 ? around(blue).b : 0.0;
        }
        sum += kept * (1.0 - inside) * e;
        kept *= inside;
      }
      if (max(kept.r, max(kept.g, kept.b)) < 0.015) { kept = vec3(0.0); break; }
      d = reflect(d, h);
      p -= h * 1e-4;
    }
    // What is still inside then leaves by the crown, sooner or later: the pavilion has held it so far.
    sum += kept * around(vec3(d.xy, abs(d.z))) * 0.42;
    color = vec4(shown(min(sum * gain, vec3(20.0))), 1.0);
  }
`;

/** The material of one cut. `metal` is the setting's color, which the light from below takes on. */
export function gemMaterial({ planes, tent, stone, metal, bounces }) {
  const { ior, dispersion } = KINDS[stone.kind] ?? KINDS.diamond;
  // The seam of a heart is the last plane, as the shader expects.
  const ordered = [...planes.filter(({ part }) => part !== "seam"), ...planes.filter(({ part }) => part === "seam")];
  return new THREE.ShaderMaterial({
    glslVersion: THREE.GLSL3,
    defines: { PLANES: ordered.length, ...(isHalf(planes) ? { HALVED: 1 } : {}) },
    vertexShader: VERTEX,
    fragmentShader: FRAGMENT,
    uniforms: {
      planes: { value: ordered.map(({ n, d }) => new THREE.Vector4(...n, d)) },
      tent: { value: tent },
      ior: { value: ior },
      dispersion: { value: dispersion },
      gain: { value: 1.12 },
      absorb: { value: new THREE.Vector3(...absorption(stone)) },
      metal: { value: new THREE.Color(...metal) },
      bounces: { value: bounces },
    },
  });
}

/** Stones of one cut at their places (matrices from the stone's frame into the ring's). */
export function gemMesh({ planes, places, ...rest }) {
  const { position, normal } = mesh(planes);
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute("position", new THREE.BufferAttribute(position, 3));
  geometry.setAttribute("normal", new THREE.BufferAttribute(normal, 3));
  const found = new THREE.InstancedMesh(geometry, gemMaterial({ planes, ...rest }), places.length);
  places.forEach((place, i) => found.setMatrixAt(i, place));
  found.frustumCulled = false;
  return found;
}
