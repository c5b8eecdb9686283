// The person alone; colour is multiplied by alpha, as the page expects it.
#include edge.glsl
uniform sampler2D frame;
void main() {
  vec3 rgb = texture(frame, uv).rgb;
  float p = person(uv, rgb);
  result = vec4(rgb * p, p);
}
