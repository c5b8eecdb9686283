"""The ports of app.core.ports under CPython: onnxruntime, NumPy and Pillow. Not part of the wheel.

Does not contain any logic of the pipeline: the page and CPython run the same pipeline.
"""
