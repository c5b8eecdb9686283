// The frame as it is.
uniform sampler2D frame;
void main() { result = vec4(texture(frame, uv).rgb, 1.0); }
