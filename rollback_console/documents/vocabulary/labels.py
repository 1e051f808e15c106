"""Lines that carry a label and a value, and the durations in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rollback_console.documents.model import Note

from ..markdown.blocks import Block, BlockKind
from ..markdown.folded_text import bare_title, plain

_BOLD_LABEL = re.compile(
    r"\s*(?:\*\*|__)([^*\n]{1,120}?)(?:\*\*|__)\s*[:\uff1a—–-]?\s*(.*)", re.DOTALL
)
_LABEL = re.compile(
    r"\s*([^\W\d_][^:\uff1a\n|`*<>/]{0,48}?)\s*[:\uff1a](?![/\d])\s*(.*)", re.DOTALL
)
_UNIT = (
    r"(?:s(?:ec(?:ond)?s?)?|segundos?|secondes?|sekunden?|秒|ثواني|m(?:in(?:ute|uto)?[sn]?)?|分钟|分"
    r"|دقائق|دقيقة|h(?:(?:ou)?rs?)?|horas?|heures?|stunden?|小时|ساعات|ساعة|days?|dias?|jours?"
    r"|tage?|天)"
)
_AMOUNT = r"\d{1,5}(?:[.,]\d{1,2})?"
_DURATION = re.compile(
    r"(?:(?P<less><|≤|under|within|less than|up to|max(?:imum)?\.?:?|bis zu|menos de"
    r"|moins de)\s*)?~?\s*"
    rf"(?P<low>{_AMOUNT})(?:\s*(?P<u1>{_UNIT}))?"
    rf"(?:\s*(?:-|–|—|to|a|à|bis|至|到|~|إلى|الى)\s*(?P<high>{_AMOUNT})\s*(?P<u2>{_UNIT})"
    rf"|(?<=[^\d.,\s]))(?![A-Za-z])",
    re.IGNORECASE,
)


def notes_of(blocks: Iterable[Block]) -> Iterator[Note]:
    """Each item, table row and plain line as a note, its label apart."""
    for block in blocks:
        if block.kind is BlockKind.ITEM:
            yield from _item(block)
        elif block.kind is BlockKind.TABLE:
            yield from _rows(block)
        elif block.kind is BlockKind.PARAGRAPH:
            yield from _lines(block)


def listed(blocks: Iterable[Block]) -> list[Note]:
    """The notes of items and rows; sentences only where there are no others."""
    blocks = list(blocks)
    items = [b for b in blocks if b.kind in {BlockKind.ITEM, BlockKind.TABLE}]
    notes = [note for note in notes_of(items) if note.text]
    return notes or [note for note in notes_of(blocks) if note.text and not note.text.endswith(":")]


def split_label(text: str) -> tuple[str, str]:
    """Label and value of one line; the label is empty where there is none."""
    bold = _BOLD_LABEL.match(text)
    if bold:
        return plain(bold[1]).strip(" :\uff1a"), plain(bold[2])
    match = _LABEL.match(plain(text))
    if match and match[1].count(" ") < 6:
        return match[1].strip(), match[2].strip()
    return "", plain(text)


def minutes(text: str) -> tuple[float | None, float | None]:
    """The first span of time in a text as minutes, low and high; None twice without one."""
    match = _DURATION.search(text)
    if not match:
        return None, None
    low, high = _number(match["low"]), _number(match["high"] or match["low"])
    scale = _scale(match["u2"] or match["u1"])
    first = _scale(match["u1"] or match["u2"])
    return (0.0 if match["less"] else low * first), high * scale


def _item(block: Block) -> Iterator[Note]:
    label, text = split_label(block.text)
    if label and not text:
        return
    if not _is_bold(block.text):
        label, text = "", bare_title(block.text)
    yield Note(text, block.lines[0], label)


def _is_bold(text: str) -> bool:
    return bool(_BOLD_LABEL.match(text))


def _rows(block: Block) -> Iterator[Note]:
    for line, cells in block.table[1:]:
        filled = [plain(cell) for cell in cells if cell.strip()]
        if len(filled) == 1:
            yield Note(filled[0], line)
        elif filled:
            yield Note(" - ".join(filled[1:]), line, filled[0])


def _lines(block: Block) -> Iterator[Note]:
    for at, line in enumerate(block.text.split("\n")):
        label, text = split_label(line) if _is_bold(line) else ("", bare_title(line))
        if label or text:
            yield Note(text, block.lines[0] + at, label)


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _scale(unit: str) -> float:
    unit = unit.lower()
    if unit.startswith(("h", "stunde", "小时", "ساع")):
        return 60.0
    if unit.startswith(("s", "秒", "ثوان")):
        return 1 / 60
    return 1440.0 if unit.startswith(("d", "j", "t", "天")) else 1.0
