"""Published formats become one float ONNX graph."""
