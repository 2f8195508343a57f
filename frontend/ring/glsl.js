// Pieces of shader that several materials share.

/** `shown(linear)`: a color as the screen wants it. Highlights roll off, hues and mid-tones stay as they are. */
export const SHOWN = /* glsl */ `
  vec3 shown(vec3 c) {
    float least = min(c.r, min(c.g, c.b));
    c -= least < 0.08 ? least - 6.25 * least * least : 0.04;
    float peak = max(c.r, max(c.g, c.b));
    const float knee = 0.76;
    if (peak > knee) {
      float rolled = 1.0 - (1.0 - knee) * (1.0 - knee) / (peak + 1.0 - 2.0 * knee);
      c *= rolled / peak;
      c = mix(vec3(rolled), c, 1.0 / (0.15 * (peak - rolled) + 1.0));
    }
    c = clamp(c, 0.0, 1.0);
    return mix(c * 12.92, 1.055 * pow(c, vec3(1.0 / 2.4)) - 0.055, step(0.0031308, c));
  }
`;

export const FULL_SCREEN_VERTEX = /* glsl */ `
  out vec2 place;
  void main() {
    place = position.xy;
    gl_Position = vec4(position.xy, 0.0, 1.0);
  }
`;
