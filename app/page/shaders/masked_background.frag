// The background without the person, at a fraction of the frame's size: colour times weight, and the weight.
// Without this weight the person's colours would bleed into the blurred background.
#include edge.glsl
uniform sampler2D frame;
uniform vec2 pixel;  // a quarter of this target's pixel
void main() {
  vec3 rgb = 0.25 * (texture(frame, uv + pixel * vec2(-1.0, -1.0)).rgb + texture(frame, uv + pixel * vec2(1.0, -1.0)).rgb
           + texture(frame, uv + pixel * vec2(-1.0, 1.0)).rgb + texture(frame, uv + pixel * vec2(1.0, 1.0)).rgb);
  float weight = max(1.0 - person(uv, rgb), 0.004);  // never 0: some colour must remain behind a large person
  result = vec4(rgb * weight, weight);
}
