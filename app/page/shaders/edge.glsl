// person(): how much of a pixel belongs to the person, 0 to 1. Evaluates the guided filter's linear function at the
// pixel's luminance and applies the edge softness.
uniform sampler2D edge;
uniform vec4 letterbox;       // where the frame lies in the input: left, top, width, height
uniform float edge_half_width;     // half the width of the edge, in Mask units
float person(vec2 at, vec3 rgb) {
  vec2 line = texture(edge, letterbox.xy + at * letterbox.zw).rg;
  float p = line.x * dot(rgb, vec3(0.299, 0.587, 0.114)) + line.y;
  return smoothstep(0.5 - edge_half_width, 0.5 + edge_half_width, p);
}
