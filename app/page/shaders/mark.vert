#version 300 es
// A quad around the line from a to b, wide enough for the glow; where a equals b, around a dot.
layout(location = 0) in vec2 a;
layout(location = 1) in vec2 b;
uniform vec3 across;  // maps the coordinates (u, v, 1) of the annotations to the frame: x
uniform vec3 down;    // and y
uniform vec2 size;    // of the canvas, in pixels
uniform vec2 turn;    // as in screen.vert
uniform float reach;  // pixels
out vec2 at;          // the place on the canvas, in pixels
flat out vec2 begin;
flat out vec2 end;
vec2 placed(vec2 point) { return vec2(dot(across, vec3(point, 1.0)), dot(down, vec3(point, 1.0))) * size; }
void main() {
  begin = placed(a);
  end = placed(b);
  vec2 along = distance(begin, end) > 0.01 ? normalize(end - begin) : vec2(1.0, 0.0);
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0;
  at = (corner.x < 0.0 ? begin : end) + reach * (along * corner.x + vec2(-along.y, along.x) * corner.y);
  gl_Position = vec4((at / size * 2.0 - 1.0) * turn, 0.0, 1.0);
}
