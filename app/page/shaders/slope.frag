// Guided filter, second half: means along a column, then the best fit of `mask = slope * luminance + base`.
uniform sampler2D moments;
const int REACH = 1;
const float FLAT = 0.008;  // variance of luminance below which the picture does not show an edge
void main() {
  ivec2 size = textureSize(moments, 0);
  ivec2 here = ivec2(gl_FragCoord.xy);
  vec4 m = vec4(0.0);
  for (int i = -REACH; i <= REACH; i++) {
    m += texelFetch(moments, ivec2(here.x, clamp(here.y + i, 0, size.y - 1)), 0);
  }
  m /= float(2 * REACH + 1);
  float slope = (m.z - m.x * m.y) / (max(0.0, m.w - m.x * m.x) + FLAT);
  result = vec4(slope, m.y - slope * m.x, 0.0, 1.0);
}
