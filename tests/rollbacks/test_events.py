"""The stream of events cannot be changed unnoticed."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from rollback_console.rollbacks.actions import steering
from rollback_console.rollbacks.events import flaws
from rollback_console.rollbacks.models import Event, Rollback
from tests import make
from tests.make import Stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def rollback(stage: Stage) -> Rollback:
    rollback = make.approved(stage)
    steering.note(rollback, by=stage.cast.vic, text="one")
    steering.note(rollback, by=stage.cast.vic, text="two")
    return rollback


def test_an_untouched_stream_holds(rollback: Rollback) -> None:
    assert list(flaws()) == []
    call_command("verify_audit", "--accept-unsealed")


def test_an_edited_fact_is_named(rollback: Rollback) -> None:
    event = Event.objects.get(seq=2)
    Event.objects.filter(pk=event.pk).update(facts={**event.facts, "note": "I did not say that"})
    assert [(flaw.seq, flaw.what) for flaw in flaws()] == [(2, "was changed")]
    with pytest.raises(CommandError, match="event 2 was changed"):
        call_command("verify_audit")


@pytest.mark.parametrize("seq", [1, 3, 5])
def test_a_removed_fact_is_named(rollback: Rollback, seq: int) -> None:
    assert rollback.events.count() == 5
    Event.objects.filter(seq=seq).delete()
    assert [(flaw.seq, flaw.what) for flaw in flaws()] == [(seq, "is missing")]


def test_a_fact_under_another_name_is_named(rollback: Rollback) -> None:
    Event.objects.filter(seq=4).update(by=make.person("mallory", "Operator"))
    assert [flaw.seq for flaw in flaws()] == [4]
