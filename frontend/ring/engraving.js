// The words inside the band, opposite the head, where a light from the front falls on them.
import * as THREE from "three";

const VERTEX = /* glsl */ `
  out vec2 place;
  void main() { place = uv; gl_Position = projectionMatrix * viewMatrix * modelMatrix * vec4(position, 1.0); }
`;
const FRAGMENT = /* glsl */ `
  precision highp float;
  in vec2 place;
  uniform sampler2D text;
  out vec4 color;
  void main() { color = vec4(0.16, 0.11, 0.06, texture(text, place).r * 0.62); }
`;

const HEIGHT_PX = 96;

function written(text) {
  const canvas = globalThis.document ? document.createElement("canvas") : new OffscreenCanvas(1, HEIGHT_PX);
  const pen = canvas.getContext("2d");
  const font = `italic ${HEIGHT_PX * 0.62}px "Newsreader Variable", Newsreader, Georgia, serif`;
  pen.font = font;
  canvas.width = Math.min(2048, Math.ceil(pen.measureText(text).width) + 24);
  canvas.height = HEIGHT_PX;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.font = font;
  pen.fillStyle = "#fff";
  pen.textBaseline = "middle";
  pen.fillText(text, 12, HEIGHT_PX / 2, canvas.width - 24);
  return canvas;
}

/** A strip a hair above the inner surface; it is blended over the metal. */
export function engravingMesh({ text, innerRadius, width }) {
  const canvas = written(text);
  const height = width * 0.78;
  const radius = innerRadius - 0.015;
  const angle = Math.min(2.6, ((canvas.width / canvas.height) * height) / radius);
  const columns = 48;
  const [position, uv, index] = [[], [], []];
  for (let i = 0; i <= columns; i++) {
    // Read from the front: left to right along the palm's inside, the letters' feet toward the reader.
    const theta = (i / columns - 0.5) * angle;
    for (const [z, v] of [[height / 2, 0], [-height / 2, 1]]) {
      position.push(Math.sin(theta) * radius, -Math.cos(theta) * radius, z);
      uv.push(i / columns, v);
    }
    if (i < columns) index.push(i * 2, i * 2 + 2, i * 2 + 1, i * 2 + 1, i * 2 + 2, i * 2 + 3);
  }
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute("position", new THREE.Float32BufferAttribute(position, 3));
  geometry.setAttribute("uv", new THREE.Float32BufferAttribute(uv, 2));
  geometry.setIndex(index);
  const texture = new THREE.CanvasTexture(canvas);
  texture.anisotropy = 4;
  return new THREE.Mesh(geometry, new THREE.ShaderMaterial({
    glslVersion: THREE.GLSL3, vertexShader: VERTEX, fragmentShader: FRAGMENT, transparent: true, depthWrite: false,
    side: THREE.FrontSide, uniforms: { text: { value: texture } },
  }));
}
