// A small coloured picture over the frame.
uniform sampler2D tint;
uniform vec4 letterbox;  // where the frame lies in it: left, top, width, height
void main() {
  vec4 seen = texture(tint, letterbox.xy + uv * letterbox.zw);
  result = vec4(seen.rgb * seen.a, seen.a);
}
