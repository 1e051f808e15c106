"""A document back to text: the author's own bytes, or those with one edit made.

An edit returns the new text; reading that gives the new document. Everything not named in
the edit stays byte for byte, line ends included.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from rollback_console.documents.errors import UnknownEdit
from rollback_console.documents.model import Edit, Finding, PlanDocument, Step

from ..markdown.source import encode, line_end, split_keeping_ends
from .fence_attributes import FLAGS, NAMES, parse_info

_OPENER = re.compile(r"(?P<lead>[\s>]*)(?P<marks>`{3,}|~{3,})(?P<info>[^\r\n]*)")


def write(document: PlanDocument) -> str:
    """The text the document was read from, unchanged."""
    return document.source


def write_bytes(document: PlanDocument) -> bytes:
    """The same as bytes, in the encoding the document came in."""
    return encode(document.source, document.encoding)


def apply_fix(document: PlanDocument, finding: Finding) -> str:
    """The text with the finding's fix made. Raises UnknownEdit when it has none."""
    if finding.fix is None:
        raise UnknownEdit(f"“{finding.code}” has no ready fix; edit the plan's text instead.")
    return edited(document.source, finding.fix.edits)


def edited(source: str, edits: tuple[Edit, ...]) -> str:
    """The text after these edits, whose line numbers are those before any of them."""
    lines, end = split_keeping_ends(source), line_end(source)
    for edit in sorted(edits, key=lambda one: one.first, reverse=True):
        new = [row + end for row in edit.rows]
        if edit.first > len(lines) and lines and not lines[-1].endswith(("\n", "\r")):
            lines[-1] += end if lines[-1] else ""
        lines[edit.first - 1 : edit.last] = new
    return "".join(lines)


def set_attribute(document: PlanDocument, step_key: str, name: str, value: str | bool) -> str:
    """The text with one attribute of a step's fence set; False or an empty value removes it.

    Raises UnknownEdit for a step without a fence, an unknown attribute or a value that
    cannot be written on one line.
    """
    if name not in NAMES:
        raise UnknownEdit(f"{name} is not an attribute of a step. Known are: {', '.join(NAMES)}.")
    if not isinstance(value, bool) and re.search(r"[\r\n\"`]", value):
        raise UnknownEdit(f"The value of {name} cannot hold quotes, backticks or line breaks.")
    step = _step(document, step_key)
    line = split_keeping_ends(document.source)[step.fence - 1] if step.fence else ""
    match = _OPENER.match(line)
    if match is None:
        raise UnknownEdit(f"Step “{step.title}” has no fence to write {name} on.")
    info = _with_attribute(match["info"].strip(), name, value)
    text = match["lead"] + match["marks"] + info
    return edited(document.source, (Edit(step.fence, step.fence, (text,)),))


def set_front_matter(document: PlanDocument, values: Mapping[str, Any]) -> str:
    """The text with these front matter values set; a value of None removes its name.

    Other lines of the head stay as they are. Raises UnknownEdit when the head cannot be
    read.
    """
    head = document.front_matter
    if head.error:
        raise UnknownEdit(f"The front matter cannot be read ({head.error}); correct it first.")
    if head.lines is None:
        rows = ["---", *_dumped(values), "---", ""]
        return edited(document.source, (Edit(1, 0, tuple(rows)),))
    edits = [_head_edit(document, name, value) for name, value in values.items()]
    return edited(document.source, tuple(edit for edit in edits if edit))


def _step(document: PlanDocument, key: str) -> Step:
    for procedure in document.procedures:
        for step in procedure.steps:
            if step.key == key:
                return step
    raise UnknownEdit(f"This plan has no step {key}. It may have been edited meanwhile.")


def _with_attribute(info: str, name: str, value: str | bool) -> str:
    """The info string with the attribute set in its place, or added at the end."""
    spelled = "" if value in (False, "") else _spelled(name, value)
    pattern = re.compile(rf"(?<=\s){re.escape(name)}(?:=(?:\"[^\"]*\"|'[^']*'|\S*))?(?=\s|$)")
    padded = f" {info}"
    if pattern.search(padded):
        return re.sub(r"\s{2,}", " ", pattern.sub(lambda _: spelled, padded, count=1)).strip()
    language = "" if parse_info(info).language or not spelled else "bash"
    return " ".join(part for part in (language, info, spelled) if part)


def _spelled(name: str, value: str | bool) -> str:
    if name in FLAGS and value in (True, "yes", "true"):
        return name
    text = str(value)
    return f'{name}="{text}"' if re.search(r"\s|=", text) else f"{name}={text}"


def _dumped(values: Mapping[str, Any]) -> list[str]:
    kept = {name: value for name, value in values.items() if value is not None}
    if not kept:
        return []
    text = yaml.safe_dump(kept, allow_unicode=True, sort_keys=False, default_flow_style=False)
    return text.rstrip("\n").split("\n")


def _head_edit(document: PlanDocument, name: str, value: Any) -> Edit | None:
    first, last = document.front_matter.lines or (1, 1)
    lines = [line.rstrip("\r\n") for line in split_keeping_ends(document.source)[:last]]
    rows = tuple(_dumped({name: value}))
    start = next(
        (at for at in range(first, last - 1) if re.match(rf"{re.escape(name)}\s*:", lines[at])), 0
    )
    if not start:
        return Edit(last, last - 1, rows) if rows else None
    end = start + 1
    while end < last - 1 and (not lines[end].strip() or lines[end][0] in " \t-#"):
        end += 1
    return Edit(start + 1, end, rows)
