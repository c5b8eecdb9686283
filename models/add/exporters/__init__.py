"""Scripts that another Python runs to export a model to ONNX."""
