"""Build time: published models become verified ONNX graphs. `models.build.build_models` makes all of them."""
