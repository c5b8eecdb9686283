// The frame at a model's input size, black where the input is wider or higher than the frame.
// Four bilinear taps: a 640x480 frame shrinks about 2.5 times, one tap would skip pixels.
uniform sampler2D frame;
uniform vec4 spot;    // where the frame lies in the input: left, top, width, height
uniform vec2 pixel;   // a quarter of an input pixel, in the frame
void main() {
  vec2 at = (uv - spot.xy) / spot.zw;
  vec3 sum = texture(frame, at + pixel * vec2(-1.0, -1.0)).rgb + texture(frame, at + pixel * vec2(1.0, -1.0)).rgb
           + texture(frame, at + pixel * vec2(-1.0, 1.0)).rgb + texture(frame, at + pixel * vec2(1.0, 1.0)).rgb;
  vec2 inside = step(vec2(0.0), at) * step(at, vec2(1.0));
  colour = vec4(sum * 0.25 * inside.x * inside.y, 1.0);
}
