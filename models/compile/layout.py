"""How tensors lie in memory: maps with their channels innermost, filled up to whole vectors.

Does not allocate: lower.py does.
"""

from __future__ import annotations

from models.compile.ir import Expr, View


def channels_last(expr: Expr) -> bool:
    """Whether a map in an NCHW expression lies with its channels innermost, as convolutions need it."""
    views = [view for view in expr.views if len(view.shape) == 4 and view.strides[2] and view.strides[3]]
    return any(map(is_channels_last, views))


def is_channels_last(view: View) -> bool:
    """Whether a View of NCHW is a single map with several channels, which lie together in each pixel.

    In a map of one pixel that lies as planes, the channels follow one another too, but not as a pixel does.
    """
    single = len(view.shape) == 4 and view.shape[0] == 1 < view.shape[1]
    return single and view.strides[1] == 1 and view.strides[3] >= view.shape[1]


def channels_innermost(view: View) -> View:
    """A View [1, channels, rows, columns] as [rows, columns, channels]."""
    return view.transposed((0, 2, 3, 1)).sliced(0, 0, 1).squeezed(0)


def with_filling(target: View, expr: Expr) -> tuple[View, Expr]:
    """With the channels that fill up a pixel of a map, so that whole vectors are computed."""
    pitch = target.buffer.map[2]
    channels = target.shape[1] if len(target.shape) == 4 else 0
    views = [target, *expr.views]
    if not pitch or pitch == channels or any(len(v.shape) != 4 or v.strides[1] not in (0, 1) for v in views):
        return target, expr
    return target.sliced(1, 0, pitch), expr.map_views(lambda view: view.sliced(1, 0, pitch))
