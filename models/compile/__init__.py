"""The compiler: a float ONNX graph of fixed shapes becomes its own WebAssembly module.

See docs/compiler.md.
"""

from models.compile.ir import UnsupportedError
from models.compile.program import Program, compile_graph

__all__ = ["Program", "UnsupportedError", "compile_graph"]
