"""The pixel module: row kernels in WebAssembly with which static/pixels.js samples and composes frames."""
