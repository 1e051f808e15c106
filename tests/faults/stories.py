"""What the machine of test_everything_at_once asks the rows, and how its driver dies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from django.db.models import QuerySet

from rollback_console.engine.states import LIVE, TERMINAL
from rollback_console.rollbacks.execution import driver
from rollback_console.rollbacks.execution.runs import follower_group
from rollback_console.rollbacks.models import Rollback

# Points at which the thread that drives dies; the others belong to threads on the network,
# which die with their process in test_killed_workers.py.
POINTS = sorted(
    {
        "lease.claimed",
        "attempt.before-commit",
        "attempt.committed",
        "log.half-written",
        "log.stored",
        "outcome.stored",
        "step.between",
    }
)


class Killed(BaseException):
    """Nothing in the console may catch it."""


def under_way() -> QuerySet[Rollback]:
    return Rollback.objects.exclude(state__in=TERMINAL).order_by("id")


def some(**fields: Any) -> Rollback | None:
    return under_way().filter(**fields).first()


def asked(*kinds: str) -> bool:
    """Whether a person is asked such a thing now."""
    return under_way().filter(state__in=LIVE, question__kind__in=kinds).exists()


def about(row: Rollback) -> int:
    """The position of the step that is asked about."""
    return int(row.question.get("position", 0))


@contextmanager
def dying(point: str, visit: int) -> Iterator[None]:
    """The thread that drives dies there, as if its process had: nothing after it happens."""
    left = [visit]

    def failpoint(name: str) -> None:
        if name == point:
            left[0] -= 1
            if left[0] == 0:
                raise Killed

    with (
        mock.patch.object(driver, "failpoint", failpoint),
        mock.patch.object(follower_group, "failpoint", failpoint),
    ):
        yield
