// The guided filter's lines averaged over their neighbours: four bilinear taps stand for a 4x4 box.
uniform sampler2D slope;
void main() {
  vec2 step = 1.0 / vec2(textureSize(slope, 0));
  vec2 sum = texture(slope, uv + step * vec2(-1.0, -1.0)).rg + texture(slope, uv + step * vec2(1.0, -1.0)).rg
           + texture(slope, uv + step * vec2(-1.0, 1.0)).rg + texture(slope, uv + step * vec2(1.0, 1.0)).rg;
  colour = vec4(sum * 0.25, 0.0, 1.0);
}
