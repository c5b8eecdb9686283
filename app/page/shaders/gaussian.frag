// One direction of a Gaussian blur. Each tap reads two pixels by bilinear sampling between them.
uniform sampler2D picture;
uniform vec2 along;  // the step of one pixel in this direction
uniform float sigma; // pixels
const int TAPS = 5;  // reaches 10 pixels, more than three times the largest sigma
void main() {
  float k = -0.5 / (sigma * sigma);
  vec4 sum = texture(picture, uv);
  float total = 1.0;
  for (int i = 0; i < TAPS; i++) {
    float a = float(2 * i + 1), b = a + 1.0;
    float wa = exp(k * a * a), wb = exp(k * b * b), w = max(wa + wb, 1e-6);
    float off = (a * wa + b * wb) / w;
    sum += w * (texture(picture, uv + along * off) + texture(picture, uv - along * off));
    total += 2.0 * w;
  }
  result = sum / total;
}
