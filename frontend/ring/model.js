// The ring as a three.js group: metal, stones, shadow and engraving, from what assembly.js computed.
import * as THREE from "three";

import { assemble } from "./assembly.js";
import { meleePlanes } from "./cuts.js";
import { engravingMesh } from "./engraving.js";
import { gemMesh } from "./gem.js";
import { METALS, metalMesh } from "./metal.js";
import { openness } from "./occlusion.js";
import { contactShadow, SPAN_MM } from "./shadow.js";
import { merged } from "./sweep.js";

const MELEE = { kind: "diamond", color: "F", fancy_color: null };
const MELEE_BOUNCES = 5;

/** From the stone's frame (table along z) to a place in the ring with its table along `up`. */
function placed({ at, up, size, turn }) {
  const [u, z] = [new THREE.Vector3(...up), new THREE.Vector3(0, 0, 1)];
  const spin = new THREE.Quaternion().setFromAxisAngle(z, turn);
  const lift = new THREE.Quaternion().setFromUnitVectors(z, u);
  return new THREE.Matrix4().compose(new THREE.Vector3(...at), lift.multiply(spin), new THREE.Vector3(size, size, size));
}

function centerPlace(girdle) {
  return new THREE.Matrix4().makeTranslation(0, girdle, 0).multiply(new THREE.Matrix4().makeRotationX(-Math.PI / 2));
}

const SHADOW_VERTEX = /* glsl */ `
  out vec2 place;
  void main() { place = uv; gl_Position = projectionMatrix * viewMatrix * modelMatrix * vec4(position, 1.0); }
`;
const SHADOW_FRAGMENT = /* glsl */ `
  precision highp float;
  in vec2 place;
  uniform sampler2D dark;
  uniform float strength, high;  // the picture's height in pixels
  out vec4 color;
  void main() {
    // It ends before the paper's rim and before the picture's lower edge, so that neither is seen.
    float rim = smoothstep(0.5, 0.3, length(place - 0.5)) * smoothstep(0.0, 0.1, gl_FragCoord.y / high);
    color = vec4(vec3(0.23, 0.19, 0.15), texture(dark, place).r * rim * strength);
  }
`;

function shadowMesh(meshes, floor) {
  const { size, data } = contactShadow(meshes, floor);
  const texture = new THREE.DataTexture(data, size, size, THREE.RedFormat);
  texture.minFilter = texture.magFilter = THREE.LinearFilter;
  texture.needsUpdate = true;
  const mesh = new THREE.Mesh(
    new THREE.PlaneGeometry(SPAN_MM, SPAN_MM).rotateX(Math.PI / 2),
    new THREE.ShaderMaterial({
      glslVersion: THREE.GLSL3, vertexShader: SHADOW_VERTEX, fragmentShader: SHADOW_FRAGMENT, transparent: true,
      depthWrite: false, side: THREE.DoubleSide, uniforms: { dark: { value: texture }, strength: { value: 0.78 }, high: { value: 1 } },
    }),
  );
  mesh.position.y = floor;
  mesh.renderOrder = -1;
  return mesh;
}

/** The metal of a ring as meshes, with the shade that it and its stone throw on it. */
function shaded(plan) {
  const families = Object.keys(plan.solids);
  const meshes = families.map((family) => merged(plan.solids[family]));
  const stone = plan.center?.stone;
  const hidden = stone
    ? [{ center: [0, plan.levels.girdle - 0.4, 0], radii: [stone.width_mm * 0.44, stone.depth_mm * 0.36, stone.length_mm * 0.44] }]
    : [];
  const open = openness(meshes, hidden);
  return families.map((family, i) => ({ family, ...meshes[i], open: open[i] }));
}

/**
 * Build the group; `light` comes from studio.js. `before` is the model that this one follows: when only the engraving
 * differs, its metal is used again. `dispose()` frees what was made for the group.
 */
export function ringModel({ spec, light, bounces, before = null }) {
  const plan = assemble(spec);
  const shape = JSON.stringify({ ...spec, engraving: "" });
  const metals = before?.shape === shape ? before.metals : shaded(plan);
  const stone = plan.center?.stone;

  const group = new THREE.Group();
  const band = (spec.shank.width_mm + spec.shank.top_width_mm) / 2;
  for (const solid of metals) {
    group.add(metalMesh({ solid, family: solid.family, tent: light.metal, blur: 0.9 + light.sharpness, hole: plan.innerRadius, band }));
  }
  const headMetal = METALS[spec.head.metal] ?? METALS.platinum;
  const traced = [];
  if (plan.center) {
    traced.push(gemMesh({
      planes: plan.center.planes, places: [centerPlace(plan.center.girdle)], tent: light.stone, stone, metal: headMetal, bounces,
    }));
  }
  if (plan.stones.length) {
    traced.push(gemMesh({
      planes: meleePlanes({ girdleFacets: 8 }), places: plan.stones.map(placed), tent: light.stone, stone: MELEE,
      metal: METALS[spec.metal.family] ?? headMetal, bounces: Math.min(bounces, MELEE_BOUNCES),
    }));
  }
  if (plan.sides) {
    traced.push(gemMesh({
      planes: plan.sides.planes, places: plan.sides.stones.map(placed), tent: light.stone, stone: plan.sides.stone, metal: headMetal,
      bounces: Math.min(bounces, MELEE_BOUNCES),
    }));
  }
  if (traced.length) group.add(...traced);
  if (plan.engraving) group.add(engravingMesh({ text: plan.engraving, innerRadius: plan.innerRadius, width: spec.shank.width_mm }));
  const shadow = shadowMesh(metals, plan.levels.floor);
  group.add(shadow);

  return {
    group,
    plan,
    shape,
    metals,
    shadow,
    trace: (most) => traced.forEach(({ material }, i) => {
      const isMelee = !plan.center || i > 0;
      material.uniforms.bounces.value = isMelee ? Math.min(most, MELEE_BOUNCES) : most;
    }),
    dispose: () => group.traverse((each) => {
      each.geometry?.dispose();
      if (!each.material) return;
      for (const name of ["dark", "text"]) each.material.uniforms[name]?.value.dispose();
      each.material.dispose();
      if (each.isInstancedMesh) each.dispose();
    }),
  };
}
