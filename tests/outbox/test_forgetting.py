"""Old messages and proposals go; what is on its way, open or became a rollback stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from rollback_console.outbox import retention
from rollback_console.outbox.models import Delivery
from rollback_console.proposals.models import Integration, Proposal
from rollback_console.rollbacks import db_clock
from tests import make
from tests.make import Stage

from .conftest import AddTarget, told

LONG_AGO = timedelta(days=-200)


@pytest.fixture
def proposed(stage: Stage) -> Any:
    """`proposed("title", state=…)`: one that was last seen 200 days ago."""
    integration = Integration.objects.create(
        name="Alerts",
        kind="generic",
        environment=stage.environment,
        secret="x",
        made_by=stage.cast.ada,
        made_at=db_clock.now(),
        secret_at=db_clock.now(),
    )

    def add(title: str, **fields: Any) -> Proposal:
        at = db_clock.later(LONG_AGO)
        return Proposal.objects.create(
            integration=integration,
            source="Alerts",
            environment=stage.environment,
            fingerprint=title,
            episode="1",
            title=title,
            trigger=title,
            **{"opened_at": at, "last_seen_at": at, **fields},
        )

    return add


def test_messages_that_were_sent_or_given_up_go_when_they_are_old(
    stage: Stage, add_target: AddTarget
) -> None:
    add_target()
    make.approved(stage)
    first, second = told()
    Delivery.objects.filter(pk=first.pk).update(made_at=db_clock.later(LONG_AGO), state="sent")
    Delivery.objects.filter(pk=second.pk).update(made_at=db_clock.later(LONG_AGO))
    assert retention.forget_due() == 1
    assert [row.pk for row in told()] == [second.pk], "and nothing is told again"
    Delivery.objects.update(state="failed")
    assert retention.forget_due() == 1


def test_proposals_that_came_to_nothing_go_and_no_other(stage: Stage, proposed: Any) -> None:
    gone, recent = db_clock.later(LONG_AGO), db_clock.now()
    proposed("dismissed", state="dismissed", decided_at=gone)
    proposed("over", resolved_at=gone)
    proposed("dismissed lately", state="dismissed", decided_at=recent)
    proposed("seen lately", resolved_at=recent, last_seen_at=recent)
    proposed("open")
    proposed("became one", state="requested", decided_at=gone, rollback=make.requested(stage))
    assert retention.forget_due() == 2
    assert {each.title for each in Proposal.objects.all()} == {
        "dismissed lately",
        "seen lately",
        "open",
        "became one",
    }


def test_they_stay_for_good_where_the_settings_say_so(proposed: Any, settings: Any) -> None:
    proposed("dismissed", state="dismissed", decided_at=db_clock.later(LONG_AGO))
    settings.KEEP_MESSAGES_DAYS = 0
    assert retention.forget_due() == 0
    settings.KEEP_MESSAGES_DAYS = 1
    assert retention.forget_due() == 1


def test_it_is_looked_for_once_an_hour(proposed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_next", 0.0)
    for title in ("first", "second"):
        proposed(title, state="dismissed", decided_at=db_clock.later(LONG_AGO))
        retention.sometimes()
    assert [each.title for each in Proposal.objects.all()] == ["second"]
