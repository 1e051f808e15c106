"""What every event about an attempt says."""

from __future__ import annotations

from typing import Any

from ...events.written_columns import RUN, describe_values
from ...models import StepRun


def facts(run: StepRun, **written_values: Any) -> dict[str, Any]:
    """What every event about a run says; and what the act wrote into its row, by column."""
    written = {RUN: describe_values(**written_values)} if written_values else {}
    return written | {
        "position": run.position,
        "host": run.host,
        "attempt": run.attempt,
        "token": str(run.token),
    }
