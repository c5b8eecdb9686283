#version 300 es
// One triangle that covers the target. `turn` mirrors a direction where it is -1.
uniform vec2 turn;
out vec2 uv;      // where in the frame
out vec2 screen;  // where on the canvas, from its upper left
void main() {
  vec2 corner = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2);
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
  uv = 0.5 + (corner - 0.5) * turn;
  screen = vec2(corner.x, 1.0 - corner.y);
}
