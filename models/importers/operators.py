"""OPERATORS: every operator the importers know, as a function that adds ONNX nodes; here those of pictures.

Does not read files. A new operator is one function and one line of OPERATORS, here or in elementwise.py or
arrays.py. Kinds and options have the meaning they have in TensorFlow.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from models.importers import arrays, elementwise
from models.importers.builder import Builder
from models.importers.errors import ModelFileError
from models.importers.ir import Shape, Step

Operator = Callable[[Builder, Step], None]
# The order of a kernel's axes in the file -> the axes in ONNX's order o,i,h,w.
ORDERS = {"ohwi": (0, 3, 1, 2), "hwio": (3, 2, 0, 1), "1hwc": (3, 0, 1, 2), "hwcm": (2, 3, 0, 1)}
TRANSPOSED = {"ohwi": (3, 0, 1, 2), "hwoi": (3, 2, 0, 1)}  # ONNX's order is i,o,h,w


def window(
    step: Step, size: tuple[int, int], kernel: tuple[int, int]
) -> tuple[tuple[int, int], dict[str, Any]]:
    """The output's size (h, w), and ONNX's attributes strides and pads. SAME pads more at the end."""
    stride, padding = step.options["strides"], step.options["padding"]
    dilation = step.options.get("dilations", (1, 1))
    if min(*stride, *dilation, *kernel) < 1 or max(*stride, *dilation, *kernel) > 1024:
        raise ModelFileError(
            f"stride {stride}, kernel {kernel} and dilation {dilation} are not between 1 and 1024."
        )
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


def _picture(builder: Builder, step: Step) -> Shape:
    shape = builder.shape(step.inputs[0])
    if len(shape) != 4:
        raise ModelFileError(f"its input must be a picture of 4 dimensions, but has {len(shape)}.")
    return shape


def _convolution(depthwise: bool) -> Operator:
    def build(builder: Builder, step: Step) -> None:
        batch, height, width, channels = _picture(builder, step)
        order = ORDERS[step.options["order"]]
        stored = builder.shape(step.inputs[1])
        if len(stored) != 4:
            raise ModelFileError(f"its kernel has the shape {stored}, not 4 dimensions.")
        first, second, *kernel = (stored[axis] for axis in order)
        outputs = first * second if depthwise else first  # hwcm: the m results of a channel are neighbours
        groups = channels if depthwise else channels // second if second and channels % second == 0 else 0
        if not groups or outputs % groups or (depthwise and outputs % channels):
            raise ModelFileError(f"its kernel {stored} does not fit {channels} channels.")
        weight = builder.kernel(step.inputs[1], order, (outputs, channels // groups, *kernel))
        size, options = window(step, (height, width), (kernel[0], kernel[1]))
        bias = [_bias(builder, step.inputs[2], outputs)] if len(step.inputs) > 2 else []
        options["dilations"] = step.options.get("dilations", (1, 1))
        if groups > 1:
            options["group"] = groups
        inputs = [builder.image(step.inputs[0]), weight, *bias]
        builder.add("Conv", step, inputs, (batch, *size, outputs), image=True, kernel_shape=kernel, **options)

    return build


def _bias(builder: Builder, name: str, channels: int) -> str:
    array = builder.numbers(name)
    if array.size != channels:
        raise ModelFileError(f"its bias has {array.size} numbers for {channels} channels.")
    return builder.weight(name, array.ravel().astype(np.float32))


def _add_bias(builder: Builder, step: Step) -> None:
    """The bias becomes an input of the convolution before it where nothing else uses the convolution."""
    shape = builder.shape(step.inputs[0])
    conv = builder.producer(step.inputs[0])
    if conv is not None and conv.op_type == "Conv" and len(conv.input) == 2:
        conv.input.append(_bias(builder, step.inputs[1], shape[3]))
        builder.values[step.outputs[0]] = builder.values[step.inputs[0]]
        return
    elementwise.binary("Add")(builder, step)


def _transpose_conv(builder: Builder, step: Step) -> None:
    """Options: `out` (h, w; None: the last input), `strides`, `padding`, `order` of the kernel's axes."""
    batch, *size, channels = _picture(builder, step)
    inputs, out = list(step.inputs), step.options["out"]
    if out is None:
        out = [int(n) for n in builder.numbers(inputs.pop()).ravel()][1:3]
    stored = builder.shape(inputs[1])
    order = TRANSPOSED[step.options["order"]]
    if len(stored) != 4 or stored[order[0]] != channels or len(out) != 2:
        raise ModelFileError(f"its kernel {stored} does not fit {channels} channels.")
    shape = [stored[axis] for axis in order]
    outputs, kernel = shape[1], shape[2:]
    strides = step.options["strides"] or (out[0] // size[0], out[1] // size[1])
    pads, more = [0, 0, 0, 0], [0, 0]
    for axis in (0, 1):
        total = (size[axis] - 1) * strides[axis] + kernel[axis] - out[axis]
        if not -strides[axis] < total < kernel[axis] or strides[axis] < 1:
            raise ModelFileError(
                f"the size {tuple(size)} with the kernel {tuple(kernel)} cannot become {tuple(out)}."
            )
        begin = max(total, 0) // 2 if step.options["padding"] == "SAME" else 0
        pads[axis], pads[axis + 2], more[axis] = begin, max(total, 0) - begin, max(-total, 0)
    bias = [_bias(builder, inputs[2], outputs)] if len(inputs) > 2 else []
    options: dict[str, Any] = {"kernel_shape": kernel, "strides": strides}
    options |= {"pads": pads} if any(pads) else {}
    options |= {"output_padding": more} if any(more) else {}
    inputs = [builder.image(inputs[0]), builder.kernel(inputs[1], order, shape), *bias]
    builder.add("ConvTranspose", step, inputs, (batch, *out, outputs), image=True, **options)


def _pool(kind: str) -> Operator:
    def build(builder: Builder, step: Step) -> None:
        batch, height, width, channels = _picture(builder, step)
        kernel = step.options["kernel"]
        size, options = window(step, (height, width), kernel)
        name, shape = builder.image(step.inputs[0]), (batch, *size, channels)
        if kind == "AveragePool" and kernel == (height, width) and size == (1, 1):
            builder.add("GlobalAveragePool", step, [name], shape, image=True)
        else:
            builder.add(kind, step, [name], shape, image=True, kernel_shape=kernel, **options)

    return build


def _reduce(kind: str) -> Operator:
    """The second input holds the axes. Option: `keep`, whether they stay with size 1."""

    def build(builder: Builder, step: Step) -> None:
        name, shape, keep = step.inputs[0], builder.shape(step.inputs[0]), step.options["keep"]
        axes = sorted({int(a) % max(len(shape), 1) for a in builder.numbers(step.inputs[1]).ravel()})
        if kind == "ReduceMean" and builder.is_image(name) and axes == [1, 2]:
            if keep:
                builder.add(
                    "GlobalAveragePool", step, [builder.image(name)], (shape[0], 1, 1, shape[3]), image=True
                )
                return
            pooled, flat = (
                builder.intermediate("GlobalAveragePool", step, [builder.image(name)], "pooled"),
                (shape[0], shape[3]),
            )
            builder.add(
                "Reshape", step, [pooled, builder.weight(f"{step.outputs[0]}_shape", np.array(flat))], flat
            )
            return
        out = [1 if a in axes else n for a, n in enumerate(shape) if keep or a not in axes]
        inputs, options = [builder.plain(name)], dict[str, Any](axes=axes, keepdims=int(keep))
        if kind == "ReduceSum":  # opset 17 takes its axes as an input; those of the others are an attribute
            inputs.append(builder.weight(f"{step.outputs[0]}_axes", np.array(options.pop("axes"))))
        builder.add(kind, step, inputs, out, **options)

    return build


def _resize(builder: Builder, step: Step) -> None:
    """Options: `mode` (linear or nearest), `corners` (align corners), `half` (half-pixel centres)."""
    batch, *size, channels = _picture(builder, step)
    out = tuple(int(n) for n in builder.numbers(step.inputs[1]).ravel())
    mode, corners, half = (step.options[key] for key in ("mode", "corners", "half"))
    if len(out) != 2 or min(out) < 1:
        raise ModelFileError(f"it resizes to the unusable size {out}.")
    places = "align_corners" if corners else "half_pixel" if half else "asymmetric"
    options = {"mode": mode, "coordinate_transformation_mode": places}
    if mode == "nearest":
        options["nearest_mode"] = "round_prefer_ceil" if corners or half else "floor"
    scales = np.array([1, 1, out[0] / size[0], out[1] / size[1]], np.float32)
    if all(n * float(s) == o for n, s, o in zip(size, scales[2:], out, strict=True)):
        last = ["", builder.weight(f"{step.outputs[0]}_scales", scales)]
    else:  # the rounded scales would give a different size
        last = ["", "", builder.weight(f"{step.outputs[0]}_sizes", np.array((batch, channels, *out)))]
    builder.add(
        "Resize", step, [builder.image(step.inputs[0]), *last], (batch, *out, channels), image=True, **options
    )


def _depth_to_space(builder: Builder, step: Step) -> None:
    batch, height, width, channels = _picture(builder, step)
    block = step.options["block"]
    if not 1 < block <= 64 or channels % block**2:
        raise ModelFileError(f"{channels} channels cannot form blocks of {block} x {block}.")
    out = (batch, height * block, width * block, channels // block**2)
    builder.add(
        "DepthToSpace", step, [builder.image(step.inputs[0])], out, image=True, blocksize=block, mode="DCR"
    )


def _dense(builder: Builder, step: Step) -> None:
    """A fully connected layer. Options: `transposed` (weights o,i as in TFLite, else i,o), `keep`."""
    shape, stored = builder.shape(step.inputs[0]), builder.shape(step.inputs[1])
    if len(stored) != 2:
        raise ModelFileError(f"its weights have the shape {stored}, not 2 dimensions.")
    outs, ins = stored if step.options["transposed"] else stored[::-1]
    rows = math.prod(shape) // ins
    if rows * ins != math.prod(shape):
        raise ModelFileError(f"its weights {stored} do not fit the shape {shape}.")
    name = builder.flat(step.inputs[0])
    if len(shape) != 2 or shape[1] != ins:
        form = builder.weight(f"{step.outputs[0]}_rows", np.array((rows, ins)))
        name = builder.intermediate("Reshape", step, [name, form], "flat")
    weight = builder.kernel(step.inputs[1], (0, 1), stored)
    bias = [_bias(builder, step.inputs[2], outs)] if len(step.inputs) > 2 else []
    transposed = int(step.options["transposed"])
    if step.options.get("keep") and len(shape) != 2:
        inner = builder.intermediate("Gemm", step, [name, weight, *bias], "rows_done", transB=transposed)
        out = (*shape[:-1], outs)
        builder.add("Reshape", step, [inner, builder.weight(f"{step.outputs[0]}_out", np.array(out))], out)
        return
    builder.add("Gemm", step, [name, weight, *bias], (rows, outs), transB=transposed)


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
