"""When each step worked, as a picture (SVG) that a table with the same numbers stands beside."""

from __future__ import annotations

from datetime import datetime

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from rollback_console.common.durations import duration
from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.models import Rollback

from .step_board import BoardLine

WIDTH = 360
_ROW = 18
_LABEL = 24
_AXIS = 20


def picture(rollback: Rollback, lines: list[BoardLine]) -> SafeString | str:
    """A bar for each step that began, over the time since the start; "" before one did."""
    begun = [line for line in lines if line.began]
    if not begun or rollback.started_at is None:
        return ""
    until = rollback.finished_at or db_clock.now()
    whole = max((until - rollback.started_at).total_seconds(), 1)
    bars = format_html_join(
        "",
        '<text x="0" y="{}">{}</text><rect data-state="{}" x="{}" y="{}" width="{}" height="10"/>',
        (_bar(at, line, rollback.started_at, until, whole) for at, line in enumerate(begun)),
    )
    return format_html(
        '<svg class="spans" viewBox="0 0 {} {}" role="img" aria-labelledby="spans-title"'
        ' focusable="false"><title id="spans-title">Step timing: {} of {} steps started.'
        " The table has the numbers.</title>{}{}</svg>",
        WIDTH,
        len(begun) * _ROW + _AXIS,
        len(begun),
        len(lines),
        bars,
        _axis(len(begun) * _ROW, whole),
    )


def _axis(top: int, whole: float) -> SafeString:
    """The time since the start, with its beginning, its middle and its end."""
    middle = (_LABEL + WIDTH) / 2
    marks = ((_LABEL, "start", 0.0), (middle, "middle", whole / 2), (WIDTH, "end", whole))
    texts = format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="{}">{}</text>',
        ((x, top + 15, anchor, duration(seconds)) for x, anchor, seconds in marks),
    )
    line = '<line class="spans-axis" x1="{}" x2="{}" y1="{}" y2="{}"/>{}'
    return format_html(line, _LABEL, WIDTH, top + 2, top + 2, texts)


def _bar(
    at: int, line: BoardLine, start: datetime, until: datetime, whole: float
) -> tuple[int, str, str, float, int, float]:
    began = line.began or start
    scale = (WIDTH - _LABEL) / whole
    left = max((began - start).total_seconds(), 0) * scale
    width = max(((line.ended or until) - began).total_seconds() * scale, 2)
    where = round(min(_LABEL + left, WIDTH - 2), 1)
    return (
        at * _ROW + 13,
        line.station.step.number,
        line.state,
        where,
        at * _ROW + 4,
        round(min(width, WIDTH - where), 1),
    )
