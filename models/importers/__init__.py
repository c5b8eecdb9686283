"""Importers: a published TFLite, tf.js or ONNX model becomes one float ONNX graph."""
