// The person before one colour.
#include edge.glsl
uniform sampler2D frame;
uniform vec3 colour;
void main() {
  vec3 seen = texture(frame, uv).rgb;
  result = vec4(mix(colour, seen, person(uv, seen)), 1.0);
}
