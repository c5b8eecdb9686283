// The person before a picture, cropped to fill; a little of the picture's light falls around the edge.
#include edge.glsl
uniform sampler2D frame;
uniform sampler2D backdrop;
uniform vec4 crop;   // the part of the picture shown: left, top, width, height
void main() {
  vec3 pixel = texture(frame, uv).rgb;
  vec2 at = crop.xy + screen * crop.zw;
  float p = person(uv, pixel);
  vec3 light = textureLod(backdrop, at, 5.0).rgb;
  float rim = p * (1.0 - p);  // only where the edge is mixed: nothing inside the person changes
  result = vec4(mix(texture(backdrop, at).rgb, mix(pixel, light, rim), p), 1.0);
}
