// The guided filter's slope and base, averaged over 3x3 pixels: four bilinear taps weigh them as 1 2 1.
uniform sampler2D slope;
void main() {
  vec2 step = 0.5 / vec2(textureSize(slope, 0));
  vec2 sum = texture(slope, uv + step * vec2(-1.0, -1.0)).rg + texture(slope, uv + step * vec2(1.0, -1.0)).rg
           + texture(slope, uv + step * vec2(-1.0, 1.0)).rg + texture(slope, uv + step * vec2(1.0, 1.0)).rg;
  result = vec4(sum * 0.25, 0.0, 1.0);
}
