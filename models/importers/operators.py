"""The operators the importers know, each a small function that adds ONNX nodes: those of pictures.

Does not read files. A new operator is one function and one line of OPERATORS; those of single elements
are in elementwise.py, those that only move them in arrays.py. Kinds and options are TensorFlow's meanings.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from models.importers import arrays, elementwise
from models.importers.builder import Draft
from models.importers.ir import Shape, Step, Unreadable

Operator = Callable[[Draft, Step], None]
# How a file orders a kernel: the axes as ONNX wants them, o,i,h,w.
ORDERS = {"ohwi": (0, 3, 1, 2), "hwio": (3, 2, 0, 1), "1hwc": (3, 0, 1, 2), "hwcm": (2, 3, 0, 1)}
TRANSPOSED = {"ohwi": (3, 0, 1, 2), "hwoi": (3, 2, 0, 1)}  # as ONNX wants them: i,o,h,w


def window(
    step: Step, size: tuple[int, int], kernel: tuple[int, int]
) -> tuple[tuple[int, int], dict[str, Any]]:
    """The size that comes out, and strides and pads as ONNX takes them (SAME pads more at the end)."""
    stride, padding = step.options["strides"], step.options["padding"]
    dilation = step.options.get("dilations", (1, 1))
    if min(*stride, *dilation, *kernel) < 1 or max(*stride, *dilation, *kernel) > 1024:
        raise Unreadable(f"stride {stride}, kernel {kernel} and dilation {dilation} make no window")
    pads, out = [0, 0, 0, 0], [0, 0]
    for axis in (0, 1):
        reach = (kernel[axis] - 1) * dilation[axis] + 1
        if padding == "SAME":
            out[axis] = math.ceil(size[axis] / stride[axis])
            total = max((out[axis] - 1) * stride[axis] + reach - size[axis], 0)
            pads[axis], pads[axis + 2] = total // 2, total - total // 2
        elif padding != "VALID":
            pads[axis], pads[axis + 2] = padding[axis]
        out[axis] = (size[axis] + pads[axis] + pads[axis + 2] - reach) // stride[axis] + 1
    return (out[0], out[1]), {"strides": stride, "pads": pads}


def _picture(d: Draft, step: Step) -> Shape:
    shape = d.shape(step.inputs[0])
    if len(shape) != 4:
        raise Unreadable(f"it takes a picture, and gets {len(shape)} dimensions")
    return shape


def _convolution(depthwise: bool) -> Operator:
    def build(d: Draft, step: Step) -> None:
        batch, height, width, channels = _picture(d, step)
        order = ORDERS[step.options["order"]]
        found = d.shape(step.inputs[1])
        if len(found) != 4:
            raise Unreadable(f"its kernel has the shape {found}")
        first, second, *kernel = (found[axis] for axis in order)
        outputs = first * second if depthwise else first  # hwcm: a channel's m results lie together
        groups = channels if depthwise else channels // second if second and channels % second == 0 else 0
        if not groups or outputs % groups or (depthwise and outputs % channels):
            raise Unreadable(f"its kernel {found} does not fit {channels} channels")
        weight = d.kernel(step.inputs[1], order, (outputs, channels // groups, *kernel))
        size, options = window(step, (height, width), (kernel[0], kernel[1]))
        bias = [_bias(d, step.inputs[2], outputs)] if len(step.inputs) > 2 else []
        options["dilations"] = step.options.get("dilations", (1, 1))
        if groups > 1:
            options["group"] = groups
        inputs = [d.image(step.inputs[0]), weight, *bias]
        d.add("Conv", step, inputs, (batch, *size, outputs), image=True, kernel_shape=kernel, **options)

    return build


def _bias(d: Draft, name: str, channels: int) -> str:
    array = d.numbers(name)
    if array.size != channels:
        raise Unreadable(f"its bias has {array.size} numbers for {channels} channels")
    return d.weight(name, array.ravel().astype(np.float32))


def _add_bias(d: Draft, step: Step) -> None:
    """Into the convolution before it where nothing else uses that one's result."""
    shape = d.shape(step.inputs[0])
    conv = d.maker(step.inputs[0])
    if conv is not None and conv.op_type == "Conv" and len(conv.input) == 2:
        conv.input.append(_bias(d, step.inputs[1], shape[3]))
        d.values[step.outputs[0]] = d.values[step.inputs[0]]
        return
    elementwise.binary("Add")(d, step)


def _transpose_conv(d: Draft, step: Step) -> None:
    """Options: `out` (h, w; None: the last input says it), `strides`, `padding`, `order` of the kernel."""
    batch, *size, channels = _picture(d, step)
    inputs, out = list(step.inputs), step.options["out"]
    if out is None:
        out = [int(n) for n in d.numbers(inputs.pop()).ravel()][1:3]
    found = d.shape(inputs[1])
    order = TRANSPOSED[step.options["order"]]
    if len(found) != 4 or found[order[0]] != channels or len(out) != 2:
        raise Unreadable(f"its kernel {found} does not fit {channels} channels")
    shape = [found[axis] for axis in order]
    outputs, kernel = shape[1], shape[2:]
    strides = step.options["strides"] or (out[0] // size[0], out[1] // size[1])
    pads, more = [0, 0, 0, 0], [0, 0]
    for axis in (0, 1):
        total = (size[axis] - 1) * strides[axis] + kernel[axis] - out[axis]
        if not -strides[axis] < total < kernel[axis] or strides[axis] < 1:
            raise Unreadable(f"from {tuple(size)} with kernel {tuple(kernel)} it cannot become {tuple(out)}")
        begin = max(total, 0) // 2 if step.options["padding"] == "SAME" else 0
        pads[axis], pads[axis + 2], more[axis] = begin, max(total, 0) - begin, max(-total, 0)
    bias = [_bias(d, inputs[2], outputs)] if len(inputs) > 2 else []
    options: dict[str, Any] = {"kernel_shape": kernel, "strides": strides}
    options |= {"pads": pads} if any(pads) else {}
    options |= {"output_padding": more} if any(more) else {}
    given = [d.image(inputs[0]), d.kernel(inputs[1], order, shape), *bias]
    d.add("ConvTranspose", step, given, (batch, *out, outputs), image=True, **options)


def _pool(kind: str) -> Operator:
    def build(d: Draft, step: Step) -> None:
        batch, height, width, channels = _picture(d, step)
        kernel = step.options["kernel"]
        size, options = window(step, (height, width), kernel)
        name, shape = d.image(step.inputs[0]), (batch, *size, channels)
        if kind == "AveragePool" and kernel == (height, width) and size == (1, 1):
            d.add("GlobalAveragePool", step, [name], shape, image=True)
        else:
            d.add(kind, step, [name], shape, image=True, kernel_shape=kernel, **options)

    return build


def _reduce(kind: str) -> Operator:
    """Over the axes of the second input; option `keep` keeps them, of one element."""

    def build(d: Draft, step: Step) -> None:
        name, shape, keep = step.inputs[0], d.shape(step.inputs[0]), step.options["keep"]
        axes = sorted({int(a) % max(len(shape), 1) for a in d.numbers(step.inputs[1]).ravel()})
        if kind == "ReduceMean" and d.is_image(name) and axes == [1, 2]:
            if keep:
                d.add("GlobalAveragePool", step, [d.image(name)], (shape[0], 1, 1, shape[3]), image=True)
                return
            pooled, flat = (
                d.between("GlobalAveragePool", step, [d.image(name)], "pooled"),
                (shape[0], shape[3]),
            )
            d.add("Reshape", step, [pooled, d.weight(f"{step.outputs[0]}_shape", np.array(flat))], flat)
            return
        out = [1 if a in axes else n for a, n in enumerate(shape) if keep or a not in axes]
        inputs, options = [d.plain(name)], dict[str, Any](axes=axes, keepdims=int(keep))
        if kind == "ReduceSum":  # its axes became an input with opset 13, those of the others later
            inputs.append(d.weight(f"{step.outputs[0]}_axes", np.array(options.pop("axes"))))
        d.add(kind, step, inputs, out, **options)

    return build


def _resize(d: Draft, step: Step) -> None:
    """Options: `mode` linear or nearest, `corners` (aligned), `half` (pixel centres)."""
    batch, *size, channels = _picture(d, step)
    out = tuple(int(n) for n in d.numbers(step.inputs[1]).ravel())
    mode, corners, half = (step.options[key] for key in ("mode", "corners", "half"))
    if len(out) != 2 or min(out) < 1:
        raise Unreadable(f"it resizes to {out}")
    places = "align_corners" if corners else "half_pixel" if half else "asymmetric"
    options = {"mode": mode, "coordinate_transformation_mode": places}
    if mode == "nearest":
        options["nearest_mode"] = "round_prefer_ceil" if corners or half else "floor"
    scales = np.array([1, 1, out[0] / size[0], out[1] / size[1]], np.float32)
    if all(n * float(s) == o for n, s, o in zip(size, scales[2:], out, strict=True)):
        last = ["", d.weight(f"{step.outputs[0]}_scales", scales)]
    else:  # rounded, the scales would give another size
        last = ["", "", d.weight(f"{step.outputs[0]}_sizes", np.array((batch, channels, *out)))]
    d.add("Resize", step, [d.image(step.inputs[0]), *last], (batch, *out, channels), image=True, **options)


def _depth_to_space(d: Draft, step: Step) -> None:
    batch, height, width, channels = _picture(d, step)
    block = step.options["block"]
    if not 1 < block <= 64 or channels % block**2:
        raise Unreadable(f"{channels} channels are no blocks of {block}")
    out = (batch, height * block, width * block, channels // block**2)
    d.add("DepthToSpace", step, [d.image(step.inputs[0])], out, image=True, blocksize=block, mode="DCR")


def _dense(d: Draft, step: Step) -> None:
    """A fully connected layer. Options: `transposed` (weights o,i as TFLite has them, else i,o), `keep`."""
    shape, found = d.shape(step.inputs[0]), d.shape(step.inputs[1])
    if len(found) != 2:
        raise Unreadable(f"its weights have the shape {found}")
    outs, ins = found if step.options["transposed"] else found[::-1]
    rows = math.prod(shape) // ins
    if rows * ins != math.prod(shape):
        raise Unreadable(f"its weights {found} do not fit {shape}")
    name = d.flat(step.inputs[0])
    if len(shape) != 2 or shape[1] != ins:
        form = d.weight(f"{step.outputs[0]}_rows", np.array((rows, ins)))
        name = d.between("Reshape", step, [name, form], "flat")
    weight = d.kernel(step.inputs[1], (0, 1), found)
    bias = [_bias(d, step.inputs[2], outs)] if len(step.inputs) > 2 else []
    transposed = int(step.options["transposed"])
    if step.options.get("keep") and len(shape) != 2:
        inner = d.between("Gemm", step, [name, weight, *bias], "rows_done", transB=transposed)
        out = (*shape[:-1], outs)
        d.add("Reshape", step, [inner, d.weight(f"{step.outputs[0]}_out", np.array(out))], out)
        return
    d.add("Gemm", step, [name, weight, *bias], (rows, outs), transB=transposed)


OPERATORS: dict[str, Operator] = {
    **arrays.OPERATORS,
    **elementwise.OPERATORS,
    "average_pool": _pool("AveragePool"),
    "bias": _add_bias,
    "conv": _convolution(depthwise=False),
    "dense": _dense,
    "depth_to_space": _depth_to_space,
    "depthwise": _convolution(depthwise=True),
    "max": _reduce("ReduceMax"),
    "max_pool": _pool("MaxPool"),
    "mean": _reduce("ReduceMean"),
    "resize": _resize,
    "sum": _reduce("ReduceSum"),
    "transpose_conv": _transpose_conv,
}
