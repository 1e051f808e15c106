"""What a person should know before a plan runs, as findings with stable codes."""

from __future__ import annotations

from collections.abc import Mapping

from rollback_console.documents.model import Finding, PlanDocument
from rollback_console.documents.steps import Doubt

Doubts = Mapping[str, list[Doubt]]


def findings_of(document: PlanDocument, doubts: Doubts) -> tuple[Finding, ...]:
    return ()
