// A small coloured picture over the frame.
uniform sampler2D tint;
uniform vec4 spot;  // where the frame lies in it: left, top, width, height
void main() {
  vec4 seen = texture(tint, spot.xy + uv * spot.zw);
  colour = vec4(seen.rgb * seen.a, seen.a);
}
