// The person before one colour.
#include edge.glsl
uniform sampler2D frame;
uniform vec3 rgb;
void main() {
  vec3 seen = texture(frame, uv).rgb;
  colour = vec4(mix(rgb, seen, person(uv, seen)), 1.0);
}
