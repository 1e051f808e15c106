"""What slipped through is masked by hand, everywhere, and the record stays whole."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from rollback_console.rollbacks import log_store
from rollback_console.rollbacks.actions import steering
from rollback_console.rollbacks.actions.redactions import redact_text
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.events import flaws
from rollback_console.rollbacks.execution.view import snapshot_of
from rollback_console.rollbacks.models import Event, Rollback
from tests import make
from tests.fleet import Fleet
from tests.make import Stage

from .driving import drive

pytestmark = pytest.mark.django_db(transaction=True)

SLIPPED = "tr0ub4dor&3-tr0ub4dor&3"


@pytest.fixture
def rollback(stage: Stage, fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> Rollback:
    """A rollback whose log holds the text three times, once across two rows; a note does too."""
    monkeypatch.setattr(log_store, "CHUNK", 64)
    encoded = base64.b64encode(SLIPPED.encode())
    printed = b"x" * 50 + SLIPPED.encode() + b"\n" + b"y" * 100 + b"\n" + encoded + b"\nend\n"
    fleet.scripts["stopping"] = (printed, 0)
    fleet.scripts["restoring"] = (b"nothing of it\n", 1)
    response = drive(make.approved(stage), fleet)
    steering.note(response, by=stage.cast.vic, text=f"The password is {SLIPPED}")
    return response


def test_a_text_is_masked_in_logs_and_events_and_the_audit_holds(
    stage: Stage, rollback: Rollback
) -> None:
    first, second = rollback.runs.filter(position__lte=2)
    before, untouched = log_store.read_log(first), log_store.read_log(second)
    redact_text(rollback, by=stage.cast.ada, text=SLIPPED, reason="A step printed it")
    after = log_store.read_log(first)
    assert len(after) == len(before)
    assert SLIPPED.encode() not in after
    assert after.startswith(b"x" * 50 + b"*" * len(SLIPPED) + b"\n" + b"y" * 100)
    assert after.endswith(b"*M=\nend\n"), "two bits of the last letter, and padding"
    assert log_store.read_log(second) == untouched
    assert not [each for each in Event.objects.all() if SLIPPED in str(each.facts)]
    event = rollback.events.get(kind="text.redacted")
    assert (event.by, event.facts["reason"]) == (stage.cast.ada, "A step printed it")
    assert event.facts["bytes"] > len(SLIPPED)
    assert list(flaws()) == []


@pytest.mark.parametrize("text", ["not_applicable", "Deploy Lead", "key"])
def test_what_names_an_answer_a_check_or_a_role_is_never_masked(stage: Stage, text: str) -> None:
    rollback = make.approved(stage)
    Rollback.objects.filter(pk=rollback.pk).update(state="verifying", question={"kind": "checks"})
    key = snapshot_of(rollback.snapshot).checks[0].key
    steering.answer_check(
        rollback, key=key, by=stage.cast.dana, answer="not_applicable", note="Seen by hand"
    )
    named = key if text == "key" else text
    steering.note(rollback, by=stage.cast.vic, text=f"It says {named}")
    before = list(rollback.events.exclude(kind="note.added").values_list("facts", flat=True))
    redact_text(rollback, by=stage.cast.ada, text=named, reason="By mistake")
    after = rollback.events.exclude(kind__in=["note.added", "text.redacted"])
    assert list(after.values_list("facts", flat=True)) == before
    assert named not in rollback.events.get(kind="note.added").facts["text"]
    Rollback.objects.filter(pk=rollback.pk).update(state="approved")
    assert list(flaws()) == []


def test_a_masked_event_that_is_changed_again_by_hand_is_found(
    stage: Stage, rollback: Rollback
) -> None:
    redact_text(rollback, by=stage.cast.ada, text=SLIPPED, reason="A step printed it")
    note = rollback.events.get(kind="note.added")
    Event.objects.filter(pk=note.pk).update(facts={"text": "The password is another one"})
    (flaw,) = flaws()
    assert flaw.seq == note.seq


def test_an_event_that_was_masked_without_a_record_of_it_is_found(rollback: Rollback) -> None:
    note = rollback.events.get(kind="note.added")
    Event.objects.filter(pk=note.pk).update(facts={"text": "The password is *****"})
    (flaw,) = flaws()
    assert flaw.seq == note.seq


def test_two_texts_are_masked_one_after_the_other(stage: Stage, rollback: Rollback) -> None:
    for text in (SLIPPED, "The password"):
        redact_text(rollback, by=stage.cast.ada, text=text, reason="It was printed")
    assert set(rollback.events.get(kind="note.added").facts["text"]) <= set("* is")
    assert list(flaws()) == []


@pytest.mark.parametrize(
    ("text", "reason", "sentence"),
    [
        ("short", "why", "at least 6"),
        (SLIPPED, " ", "Give a reason"),
        (SLIPPED, f"{SLIPPED} was printed", "Word it differently"),
        ("nowhere to be found", "why", "stands nowhere"),
    ],
)
def test_what_cannot_be_masked_is_refused_with_a_sentence(
    stage: Stage, rollback: Rollback, text: str, reason: str, sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        redact_text(rollback, by=stage.cast.ada, text=text, reason=reason)
    assert not rollback.events.filter(kind="text.redacted").exists()


def test_only_who_may_change_secrets_masks_a_text(stage: Stage, rollback: Rollback) -> None:
    for person in (stage.cast.vic, stage.cast.dana, stage.cast.lee):
        with pytest.raises(Refused, match="Ask an Admin"):
            redact_text(rollback, by=person, text=SLIPPED, reason="A step printed it")
    assert make.signed_in(stage.cast.dana).get(address(rollback)).status_code == 403
    right = Permission.objects.get(codename="change_secret")
    stage.cast.dana.user_permissions.add(right)
    assert make.signed_in(stage.cast.dana).get(address(rollback)).status_code == 200


def test_the_page_masks_after_proof_and_shows_the_text_nowhere(
    stage: Stage, rollback: Rollback
) -> None:
    old = make.signed_in(stage.cast.ada, minutes_ago=30)
    response: Any = old.get(address(rollback))
    assert response.status_code == 303
    client = make.signed_in(stage.cast.ada)
    refused: Any = client.post(address(rollback), {"text": SLIPPED, "reason": ""})
    assert (refused.status_code, SLIPPED in refused.content.decode()) == (422, False)
    typed = {"text": SLIPPED, "reason": "A step printed it"}
    done: Any = client.post(address(rollback), typed, follow=True)
    page = done.content.decode()
    assert "Masked " in page
    assert SLIPPED not in page
    assert list(flaws()) == []


def address(rollback: Rollback) -> str:
    return f"/rollbacks/{rollback.pk}/redactions/"
