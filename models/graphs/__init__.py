"""ONNX graphs that this project writes: pre- and postprocessing of networks, and graphs of their own."""
