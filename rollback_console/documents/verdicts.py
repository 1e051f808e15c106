"""What is said about a plan, and the edits that answer it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """`error`: run as written it does harm or nothing. `warning`: read it. `note`: good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Edit:
    """Lines `first` to `last` of the source become `rows`; `last` one less than `first` inserts."""

    first: int
    last: int
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits of the source that answer a finding; they do not overlap. `label` is the button's."""

    label: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a person should know before this plan runs. `code` is stable."""

    severity: Severity
    code: str
    line: int
    message: str
    step: str = ""
    fix: Fix | None = None
