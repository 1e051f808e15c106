"""What every event about an attempt says."""

from __future__ import annotations

from ...models import StepRun


def facts(run: StepRun) -> dict[str, object]:
    """What every event about a run says."""
    return {
        "position": run.position,
        "host": run.host,
        "attempt": run.attempt,
        "token": str(run.token),
    }
