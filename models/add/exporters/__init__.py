"""Scripts that export a model to ONNX, run by the Python that has the model's framework."""
