// The frame, or a rotated region of it, at a model's input size; black outside the frame.
// Four bilinear taps per pixel: a 640x480 frame shrinks about 2.5 times, and one tap would skip pixels.
uniform sampler2D frame;
uniform vec3 across;  // maps the input's (u, v, 1) to the frame: x
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
