"""Pictures of numbers as SVG: a title, a description, classes for colour, and no script.

Each is drawn 360 units wide, so that its words stay readable on a phone; a table with the same
numbers belongs beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from rollback_console.common.durations import duration

WIDTH = 360
_ROW = 34
_SCALE = 18
"""Units below the rows of `bars` and `spans`, where the axis is written."""
FEWEST = 3
"""From so few on a median or a rate says something."""
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Bar:
    """A line of `bars`: how long, how far it may reach (0 for nothing), and as words."""

    label: str
    value: float
    reach: float
    text: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of `columns`: `good` of `total`."""

    label: str
    good: int
    total: int


@dataclass(frozen=True, slots=True)
class Span:
    """A line of `spans`: what was expected, and what came."""

    label: str
    low: float
    high: float
    value: float
    text: str


def bars(name: str, title: str, desc: str, rows: Sequence[Bar]) -> SafeString:
    """Lying bars to `value`, with a thin line on to `reach`."""
    most = max((max(row.value, row.reach) for row in rows), default=0) or 1
    drawn = format_html_join(
        "",
        '<text class="picture-label" x="0" y="{}">{}</text>'
        '<text class="picture-value" x="360" y="{}" text-anchor="end">{}</text>'
        '<line class="picture-reach" x1="0" x2="{}" y1="{}" y2="{}"/>'
        '<rect class="picture-bar" x="0" y="{}" width="{}" height="9"/>',
        (
            (
                at * _ROW + 13,
                _short(row.label),
                at * _ROW + 13,
                row.text,
                _scale(row.reach, most),
                at * _ROW + 23.5,
                at * _ROW + 23.5,
                at * _ROW + 19,
                _scale(row.value, most),
            )
            for at, row in enumerate(rows)
        ),
    )
    return _svg(name, title, desc, len(rows) * _ROW + _SCALE, drawn + _axis(len(rows), most))


def columns(name: str, title: str, desc: str, rows: Sequence[Column]) -> SafeString:
    """Standing columns: the good part filled, the rest hatched by an outline."""
    most = max((row.total for row in rows), default=0) or 1
    step = WIDTH / max(len(rows), 1)
    every = -(-len(rows) // 8) or 1
    drawn = format_html_join(
        "",
        '<rect class="picture-rest" x="{}" y="{}" width="{}" height="{}"/>'
        '<rect class="picture-bar" x="{}" y="{}" width="{}" height="{}"/>'
        '<text class="picture-label" x="{}" y="146" text-anchor="middle">{}</text>',
        (
            (
                *_column(at, step, row.total, most),
                *_column(at, step, row.good, most),
                round(at * step + step / 2, 1),
                row.label if at % every == 0 else "",
            )
            for at, row in enumerate(rows)
        ),
    )
    line = format_html(
        '<line class="picture-axis" x1="0" x2="{}" y1="130" y2="130"/>'
        '<text class="picture-label" x="0" y="9">{}</text>',
        WIDTH,
        most,
    )
    return _svg(name, title, desc, 152, drawn + line)


def spans(name: str, title: str, desc: str, rows: Sequence[Span]) -> SafeString:
    """For each line a band of what was expected and a mark at what came."""
    most = max((max(row.high, row.value) for row in rows), default=0) or 1
    drawn = format_html_join(
        "",
        '<text class="picture-label" x="0" y="{}">{}</text>'
        '<text class="picture-value" x="360" y="{}" text-anchor="end">{}</text>'
        '<line class="picture-axis" x1="0" x2="360" y1="{}" y2="{}"/>'
        '<rect class="picture-band" x="{}" y="{}" width="{}" height="9"/>'
        '<path class="picture-mark" d="M{} {}l5 5-5 5-5-5z"/>',
        (
            (
                at * _ROW + 13,
                _short(row.label),
                at * _ROW + 13,
                row.text,
                at * _ROW + 23.5,
                at * _ROW + 23.5,
                _scale(row.low, most),
                at * _ROW + 19,
                max(_scale(row.high, most) - _scale(row.low, most), 2),
                max(_scale(row.value, most), 5),
                at * _ROW + 18.5,
            )
            for at, row in enumerate(rows)
        ),
    )
    return _svg(name, title, desc, len(rows) * _ROW + _SCALE, drawn + _axis(len(rows), most))


@dataclass(frozen=True, slots=True)
class Point:
    """A point of `line`: how far along from 0 to 1, how high, and whether it is bad."""

    along: float
    value: float
    bad: bool


def line(name: str, title: str, desc: str, points: Sequence[Point]) -> SafeString:
    """Values over time from 0 upwards, with a mark at each that is bad."""
    most = max((point.value for point in points), default=0.0) or 1.0
    places = [
        (round(point.along * WIDTH, 1), round(58 - point.value / most * 52, 1), point.bad)
        for point in points
    ]
    path = " ".join(f"{x},{y}" for x, y, _ in places)
    bad = ((x, y) for x, y, is_bad in places if is_bad)
    marks = format_html_join("", '<circle class="picture-bad" cx="{}" cy="{}" r="2.5"/>', bad)
    drawn = format_html(
        '<line class="picture-axis" x1="0" x2="{}" y1="59" y2="59"/>'
        '<text class="picture-label" x="0" y="9">{}</text>'
        '<polyline class="picture-line" points="{}"/>{}',
        WIDTH,
        f"{most:.4g}",
        path,
        marks,
    )
    return _svg(name, title, desc, 60, drawn)


def too_few(count: int) -> SafeString:
    """In place of a picture of fewer than three."""
    sentence = ngettext(
        "Too few to draw: {} rollback. A picture needs three.",
        "Too few to draw: {} rollbacks. A picture needs three.",
        count,
    )
    return format_html('<p class="soft">{}</p>', sentence.format(count))


def _axis(rows: int, most: float) -> SafeString:
    """The line below all bars, from nothing to the longest."""
    return format_html(
        '<line class="picture-axis" x1="0" x2="{}" y1="{}" y2="{}"/>'
        '<text class="picture-label" x="0" y="{}">0</text>'
        '<text class="picture-label" x="{}" y="{}" text-anchor="end">{}</text>',
        WIDTH,
        *(rows * _ROW + 2.5,) * 2,
        rows * _ROW + 15,
        WIDTH - 10,
        rows * _ROW + 15,
        duration(most),
    )


def _svg(name: str, title: str, desc: str, height: int, drawn: SafeString) -> SafeString:
    return format_html(
        '<svg class="picture" viewBox="0 0 {} {}" role="img" aria-labelledby="{}-title {}-desc"'
        ' focusable="false"><title id="{}-title">{}</title><desc id="{}-desc">{}</desc>{}</svg>',
        WIDTH,
        max(height, 1),
        *(name, name, name, title, name, desc, drawn),
    )


def _column(at: int, step: float, count: int, most: int) -> tuple[float, float, float, float]:
    height = round(count / most * 120, 1)
    width = min(step * 0.7, 40)
    return (round(at * step + (step - width) / 2, 1), 130 - height, round(width, 1), height)


def _scale(value: float, most: float) -> float:
    return round(value / most * (WIDTH - 10), 1)


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"
