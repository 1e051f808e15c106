"""Files checked where plans live: canonical and clean, or what to do about it.

Needs no console and no database: made for pre-commit and for pipelines.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rollback_console.documents.errors import NotCanonical, UnreadableDocument, Unwritable
from rollback_console.documents.model import Certainty, Finding, PlanDocument, Severity

from .arrange import arrange
from .canonical import is_canonical, keep_all_lines, tidy_canonical, write_canonical
from .markdown.source import LIMIT, decode
from .reading import read
from .shell.hidden_characters import escape_in_json, show_hidden_in_output

CLEAN, FINDINGS, UNREADABLE = 0, 1, 2
FORMATS = ("text", "json", "github")
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_MISREAD = frozenset({"front-matter", "bad-attribute"})


@dataclass(frozen=True, slots=True)
class FileCheck:
    """What was found in one file. `code` is CLEAN, FINDINGS or UNREADABLE."""

    path: str
    code: int
    canonical: bool
    findings: tuple[Finding, ...]


def check_files(paths: Iterable[Path], *, write: bool = False) -> list[FileCheck]:
    """Check each file; with `write`, put in canonical form what leaves nothing open."""
    return [check_file(path, write=write) for path in paths]


def check_file(path: Path, *, write: bool = False) -> FileCheck:
    """Check one file, which is read whole and never more than a plan may hold."""
    try:
        with path.open("rb") as file:
            data = file.read(LIMIT + 1)
        if write and (text := rewritten(data)) is not None and text.encode() != data:
            data = text.encode()
            path.write_bytes(data)
    except OSError as error:
        return _unreadable(path, 1, error.strerror or "it cannot be read")
    return check_data(path, data)


def check_data(path: Path, data: bytes) -> FileCheck:
    """The same of a file's bytes."""
    try:
        document = read(data)
    except NotCanonical as error:
        finding = Finding(Severity.ERROR, "not-canonical", error.line, _capital(error.reason))
        return FileCheck(str(path), FINDINGS, False, (finding,))
    except UnreadableDocument as error:
        return _unreadable(path, 1, str(error))
    canonical = is_canonical(document.source)
    findings = document.findings if canonical else (*_proposal(document), *document.findings)
    counted = [one for one in findings if one.severity is not Severity.NOTE]
    return FileCheck(str(path), FINDINGS if counted else CLEAN, canonical, findings)


def rewritten(data: bytes) -> str | None:
    """The canonical text of a file; None for what only a person can arrange, or cannot be read."""
    try:
        text, _ = decode(data)
        if is_canonical(text):
            return tidy_canonical(text)
        document = read(data)
        return (
            None if any(_open(document)) else write_canonical(keep_all_lines(arrange(document, [])))
        )
    except (UnreadableDocument, Unwritable):
        return None


def exit_code(checks: Iterable[FileCheck]) -> int:
    """The worst of all."""
    return max((one.code for one in checks), default=CLEAN)


def format_checks(checks: Sequence[FileCheck], style: str) -> str:
    """All checks as text for a terminal, as JSON, or as annotations of a GitHub workflow."""
    if style == "json":
        values = [_as_json(one) for one in checks]
        return escape_in_json(json.dumps(values, ensure_ascii=False, indent=2))
    line = _annotation if style == "github" else _sentence
    return "\n".join(
        show_hidden_in_output(line(one.path, finding)) for one in checks for finding in one.findings
    )


def _proposal(document: PlanDocument) -> list[Finding]:
    """That the text is none of the canonical form, and what of it only a person can say."""
    open_ones = _open(document)
    how = "arrange and confirm it in the console" if open_ones else "write it with --write"
    why = f"This plan is not in canonical form, so its steps are a proposal: {how}."
    return [Finding(Severity.ERROR, "not-canonical", 1, why), *open_ones]


def _open(document: PlanDocument) -> list[Finding]:
    """What keeps a text from being written in canonical form without a person."""
    questions_open = [
        Finding(Severity.ERROR, "open-question", one.lines[0], one.text)
        for one in document.questions
    ]
    unsure = [
        Finding(
            Severity.ERROR,
            "unsure-role",
            one.lines[0],
            f"Nobody can tell from the text what “{one.text.splitlines()[0][:60]}” is for.",
        )
        for one in document.commands
        if one.certainty is Certainty.UNSURE
    ]
    return [*questions_open, *unsure, *(one for one in document.findings if one.code in _MISREAD)]


def _unreadable(path: Path, line: int, why: str) -> FileCheck:
    finding = Finding(Severity.ERROR, "unreadable", line, _capital(why))
    return FileCheck(str(path), UNREADABLE, False, (finding,))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _as_json(check: FileCheck) -> dict[str, object]:
    return {
        "file": check.path,
        "code": check.code,
        "canonical": check.canonical,
        "findings": [
            {
                "severity": one.severity.value,
                "code": one.code,
                "line": one.line,
                "message": one.message,
            }
            for one in check.findings
        ],
    }


def _sentence(path: str, finding: Finding) -> str:
    return f"{path}:{finding.line}: {finding.severity}: {finding.message} [{finding.code}]"


def _annotation(path: str, finding: Finding) -> str:
    """https://docs.github.com/actions/reference/workflow-commands-for-github-actions"""
    level, title = _LEVELS[finding.severity], _escaped(finding.code, ":,")
    place = f"file={_escaped(path, ':,')},line={finding.line},title={title}"
    return f"::{level} {place}::{_escaped(finding.message)}"


def _escaped(text: str, more: str = "") -> str:
    for letter in f"%\r\n{more}":
        text = text.replace(letter, f"%{ord(letter):02X}")
    return text
