// Guided filter, first half: means along a row of luminance, mask, luminance x mask and luminance squared, at half
// the input's size. He, Sun, Tang: Guided Image Filtering (ECCV 2010); halved as in Fast Guided Filter (2015),
// which costs an eighth; after `smoothed` the result looks the same.
uniform sampler2D sampled;
uniform sampler2D mask;
const int REACH = 1;  // 6 input pixels, 15 of a 640 wide frame; with 2, patterns of clothes leaked into the edge
void main() {
  float next = 2.0 / float(textureSize(sampled, 0).x);
  vec4 sum = vec4(0.0);
  for (int i = -REACH; i <= REACH; i++) {
    vec2 at = uv + vec2(next * float(i), 0.0);
    float light = dot(texture(sampled, at).rgb, vec3(0.299, 0.587, 0.114));
    float p = texture(mask, at).r;
    sum += vec4(light, p, light * p, light * light);
  }
  result = sum / float(2 * REACH + 1);
}
