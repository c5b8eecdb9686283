"""Plots as SVG: lines over a numeric axis. Text of the figures only; no script, no style sheet, no font.

Pure: does not read, write or measure, and knows nothing of what is plotted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, log10

Points = Sequence[tuple[float, float]]
WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 40, 44, 52
# Okabe and Ito's colours, which people who see colours differently can tell apart, and dashes beside them.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
DASHES = ("", "7 4", "2 3", "10 3 2 3")
LINE_HEIGHT = 18
TICKS = 5


def ticks(low: float, high: float, count: int = TICKS) -> list[float]:
    """Round numbers from at most `low` to at least `high`: steps of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / max(1, count) or 1.0
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [round(n * step, 10) for n in range(first, max(last, first + 1) + 1)]


def number(value: float) -> str:
    """A number as the label of an axis."""
    return f"{value:,.0f}" if value == round(value) else f"{value:.3g}"


def lines(title: str, x: str, y: str, series: Mapping[str, Points], logarithmic: bool = False) -> str:
    """A plot of each series' points, with a dot at each; `x` and `y` name the axes with their units.

    The y axis begins at 0 unless a value is negative. With `logarithmic` the x axis is (x > 0), with a label
    at each point. Raises ValueError if there is no point.
    """
    points = [point for row in series.values() for point in row]
    if not points:
        raise ValueError(f"{title} has no points.")
    across = sorted({place for place, _ in points})
    marks = across if logarithmic or len(across) <= TICKS + 1 else ticks(across[0], across[-1])
    scale = log10 if logarithmic else float
    begin, end = scale(min(marks)), scale(max(marks))
    heights = ticks(min(0.0, *(value for _, value in points)), max(value for _, value in points))
    legend = LINE_HEIGHT * ceil(len(series) / 2)
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM - legend

    def place(point: tuple[float, float]) -> tuple[float, float]:
        part = (scale(point[0]) - begin) / ((end - begin) or 1.0)
        rise = (point[1] - heights[0]) / (heights[-1] - heights[0])
        return round(LEFT + part * wide, 1), round(TOP + (1 - rise) * high, 1)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" font-family="sans-serif" font-size="13" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="24" font-size="16">{escape(title)}</text>',
    ]
    for value in heights:
        _, row = place((across[0], value))
        out.append(f'<path d="M{LEFT} {row}H{WIDTH - RIGHT}" stroke="#ddd"/>')
        out.append(f'<text x="{LEFT - 8}" y="{row + 4}" text-anchor="end">{number(value)}</text>')
    for value in marks:
        column, row = place((value, heights[0]))
        out.append(f'<path d="M{column} {row}v5" stroke="#555"/>')
        out.append(f'<text x="{column}" y="{row + 20}" text-anchor="middle">{number(value)}</text>')
    below = TOP + high + 40
    out.append(f'<text x="{LEFT + wide / 2}" y="{below}" text-anchor="middle">{escape(x)}</text>')
    turned = f'transform="rotate(-90 18 {TOP + high / 2})"'
    out.append(f'<text x="18" y="{TOP + high / 2}" text-anchor="middle" {turned}>{escape(y)}</text>')
    for index, (name, row_points) in enumerate(series.items()):
        colour, dash = COLOURS[index % len(COLOURS)], DASHES[index % len(DASHES)]
        style = f'stroke="{colour}" stroke-width="2"' + (f' stroke-dasharray="{dash}"' if dash else "")
        places = [place(point) for point in row_points]
        path = "L".join(f"{a} {b}" for a, b in places)
        if places:
            out.append(f'<path d="M{path}" fill="none" {style}/>')
        out += [f'<circle cx="{a}" cy="{b}" r="3" fill="{colour}"/>' for a, b in places]
        key_x, key_y = LEFT + (index % 2) * wide / 2, below + 8 + LINE_HEIGHT * (index // 2 + 0.5)
        out.append(f'<path d="M{key_x} {key_y - 4}h26" {style}/>')
        out.append(f'<text x="{key_x + 32}" y="{key_y}">{escape(name)}</text>')
    return "\n".join([*out, "</svg>", ""])
