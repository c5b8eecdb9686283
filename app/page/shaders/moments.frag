// Guided filter, first half: means over a row of light, mask, light x mask and light x light.
// He, Sun, Tang: Guided Image Filtering (ECCV 2010); run at the mask's size as in the Fast Guided Filter (2015).
uniform sampler2D small;
uniform sampler2D mask;
const int REACH = 4;  // about 10 pixels of a 640 wide frame: the width of a strand or a blurred edge
void main() {
  ivec2 size = textureSize(mask, 0);
  ivec2 here = ivec2(gl_FragCoord.xy);
  vec4 sum = vec4(0.0);
  for (int i = -REACH; i <= REACH; i++) {
    ivec2 at = ivec2(clamp(here.x + i, 0, size.x - 1), here.y);
    float light = dot(texelFetch(small, at, 0).rgb, vec3(0.299, 0.587, 0.114));
    float p = texelFetch(mask, at, 0).r;
    sum += vec4(light, p, light * p, light * light);
  }
  colour = sum / float(2 * REACH + 1);
}
