"""The drawing of every state: shape, word and colour always go together.

Words and tones of states are declared in engine/states.py; this adds what is drawn beside them.

Each drawing lives in a 16 by 16 box. `cut` is what is drawn out of a filled shape.
"""

from __future__ import annotations

from urllib.parse import quote

from rollback_console.engine.states import STATES

_RING = '<circle cx="8" cy="8" r="6"/>'
_DISC = '<circle class="fill" cx="8" cy="8" r="7"/>'
_SQUARE = '<rect class="fill" x="1.5" y="1.5" width="13" height="13" rx="1.5"/>'
_OCTAGON = "M5.3 1.5h5.4l3.8 3.8v5.4l-3.8 3.8H5.3l-3.8-3.8V5.3z"
_CHECK = '<path{} d="m4.8 8.3 2.2 2.3 4.2-4.8"/>'
_CROSS = '<path{} d="m5 5 6 6m0-6-6 6"/>'
_HANDS = '<path{} d="M8 4.4V8l2.6 1.8"/>'
_ASKS = '<path{} d="M6 6.3c0-2.6 4-2.5 4 0C10 7.8 8 7.7 8 9.4m0 1.9v.3"/>'
_BANG = '<path{} d="M8 4.3v4.5m0 2.1v.4"/>'
_CUT = ' class="cut"'

SHAPES: dict[str, str] = {
    "requested": _RING + '<circle class="fill" cx="8" cy="8" r="2.2"/>',
    "approved": _RING + _CHECK.format(""),
    "running": '<path class="fill" d="M3.5 1.8v12.4L14.5 8z"/>',
    "waiting": '<path class="fill" d="M8 .8 15.2 8 8 15.2.8 8z"/>' + _BANG.format(_CUT),
    "verifying": '<rect x="2" y="2" width="12" height="12" rx="1"/>' + _CHECK.format(""),
    "succeeded": _DISC + _CHECK.format(_CUT),
    "failed": _SQUARE + _CROSS.format(_CUT),
    "aborting": f'<path d="{_OCTAGON}"/><path class="fill" d="M1.5 8h13v2.7l-3.8 3.8H5.3'
    'l-3.8-3.8z"/>',
    "aborted": f'<path class="fill" d="{_OCTAGON}"/><path class="cut" d="M4.6 8h6.8"/>',
    "rejected": _RING + '<path d="m3.9 12.1 8.2-8.2"/>',
    "expired": _RING + _HANDS.format(""),
    "withdrawn": '<path d="M6 3 2.5 6.5 6 10M2.8 6.5H10a3.5 3.5 0 0 1 0 7H7"/>',
    "pending": '<circle cx="8" cy="8" r="3.4"/>',
    "launching": '<path d="M4 2.6v10.8L13.6 8z"/>',
    "timed_out": _SQUARE + _HANDS.format(_CUT),
    "lost": '<circle cx="8" cy="8" r="6.6" stroke-dasharray="2.6 2"/>' + _ASKS.format(""),
    "abort_unconfirmed": f'<path d="{_OCTAGON}"/>' + _ASKS.format(""),
    "skipped": '<path d="M1.5 10.5C3.5 4 10 4 12.6 9.2M13.2 4.8l-.5 4.6-4.3-1.2"/>',
    "locked": '<rect class="fill" x="3" y="7" width="10" height="7.5" rx="1"/>'
    '<path d="M5 7V4.8a3 3 0 0 1 6 0V7"/>',
    "open": '<rect x="3" y="7" width="10" height="7" rx="1"/><path d="M5 7V4.6a3 3 0 0 1 5.8-1"/>',
    "error": _SQUARE + _BANG.format(_CUT),
    "warning": '<path d="M8 1.8 15 14H1z"/><path d="M8 6v4m0 1.7v.3"/>',
    "note": _RING + '<path d="M8 7.4V11m0-6.2v.4"/>',
    "pass": _CHECK.format(""),
    "fail": _CROSS.format(""),
    "not_applicable": '<path d="M4 8h8"/>',
    "confirmed": '<circle cx="5" cy="8" r="3.2"/><path d="M8.2 8h6.3v2.6M12 8v2"/>',
    "unconfirmed": '<circle cx="5" cy="8" r="3.2" stroke-dasharray="2 1.6"/>'
    + '<path d="M9 8h6"/>',
    "destructive": '<path class="fill" d="M8 1 15.5 14.5H.5z"/>'
    + '<path class="cut" d="M8 6v4m0 1.9v.3"/>',
    "pinned": '<path d="M5.5 1.8h5L10 7l2.5 2.5h-9L6 7z"/><path d="M8 9.5v5"/>',
    "ready": _CHECK.format(""),
    "not_ready": _SQUARE + _CROSS.format(_CUT),
    "unknown": '<circle cx="8" cy="8" r="6.6" stroke-dasharray="2.6 2"/>' + _ASKS.format(""),
    "not_asked": '<path d="M4 8h8"/>',
    "draft": '<path d="M3 13l.7-3.2L11 2.5 13.5 5 6.2 12.3z"/>',
    "in_review": '<path d="M1 8c3.5-5.5 10.5-5.5 14 0-3.5 5.5-10.5 5.5-14 0z"/>'
    '<circle cx="8" cy="8" r="2"/>',
    "published": '<path d="M4 1.8h8v12.4l-4-2.7-4 2.7z"/>',
    "active": _DISC,
    "deactivated": _RING,
}

# Tab icons are drawn in colours of their own: a tab knows no theme of the page.
_TAB_COLORS = {"go": "#0a7ea3", "ask": "#c07a00", "ok": "#2c8a57", "bad": "#c4352c"}
_TAB_SHAPES = {
    "running": "M10 6v20l16-10z",
    "waiting": "M16 2 30 16 16 30 2 16z",
    "verifying": "M4 4h24v24H4z",
    "succeeded": "M16 2a14 14 0 1 0 .1 0z",
    "failed": "M3 3h26v26H3z",
}
_OTHER_COLOR, _OTHER_SHAPE = "#6d7876", "M10 2h12l8 8v12l-8 8H10l-8-8V10z"


def tab_icon(state: str) -> str:
    """The tab's icon for a rollback in that state, as a data: address."""
    color = _TAB_COLORS.get(STATES[state].tone if state in STATES else "", _OTHER_COLOR)
    path = _TAB_SHAPES.get(state, _OTHER_SHAPE)
    drawing = f'<path fill="{color}" d="{path}"/>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">{drawing}</svg>'
    return f"data:image/svg+xml,{quote(svg)}"


TONES: dict[str, str] = {
    **{name: info.tone for name, info in STATES.items()},
    "locked": "ask",
    "error": "bad",
    "warning": "ask",
    "note": "still",
    "pass": "ok",
    "fail": "bad",
    "confirmed": "ok",
    "unconfirmed": "ask",
    "destructive": "bad",
    "pinned": "bad",
    "ready": "ok",
    "not_ready": "bad",
    "unknown": "lost",
    "in_review": "ask",
    "published": "ok",
    "active": "ok",
}

if undrawn := set(STATES) - set(SHAPES):
    raise ValueError(f"States without a drawing: {', '.join(sorted(undrawn))}.")
