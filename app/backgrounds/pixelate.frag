// The person before the room in squares, each of the colour at its centre in the blurred room.
#include edge.glsl
uniform sampler2D frame;
uniform sampler2D blurred;
uniform float squares;  // across
void main() {
  vec3 rgb = texture(frame, uv).rgb;
  vec2 size = vec2(textureSize(frame, 0));
  vec2 grid = vec2(squares, max(1.0, floor(squares * size.y / size.x + 0.5)));
  vec4 room = texture(blurred, (floor(uv * grid) + 0.5) / grid);
  result = vec4(mix(room.rgb / max(room.a, 1e-3), rgb, person(uv, rgb)), 1.0);
}
