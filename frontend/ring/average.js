// Many frames, each moved by a part of a pixel, averaged into one: smooth edges, and calm facets inside the stone.
import * as THREE from "three";

import { FULL_SCREEN_VERTEX } from "./glsl.js";
import { drawOver } from "./studio.js";

const halton = (index, base) => {
  let [share, sum] = [1, 0];
  for (let i = index; i > 0; i = Math.floor(i / base)) {
    share /= base;
    sum += share * (i % base);
  }
  return sum;
};

const copyMaterial = () => new THREE.ShaderMaterial({
  glslVersion: THREE.GLSL3,
  vertexShader: FULL_SCREEN_VERTEX,
  fragmentShader: /* glsl */ `
    precision highp float;
    in vec2 place;
    uniform sampler2D picture;
    uniform float share;
    out vec4 color;
    void main() { color = vec4(texture(picture, place * 0.5 + 0.5).rgb, share); }
  `,
  uniforms: { picture: { value: null }, share: { value: 1 } },
  transparent: true,
  depthTest: false,
  depthWrite: false,
});

/** One average at a time. Start it with `begin`, then `add` a frame as often as wanted. */
export function averager(renderer, scene, camera) {
  const gl = renderer.getContext();
  const copy = copyMaterial();
  let targets = null;
  let count = 0;

  const free = () => {
    if (targets) Object.values(targets).forEach((target) => target.dispose());
    targets = null;
  };
  return {
    begin: (width, height) => {
      count = 0;
      if (targets?.sum.width === width && targets.sum.height === height) return;
      free();
      const options = { minFilter: THREE.LinearFilter, magFilter: THREE.LinearFilter };
      targets = {
        shot: new THREE.WebGLRenderTarget(width, height, { ...options, depthBuffer: true }),
        sum: new THREE.WebGLRenderTarget(width, height, { ...options, type: THREE.HalfFloatType, depthBuffer: false }),
      };
    },
    /** Draw a frame into the average and wait for it; how many milliseconds it took. */
    add: () => {
      const { width, height } = targets.sum;
      const start = performance.now();
      camera.setViewOffset(width, height, halton(count + 1, 2) - 0.5, halton(count + 1, 3) - 0.5, width, height);
      renderer.setRenderTarget(targets.shot);
      renderer.render(scene, camera);
      camera.clearViewOffset();
      copy.uniforms.picture.value = targets.shot.texture;
      copy.uniforms.share.value = 1 / (count + 1);
      renderer.autoClear = false;
      renderer.setRenderTarget(targets.sum);
      drawOver(renderer, copy);
      renderer.autoClear = true;
      renderer.setRenderTarget(targets.shot); // whose bytes can be read
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
      renderer.setRenderTarget(null);
      count += 1;
      return performance.now() - start;
    },
    /** Put the average on the canvas. */
    show: () => {
      copy.uniforms.picture.value = targets.sum.texture;
      copy.uniforms.share.value = 1;
      renderer.setRenderTarget(null);
      drawOver(renderer, copy);
    },
    /** The average as RGBA rows from the top. */
    pixels: () => {
      const { width, height } = targets.sum;
      const half = new Uint16Array(width * height * 4);
      renderer.readRenderTargetPixels(targets.sum, 0, 0, width, height, half);
      const bytes = new Uint8ClampedArray(half.length);
      for (let y = 0; y < height; y++) {
        const [from, to] = [(height - 1 - y) * width * 4, y * width * 4];
        for (let i = 0; i < width * 4; i++) {
          bytes[to + i] = i % 4 === 3 ? 255 : THREE.DataUtils.fromHalfFloat(half[from + i]) * 255;
        }
      }
      return bytes;
    },
    free,
    /** After a lost context: what was there is no more. */
    forget: () => { targets = null; },
    dispose: () => {
      free();
      copy.dispose();
    },
  };
}
