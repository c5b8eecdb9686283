// A ColorOverlay over the frame.
uniform sampler2D tint;
uniform vec4 letterbox;  // where the frame lies in the overlay: left, top, width, height
void main() {
  vec4 colour = texture(tint, letterbox.xy + uv * letterbox.zw);
  result = vec4(colour.rgb * colour.a, colour.a);
}
