"""Procedures an author names in passing: "alternatively keep the database as it is"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rollback_console.documents.model import Note, Procedure, Step

from ..markdown.folded_text import fold
from ..shell.command_patterns import destroys

_KEEPS = re.compile(
    r"(?:keep|leave|retain|preserv|without|skip|not) .{0,30}(?:\bdb\b|database|schema|data\b)"
    r"|code[ -]only|only .{0,20}code"
    r"|sin .{0,20}base de datos|solo .{0,20}codigo|sans .{0,20}base de donnees|seulement le code"
    r"|datenbank .{0,20}(?:behalten|belassen)"
    r"|nur .{0,10}code|保留数据库|仅回滚代码|只回滚代码|الابقاء علي قاعده البيانات|الكود فقط"
)
_ALTERNATIVE = re.compile(r"alternativ|option|instead|or\b|consider|opcion|可选|另外|替代|بديل")
_DATABASE = re.compile(
    r"\bdb\b|database|migrat|\bdata\b|dump|base de d|datenbank|数据库|迁移|قاعده البيانات"
)


def code_only(procedures: Sequence[Procedure], notes: Sequence[Note]) -> Procedure | None:
    """The first procedure without its database steps, when a note offers exactly that."""
    note = next((note for note in notes if _offers(note)), None)
    main = next((one for one in procedures if any(map(touches_data, one.steps))), None)
    if note is None or main is None:
        return None
    kept = tuple(step for step in main.steps if not touches_data(step))
    if not kept:
        return None
    name = re.sub(r"^[^\W\d_]+\s*[:\uff1a]\s*", "", note.text) or note.text
    return replace(
        main, key="code-only", name=name, steps=kept, line=note.line, condition="", derived=True
    )


def touches_data(step: Step) -> bool:
    """The step changes the database: by its title, or by what its commands undo."""
    texts = [c.text for c in step.commands]
    texts += [c.text for one in step.alternatives for c in one.commands]
    codes = {code for text in texts for code in destroys(text)}
    changes = codes & {"restores-over", "drops-data", "reverses-migration"}
    return bool(changes or (_DATABASE.search(fold(step.title)) and step.destructive))


def _offers(note: Note) -> bool:
    text = fold(f"{note.label} {note.text}")
    return bool(_KEEPS.search(text)) and bool(_ALTERNATIVE.search(text))
