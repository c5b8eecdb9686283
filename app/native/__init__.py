"""The same ports under CPython: onnxruntime, NumPy and Pillow. Not part of the wheel.

Decides nothing that app decides.
"""
