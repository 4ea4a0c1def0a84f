"""Line and bar charts as SVG text, with axes, legend and interval whiskers; light or dark as the viewer has it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 760, 430
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 190, 52, 60
# Okabe & Ito's colours, told apart with any colour vision, then darker kin.
_COLOURS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#8c6bb1",
    "#7f7f7f",
    "#a6761d",
    "#1b9e77",
)
_STYLE = (
    "<style>svg{--ink:#1f2328;--soft:#656d76;--line:#d8dee4;--paper:#fff;"
    "font:12px system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif}"
    "@media(prefers-color-scheme:dark){svg{--ink:#e6edf3;--soft:#8d96a0;--line:#30363d;--paper:#0d1117}}"
    "text{fill:var(--ink)}.soft{fill:var(--soft)}.title{font-size:15px;font-weight:600}"
    ".grid{stroke:var(--line)}.axis{stroke:var(--soft)}</style>"
)


@dataclass(frozen=True, slots=True)
class Spot:
    """A point with its interval; `low == high` draws no whisker. One that stands `alone` is ringed and off the line."""

    x: float
    y: float
    low: float
    high: float
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    name: str
    spots: tuple[Spot, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over a numeric axis, or bars over named groups.

    Attributes:
        groups: Names of the bar groups; a spot's x is then the index of its group. Empty: a line chart.
        log_x, log_y: Logarithmic axes (base 10); values must be positive.
    """

    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    groups: tuple[str, ...] = ()
    log_x: bool = False
    log_y: bool = False


Place = Callable[[float], float]


def draw(chart: Chart) -> str:
    """The chart as a complete SVG document."""
    spots = [spot for series in chart.series for spot in series.spots]
    y_ticks = _ticks([v for s in spots for v in (s.low, s.high, s.y)], log=chart.log_y, from_zero=bool(chart.groups))
    y = _scale(y_ticks[0], y_ticks[-1], _HEIGHT - _BOTTOM, _TOP, log=chart.log_y)
    parts = [_open(chart), _y_axis(y_ticks, y), _labels(chart)]
    if chart.groups:
        parts.append(_bars(chart, y))
    else:
        x_ticks = _ticks([s.x for s in spots], log=chart.log_x, from_zero=not chart.log_x)
        x = _scale(x_ticks[0], x_ticks[-1], _LEFT, _WIDTH - _RIGHT, log=chart.log_x)
        parts.append(_x_axis(x_ticks, x))
        parts.extend(_line(i, series, x, y) for i, series in enumerate(chart.series))
    parts.append(_legend(chart.series))
    return "".join([*parts, "</svg>\n"])


def _open(chart: Chart) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" role="img" aria-label="{escape(chart.title)}">{_STYLE}'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="8" fill="var(--paper)"/>'
        f'<text class="title" x="{_LEFT}" y="28">{escape(chart.title)}</text>'
    )


def _labels(chart: Chart) -> str:
    middle_x, middle_y = (_LEFT + _WIDTH - _RIGHT) / 2, (_TOP + _HEIGHT - _BOTTOM) / 2
    return (
        f'<text class="soft" text-anchor="middle" x="{middle_x:.0f}" y="{_HEIGHT - 16}">{escape(chart.x_label)}</text>'
        f'<text class="soft" text-anchor="middle" transform="translate(16 {middle_y:.0f}) rotate(-90)">'
        f"{escape(chart.y_label)}</text>"
    )


def _y_axis(ticks: Sequence[float], y: Place) -> str:
    right = _WIDTH - _RIGHT
    return "".join(
        f'<line class="grid" x1="{_LEFT}" x2="{right}" y1="{y(t):.1f}" y2="{y(t):.1f}"/>'
        f'<text class="soft" text-anchor="end" x="{_LEFT - 8}" y="{y(t) + 4:.1f}">{_number(t)}</text>'
        for t in ticks
    )


def _x_axis(ticks: Sequence[float], x: Place) -> str:
    floor = _HEIGHT - _BOTTOM
    marks = "".join(
        f'<line class="axis" x1="{x(t):.1f}" x2="{x(t):.1f}" y1="{floor}" y2="{floor + 4}"/>'
        f'<text class="soft" text-anchor="middle" x="{x(t):.1f}" y="{floor + 18}">{_number(t)}</text>'
        for t in ticks
    )
    return f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{floor}" y2="{floor}"/>{marks}'


def _line(index: int, series: Series, x: Place, y: Place) -> str:
    colour, width = _colour(index), 2.6 if index == 0 else 1.6
    points = " ".join(f"{x(s.x):.1f},{y(s.y):.1f}" for s in series.spots if not s.alone)
    rings = "".join(
        f'<circle cx="{x(s.x):.1f}" cy="{y(s.y):.1f}" r="7" fill="none" stroke="{colour}"/>'
        for s in series.spots
        if s.alone
    )
    marks = "".join(_mark(index, x(s.x), y(s.y)) + _whisker(x(s.x), s, y, colour) for s in series.spots)
    dash = ' stroke-dasharray="5 3"' if index >= len(_COLOURS) else ""
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}"{dash}/>{marks}{rings}'


def _mark(index: int, x: float, y: float) -> str:
    """A disc; a square once the colours have been through."""
    size = 3.8 if index == 0 else 2.8
    if index < len(_COLOURS):
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" fill="{_colour(index)}"/>'
    return (
        f'<rect x="{x - size:.1f}" y="{y - size:.1f}" width="{2 * size}" height="{2 * size}" fill="{_colour(index)}"/>'
    )


def _bars(chart: Chart, y: Place) -> str:
    room = (_WIDTH - _RIGHT - _LEFT) / len(chart.groups)
    width = 0.8 * room / max(1, len(chart.series))
    floor = _HEIGHT - _BOTTOM
    parts = [f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{floor}" y2="{floor}"/>']
    for i, name in enumerate(chart.groups):
        parts.append(_group_name(name, _LEFT + (i + 0.5) * room, floor + 18))
    for i, series in enumerate(chart.series):
        for spot in series.spots:
            left = _LEFT + (spot.x + 0.1) * room + i * width
            top = y(spot.y)
            parts.append(
                f'<rect x="{left:.1f}" y="{top:.1f}" width="{0.92 * width:.1f}" height="{floor - top:.1f}" '
                f'fill="{_colour(i)}"/>' + _whisker(left + 0.46 * width, spot, y, "var(--ink)")
            )
    return "".join(parts)


def _group_name(name: str, x: float, y: float) -> str:
    """Centred under its bars; a long name is broken in two at the space nearest to its middle."""
    spaces = [i for i, char in enumerate(name) if char == " "] if len(name) > 12 else []
    cut = min(spaces, key=lambda i: abs(i - len(name) / 2), default=len(name))
    lines = (name[:cut], name[cut + 1 :])
    return "".join(
        f'<text class="soft" text-anchor="middle" x="{x:.1f}" y="{y + 15 * row:.1f}">{escape(line)}</text>'
        for row, line in enumerate(lines)
        if line
    )


def _whisker(x: float, spot: Spot, y: Place, colour: str) -> str:
    if spot.low == spot.high:
        return ""
    low, high = y(spot.low), y(spot.high)
    return (
        f'<path d="M{x:.1f} {low:.1f}V{high:.1f}M{x - 3:.1f} {low:.1f}h6M{x - 3:.1f} {high:.1f}h6" '
        f'stroke="{colour}" stroke-opacity=".75" fill="none"/>'
    )


def _legend(series: Sequence[Series]) -> str:
    left = _WIDTH - _RIGHT + 20
    return "".join(
        _mark(i, left + 7, _TOP + 3 + 20 * i)
        + f'<text x="{left + 22}" y="{_TOP + 7 + 20 * i}">{escape(one.name)}</text>'
        for i, one in enumerate(series)
    )


def _colour(index: int) -> str:
    return _COLOURS[index % len(_COLOURS)]


def _scale(low: float, high: float, start: float, end: float, *, log: bool) -> Place:
    if log:
        low, high = math.log10(low), math.log10(high)
    span = (high - low) or 1.0

    def place(value: float) -> float:
        at = math.log10(value) if log else value
        return start + (end - start) * (at - low) / span

    return place


def _ticks(values: Sequence[float], *, log: bool, from_zero: bool) -> list[float]:
    """Round numbers that span the values: powers of ten on a logarithmic axis, else about six equal steps."""
    finite = [v for v in values if math.isfinite(v)] or [0.0 if not log else 1.0, 1.0]
    low, high = min(finite), max(finite)
    if log:
        first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
        return [10.0**power for power in range(first, max(last, first + 1) + 1)]
    low = min(0.0, low) if from_zero else low
    step = _round_step((high - low) / 5 or 1.0)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [step * i for i in range(first, max(last, first + 1) + 1)]


def _round_step(step: float) -> float:
    size = 10.0 ** math.floor(math.log10(step))
    return next(size * m for m in (1, 2, 5, 10) if size * m >= step * 0.999)


def _number(value: float) -> str:
    for size, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{suffix}"
    return f"{value:.4g}"
