"""The facts of an event as a dict, whatever somebody wrote into the column."""

from __future__ import annotations

from typing import Any

from django.db import models


class FactsField(models.JSONField):
    """JSON that is read as a dict: anything else is read as no facts.

    A page must not fail on a row that was changed in the database; that it was is what
    verify_audit says, since no facts have another digest.
    """

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> dict[str, Any]:
        """What was stored; {} for what is no object or no JSON."""
        try:
            facts = super().from_db_value(value, expression, connection)
        except (ValueError, TypeError):
            return {}
        return facts if isinstance(facts, dict) else {}
