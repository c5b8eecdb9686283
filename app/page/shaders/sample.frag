// The frame, or a turned region of it, at a model's input size; black where there is no frame.
// Four bilinear taps: a 640x480 frame shrinks about 2.5 times, one tap would skip pixels.
uniform sampler2D frame;
uniform vec3 across;  // from the input to the frame: x, of (u, v, 1)
uniform vec3 down;    // and y
uniform vec2 pixel;   // a quarter of an input pixel
vec2 found(vec2 side) {
  vec3 at = vec3(uv + pixel * side, 1.0);
  return vec2(dot(across, at), dot(down, at));
}
void main() {
  vec3 sum = texture(frame, found(vec2(-1.0, -1.0))).rgb + texture(frame, found(vec2(1.0, -1.0))).rgb
           + texture(frame, found(vec2(-1.0, 1.0))).rgb + texture(frame, found(vec2(1.0, 1.0))).rgb;
  vec2 at = found(vec2(0.0));
  vec2 inside = step(vec2(0.0), at) * step(at, vec2(1.0));
  result = vec4(sum * 0.25 * inside.x * inside.y, 1.0);
}
