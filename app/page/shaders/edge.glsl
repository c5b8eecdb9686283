// The person's share of a pixel: the guided filter's line at the pixel's own light, cut to the softness asked for.
uniform sampler2D edge;
uniform vec4 spot;       // where the frame lies in the input: left, top, width, height
uniform float reach;     // half the width of the edge, in Mask units
float person(vec2 at, vec3 rgb) {
  vec2 line = texture(edge, spot.xy + at * spot.zw).rg;
  float p = line.x * dot(rgb, vec3(0.299, 0.587, 0.114)) + line.y;
  return smoothstep(0.5 - reach, 0.5 + reach, p);
}
