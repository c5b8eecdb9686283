"""How tensors lie in memory: maps with their channels innermost, filled up to whole vectors.

Does not allocate: lower.py does.
"""

from __future__ import annotations

from models.compile.ir import LANES, Expr, View, round_up

LINE = 16  # floats of a line of the cache
COLLIDING = 512  # bytes; pixels whose distance is a multiple of it share few sets


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


def pitch(channels: int) -> int:
    """Floats from one pixel of a map to the next: whole vectors, unless there is one channel.

    A power of two would put the pixels of a row into few sets of the cache, where they displace each other
    while a depthwise convolution crosses them channel by channel. One more line of the cache avoids that.
    """
    whole = channels if channels == 1 else round_up(channels, LANES)
    return whole + LINE if 4 * whole % COLLIDING == 0 else whole


def with_filling(target: View, expr: Expr) -> tuple[View, Expr]:
    """With the channels that fill up the last vector of a map's pixel, so that whole vectors are computed."""
    channels = target.shape[1] if len(target.shape) == 4 else 0
    whole = round_up(channels, LANES)
    views = [target, *expr.views]
    has_room = target.buffer.map[2] >= whole > channels
    if not has_room or any(len(view.shape) != 4 or view.strides[1] not in (0, 1) for view in views):
        return target, expr
    return target.sliced(1, 0, whole), expr.map_views(lambda view: view.sliced(1, 0, whole))
