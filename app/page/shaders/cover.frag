// The backdrop alone: nothing of the frame is read.
uniform sampler2D backdrop;
uniform vec4 crop;
uniform vec3 rgb;
uniform float picture;  // 1: the backdrop's picture, 0: the colour
void main() {
  result = vec4(mix(rgb, texture(backdrop, crop.xy + screen * crop.zw).rgb, picture), 1.0);
}
