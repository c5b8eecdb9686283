// The person before a blurred room.
#include edge.glsl
uniform sampler2D frame;
uniform sampler2D blurred;
void main() {
  vec3 rgb = texture(frame, uv).rgb;
  vec4 room = texture(blurred, uv);
  result = vec4(mix(room.rgb / max(room.a, 1e-3), rgb, person(uv, rgb)), 1.0);
}
