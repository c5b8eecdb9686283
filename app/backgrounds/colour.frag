// The person before one colour.
#include edge.glsl
uniform sampler2D frame;
uniform vec3 colour;
void main() {
  vec3 pixel = texture(frame, uv).rgb;
  result = vec4(mix(colour, pixel, person(uv, pixel)), 1.0);
}
