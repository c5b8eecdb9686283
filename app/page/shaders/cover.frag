// Only the backdrop or the cover colour; the frame is not read.
uniform sampler2D backdrop;
uniform vec4 crop;
uniform vec3 rgb;
uniform float picture;  // 1 shows the backdrop, 0 shows rgb
void main() {
  result = vec4(mix(rgb, texture(backdrop, crop.xy + screen * crop.zw).rgb, picture), 1.0);
}
