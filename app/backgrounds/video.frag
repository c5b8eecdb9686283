// The person before the newest picture of a video, as before a still one: image.frag.
#include edge.glsl
uniform sampler2D frame;
uniform sampler2D backdrop;
uniform vec4 crop;   // the part of the picture shown: left, top, width, height
void main() {
  vec3 pixel = texture(frame, uv).rgb;
  vec2 at = crop.xy + screen * crop.zw;
  float p = person(uv, pixel);
  vec3 light = textureLod(backdrop, at, 5.0).rgb;
  float rim = p * (1.0 - p);
  result = vec4(mix(texture(backdrop, at).rgb, mix(pixel, light, rim), p), 1.0);
}
