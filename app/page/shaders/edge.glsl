// The person's share of a pixel: the guided filter's line at the pixel's own light, cut to the softness asked for.
uniform sampler2D edge;
uniform vec4 spot;       // where the frame lies in the input: left, top, width, height
uniform float softness;  // 0 to 1
float person(vec2 at, vec3 rgb) {
  vec2 line = texture(edge, spot.xy + at * spot.zw).rg;
  float p = line.x * dot(rgb, vec3(0.299, 0.587, 0.114)) + line.y;
  float width = mix(0.06, 0.46, softness);
  return smoothstep(0.5 - width, 0.5 + width, p);
}
