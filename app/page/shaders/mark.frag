// A dot or line: two rings of glow and the core over them, by the distance from its centre line. The 2D canvas
// strokes the same rings one after another.
in vec2 at;
flat in vec2 begin;
flat in vec2 end;
uniform vec3 rgb;
uniform float radius;  // pixels
const vec3 TIMES = vec3(3.0, 2.0, 1.0);
const vec3 COVER = vec3(0.10, 0.18, 0.95);
void main() {
  vec2 from = at - begin, line = end - begin;
  float part = clamp(dot(from, line) / max(dot(line, line), 1e-6), 0.0, 1.0);
  vec3 open = 1.0 - COVER * clamp(radius * TIMES + 0.5 - distance(from, line * part), 0.0, 1.0);
  float cover = 1.0 - open.x * open.y * open.z;
  result = vec4(rgb * cover, cover);
}
