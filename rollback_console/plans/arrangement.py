"""A revision's proposal with what people changed of it so far."""

from __future__ import annotations

from typing import Any

from rollback_console.documents.arrange import arrange
from rollback_console.documents.errors import ArrangementError
from rollback_console.documents.model import PlanDocument

from .document_cache import document
from .errors import PlanError
from .models import ArrangementDraft, Revision


def draft_of(revision: Revision) -> ArrangementDraft:
    """The revision's draft; one that is not saved where nobody changed anything yet."""
    draft = ArrangementDraft.objects.filter(revision=revision).first()
    return draft or ArrangementDraft(revision=revision)


def operations_of(draft: ArrangementDraft) -> list[dict[str, Any]]:
    """The operations that hold."""
    return list(draft.operations[: draft.position])


def arranged(revision: Revision, operations: list[dict[str, Any]]) -> PlanDocument:
    """The proposal with these operations made. Raises PlanError for one that does not fit."""
    try:
        return arrange(document(revision), operations)
    except ArrangementError as error:
        raise PlanError(str(error)) from error
