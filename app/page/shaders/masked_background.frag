// The room without the person, at a quarter of the size: colour times weight, and the weight.
// Leaving the person out here is what keeps a blurred room from glowing around them.
#include edge.glsl
uniform sampler2D frame;
uniform vec2 pixel;  // a quarter of this target's pixel
void main() {
  vec3 rgb = 0.25 * (texture(frame, uv + pixel * vec2(-1.0, -1.0)).rgb + texture(frame, uv + pixel * vec2(1.0, -1.0)).rgb
           + texture(frame, uv + pixel * vec2(-1.0, 1.0)).rgb + texture(frame, uv + pixel * vec2(1.0, 1.0)).rgb);
  float room = max(1.0 - person(uv, rgb), 0.004);  // never 0: behind a large person some colour must remain
  result = vec4(rgb * room, room);
}
