"""What reading a revision found, with what people acknowledged of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rollback_console.common.people import display_name
from rollback_console.documents.lint.finding_key import finding_key
from rollback_console.documents.model import Finding, Severity
from rollback_console.documents.report import report
from rollback_console.documents.shape import shape_of

from .confirmation import author_text
from .document_cache import document
from .models import Acknowledgement, Revision


@dataclass(frozen=True, slots=True)
class ListedFinding:
    """A finding of a revision; `index` is its place among the document's findings."""

    index: int
    finding: Finding
    key: str
    acknowledgement: Acknowledgement | None

    @property
    def may_stay(self) -> bool:
        """Whether a person may acknowledge it: an error is corrected instead."""
        return self.finding.severity is not Severity.ERROR


def list_findings(revision: Revision) -> tuple[ListedFinding, ...]:
    """Every finding of the revision's text, in the document's order."""
    text = document(revision)
    rows = {row.finding: row for row in revision.acknowledgements.select_related("by")}
    return tuple(
        ListedFinding(index, finding, key, rows.get(key))
        for index, finding in enumerate(text.findings)
        for key in [finding_key(text, finding)]
    )


def find_listed(revision: Revision, key: str) -> ListedFinding | None:
    """The finding of that key, None where the revision has no such finding."""
    return next((one for one in list_findings(revision) if one.key == key), None)


def list_still_true(before: Revision, after: Revision) -> list[Acknowledgement]:
    """What was acknowledged of `before` and holds of `after`: both have one shape, and the finding
    says the same of the same text."""
    rows = list(before.acknowledgements.all())
    if not rows or not _is_same_shape(before, after):
        return []
    keys = {one.key for one in list_findings(after) if one.may_stay}
    return [row for row in rows if row.finding in keys]


def _is_same_shape(before: Revision, after: Revision) -> bool:
    return shape_of(document(before)) == shape_of(document(after)) or shape_of(
        author_text(before)
    ) == shape_of(author_text(after))


def report_revision(revision: Revision) -> dict[str, Any]:
    """The import report of a revision, with who acknowledged which finding of it."""
    understood = report(document(revision)) | {"confirmed": revision.confirmed_at is not None}
    add_acknowledgements(understood, revision)
    return understood


def add_acknowledgements(understood: dict[str, Any], revision: Revision) -> None:
    """Write into an import report what people acknowledged of the same findings of a revision."""
    rows = {row.finding: row for row in revision.acknowledgements.select_related("by")}
    for value in understood["findings"]:
        if row := rows.get(value["key"]):
            value["acknowledged"] = {
                "by": display_name(row.by),
                "at": row.at.isoformat(),
                "reason": row.reason,
            }
