#version 300 es
// One triangle that covers the target. A component of `turn` that is -1 mirrors that direction.
uniform vec2 turn;
out vec2 uv;      // the place in the frame, 0 to 1
out vec2 screen;  // the place on the canvas, 0 to 1, from the upper left
void main() {
  vec2 corner = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2);
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
  uv = 0.5 + (corner - 0.5) * turn;
  screen = vec2(corner.x, 1.0 - corner.y);
}
