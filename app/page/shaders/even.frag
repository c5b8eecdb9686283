// The guided filter's lines averaged over their neighbours: nine bilinear taps stand for a 6x6 box.
uniform sampler2D slope;
void main() {
  vec2 step = 2.0 / vec2(textureSize(slope, 0));
  vec2 sum = vec2(0.0);
  for (int y = -1; y <= 1; y++) {
    for (int x = -1; x <= 1; x++) sum += texture(slope, uv + step * vec2(x, y)).rg;
  }
  colour = vec4(sum / 9.0, 0.0, 1.0);
}
