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

const LOOK_AGAIN_MS = 4;

/** Resolves when all that was asked of the graphics card is drawn. The page is not held up meanwhile. */
export function drawn(gl) {
  const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
  gl.flush();
  return new Promise((resolve) => {
    const look = () => {
      if (!gl.isContextLost() && gl.clientWaitSync(fence, 0, 0) === gl.TIMEOUT_EXPIRED) {
        setTimeout(look, LOOK_AGAIN_MS);
        return;
      }
      gl.deleteSync(fence);
      resolve();
    };
    look();
  });
}

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
    /** Draw a frame into the average; resolves when it is drawn, with how many milliseconds that took. */
    add: async () => {
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
      renderer.setRenderTarget(null);
      count += 1;
      await drawn(gl);
      return performance.now() - start;
    },
    /** Put the average on the canvas. */
    show: () => {
      copy.uniforms.picture.value = targets.sum.texture;
      copy.uniforms.share.value = 1;
      renderer.setRenderTarget(null);
      drawOver(renderer, copy);
    },
    /** Resolves with the average as RGBA rows from the top. */
    pixels: async () => {
      const { width, height } = targets.sum;
      copy.uniforms.picture.value = targets.sum.texture;
      copy.uniforms.share.value = 1;
      renderer.setRenderTarget(targets.shot);
      drawOver(renderer, copy);
      renderer.setRenderTarget(null);
      const upward = new Uint8Array(width * height * 4);
      await renderer.readRenderTargetPixelsAsync(targets.shot, 0, 0, width, height, upward);
      const bytes = new Uint8ClampedArray(upward.length);
      const row = width * 4;
      for (let y = 0; y < height; y++) bytes.set(upward.subarray((height - 1 - y) * row, (height - y) * row), y * row);
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
