"""Handlers of ONNX operators, one file for each kind. Importing the package registers them all."""

from models.compile.operators import (
    convolutions,
    elementwise,
    padding,
    pooling,
    products,
    reductions,
    resize,
    selection,
    transposed,
    views,
)

__all__ = [
    "convolutions",
    "elementwise",
    "padding",
    "pooling",
    "products",
    "reductions",
    "resize",
    "selection",
    "transposed",
    "views",
]
