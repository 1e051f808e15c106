"""The environment's rule about rollbacks that the hosts say would not work."""

from __future__ import annotations

from rollback_console.plans.readiness import check
from rollback_console.plans.readiness.check import STALE

from .. import db_clock
from ..models import Rollback


def refusal(rollback: Rollback) -> str:
    """Why the environment's rule lets nobody go on; "" when it lets them."""
    if rollback.environment.readiness_rule != "block":
        return ""
    readiness = check.latest(rollback.revision, rollback.snapshot_sha256)
    if readiness.at is None:
        return _rule(rollback, "the preflight checks have not run")
    if readiness.red:
        return _rule(rollback, f"the preflight checks fail: {readiness.red[0].detail}")
    if db_clock.now() - readiness.at > STALE:
        return _rule(rollback, "the preflight results are too old")
    return ""


def _rule(rollback: Rollback, why: str) -> str:
    return (
        f"Blocked by the rule of {rollback.environment}: {why.rstrip('.')}. Run the checks again."
    )
