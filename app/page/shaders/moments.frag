// Guided filter, first half: means over a row of light, mask, light x mask and light x light, at half the
// mask's size. He, Sun, Tang: Guided Image Filtering (ECCV 2010); halved as in Fast Guided Filter (2015),
// which costs an eighth and cannot be told apart after `even`.
uniform sampler2D small;
uniform sampler2D mask;
const int REACH = 2;  // 10 mask pixels, 25 of a 640 wide frame: wider than a blurred edge or a lock of hair
void main() {
  ivec2 last = textureSize(mask, 0) - 1;
  ivec2 here = 2 * ivec2(gl_FragCoord.xy);
  vec4 sum = vec4(0.0);
  for (int i = -REACH; i <= REACH; i++) {
    ivec2 at = clamp(here + ivec2(2 * i, 0), ivec2(0), last);
    float light = dot(texelFetch(small, at, 0).rgb, vec3(0.299, 0.587, 0.114));
    float p = texelFetch(mask, at, 0).r;
    sum += vec4(light, p, light * p, light * light);
  }
  colour = sum / float(2 * REACH + 1);
}
