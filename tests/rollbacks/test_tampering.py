"""Whoever writes to the database past the console is named by verify_audit."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection

from rollback_console.audit import kinds
from rollback_console.audit.integrity import anchors, chain
from rollback_console.audit.integrity.daily_anchor import anchor_daily, anchor_now
from rollback_console.audit.integrity.row_comparison import accept_rows
from rollback_console.audit.integrity.verification import configuration_flaws
from rollback_console.audit.models import ConfigurationEvent, StreamAnchor
from rollback_console.audit.record import record_change
from rollback_console.plans.models import Delegation, Service
from rollback_console.rollbacks.actions import steering
from rollback_console.rollbacks.events import digest, flaws, stream_of
from rollback_console.rollbacks.models import Approval, Event, LogChunk, Rollback
from rollback_console.rollbacks.permissions.groups import rows_of_roles
from tests import make
from tests.fleet import Fleet
from tests.make import Stage
from tests.toolbox.database import Given

from .driving import answer_checks, drive

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stage(transactional_db: None, given: Given) -> Stage:
    """The stage, which was made without events, as an upgrade takes it over."""
    return given.bring("stage accepted by an upgrade", _accepted)


def _accepted() -> Stage:
    stage = make.stage()
    accept_rows(rows_of_roles(), unknown_only=True)
    return stage


@pytest.fixture
def ended(stage: Stage, fleet: Fleet, given: Given) -> Rollback:
    """One that ran to its end, with logs, approvals and answers."""
    return given.bring("succeeded, to be tampered with", lambda: _succeeded(stage, fleet))


def _succeeded(stage: Stage, fleet: Fleet) -> Rollback:
    rollback = drive(make.approved(stage), fleet)
    answer_checks(rollback, stage)
    rollback = drive(rollback, fleet)
    assert rollback.state == "succeeded"
    assert list(flaws()) == []
    return rollback


def sentences() -> str:
    """What verify_audit says; "" when all of it holds."""
    try:
        call_command("verify_audit", stdout=StringIO())
    except CommandError as error:
        return str(error)
    return ""


def rehash(rollback: Rollback) -> None:
    """Make the whole chain anew, as somebody can who has the database and the code."""
    previous = ""
    for event in rollback.events.order_by("seq"):
        event.previous, event.sha256 = previous, ""
        event.sha256 = previous = digest(event)
        event.save()
    Rollback.objects.filter(pk=rollback.pk).update(last_hash=previous)
    StreamAnchor.objects.filter(stream=stream_of(rollback.pk)).update(head=previous)


def rewrite(rollback: Rollback) -> None:
    rollback.events.filter(kind="approval.given").update(by=vic())
    rollback.approvals.update(by=vic())
    rehash(rollback)


def cut_tail(rollback: Rollback) -> None:
    last = rollback.events.order_by("-seq")[0]
    last.delete()
    Rollback.objects.filter(pk=rollback.pk).update(last_seq=last.seq - 1, last_hash=last.previous)


def change_snapshot(rollback: Rollback) -> None:
    text = rollback.snapshot.replace("echo stopping", "echo stopped!")
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    Rollback.objects.filter(pk=rollback.pk).update(snapshot=text, snapshot_sha256=sha256)
    Approval.objects.update(snapshot_sha256=sha256)


def change_log(rollback: Rollback) -> None:
    chunk = LogChunk.objects.order_by("id")[0]
    raw = zlib.decompress(bytes(chunk.data))
    LogChunk.objects.filter(pk=chunk.pk).update(data=zlib.compress(raw[:-1] + b"!", 1))


def remove(rollback: Rollback) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_FOREIGN_KEYS_OFF[connection.vendor])
        cursor.execute("DELETE FROM rollbacks_event WHERE rollback_id = %s", [rollback.pk])
        cursor.execute("DELETE FROM rollbacks_rollback WHERE id = %s", [rollback.pk])
        cursor.execute(_FOREIGN_KEYS_ON[connection.vendor])


def lend_afterwards(rollback: Rollback) -> None:
    lent = Delegation.objects.create(
        environment=rollback.environment,
        giver=User.objects.get(username="sam"),
        to=rollback.approvals.get().by,
        starts_at=rollback.requested_at,
        ends_at=rollback.requested_at,
    )
    rollback.approvals.update(under=lent)


def move_service(rollback: Rollback) -> None:
    other = Service.objects.create(slug="shop", name="Shop")
    Rollback.objects.filter(pk=rollback.pk).update(service=other)


def remove_runs(rollback: Rollback) -> None:
    LogChunk.objects.all().delete()
    rollback.runs.all().delete()


_FOREIGN_KEYS_OFF = {"sqlite": "PRAGMA foreign_keys=OFF", "mysql": "SET foreign_key_checks=0"}
_FOREIGN_KEYS_ON = {"sqlite": "PRAGMA foreign_keys=ON", "mysql": "SET foreign_key_checks=1"}


def vic() -> User:
    return User.objects.get(username="vic")


HARMS: dict[str, tuple[Callable[[Rollback], object], str]] = {
    "a tail cut off with the pointer set back": (cut_tail, "the anchor names"),
    "an approval given to somebody else": (
        lambda row: row.approvals.update(by=vic()),
        "no event tells of",
    ),
    "an approval made up": (
        lambda row: Approval.objects.create(
            rollback=row, by=vic(), role="CTO", snapshot_sha256="0" * 64, at=row.requested_at
        ),
        "no event tells of",
    ),
    "an approval removed": (lambda row: row.approvals.all().delete(), "not in the table"),
    "the snapshot": (change_snapshot, "its snapshot is not the one that was frozen"),
    "the reason": (
        lambda row: Rollback.objects.filter(pk=row.pk).update(reason="Another"),
        "the reason in the row is not the one",
    ),
    "who asked": (
        lambda row: Rollback.objects.filter(pk=row.pk).update(requested_by=vic()),
        "another person as who asked for it",
    ),
    "how a step ended": (
        lambda row: row.runs.filter(position=1).update(state="failed"),
        "is failed in the table and succeeded on record",
    ),
    "in which role somebody approved": (
        lambda row: row.approvals.update(role="CTO"),
        "no event tells of",
    ),
    "in which round somebody approved": (
        lambda row: row.approvals.update(round=7),
        "the round of an approval",
    ),
    "which approvals count": (
        lambda row: Rollback.objects.filter(pk=row.pk).update(round=7),
        "the round in the row",
    ),
    "whose right was lent": (lend_afterwards, "the lender of an approval"),
    "the state of a rollback": (
        lambda row: Rollback.objects.filter(pk=row.pk).update(state="failed"),
        "it is failed in the table and succeeded on record",
    ),
    "a rollback that goes on again": (
        lambda row: Rollback.objects.filter(pk=row.pk).update(state="running"),
        "it is running in the table and succeeded on record",
    ),
    "the service of a rollback": (move_service, "the service or the environment in the row"),
    "the host of a step": (
        lambda row: row.runs.filter(position=1).update(host="app-2"),
        "the host of step 1 on app-2, attempt 1, is not the one on record",
    ),
    "the position of a step": (
        lambda row: row.runs.filter(position=1).update(position=9),
        "the position of step 9",
    ),
    "the attempt of a step": (
        lambda row: row.runs.filter(position=1).update(attempt=2),
        "the attempt of step 1",
    ),
    "a step that is said to have been skipped": (
        lambda row: row.runs.filter(position=1).update(state="skipped"),
        "no event tells that step 1 on app-1, attempt 1, was skipped",
    ),
    "a step that is said to run still": (
        lambda row: row.runs.filter(position=1).update(state="running"),
        "is running in the table and succeeded on record",
    ),
    "a step that is said never to have begun": (
        lambda row: row.runs.filter(position=1).update(state="pending"),
        "is pending in the table and succeeded on record",
    ),
    "a step run made up": (
        lambda row: row.runs.create(position=1, host="app-1", attempt=2, state="succeeded"),
        "is succeeded in the table and pending on record",
    ),
    "a step run removed": (remove_runs, "a step run that is on record is not in the table"),
    "a snapshot of nonsense": (
        lambda row: Rollback.objects.filter(pk=row.pk).update(snapshot="nonsense"),
        "its snapshot cannot be read",
    ),
    "an exit code": (lambda row: row.runs.filter(position=1).update(exit_code=7), "exit code"),
    "a log": (change_log, "the log of step 1"),
    "a log removed": (lambda _: LogChunk.objects.all().delete(), "the log of step 1"),
    "an answer": (
        lambda row: row.check_answers.update(note="All was well"),
        "the answers to its checks",
    ),
    "a chain made anew as a whole": (rewrite, "its seal does not fit"),
    "an anchor removed": (lambda _: StreamAnchor.objects.all().delete(), "its anchor was removed"),
    "an anchor changed": (
        lambda row: StreamAnchor.objects.filter(stream=stream_of(row.pk)).update(count=2),
        "its anchor was changed",
    ),
}


@pytest.mark.parametrize("harm", HARMS)
def test_what_was_changed_past_the_console_is_named_in_a_sentence(
    ended: Rollback, harm: str
) -> None:
    act, sentence = HARMS[harm]
    act(ended)
    assert f"Rollback {ended.pk}: " in sentences()
    assert sentence in sentences()


def test_a_row_of_a_log_that_cannot_be_read_is_named_and_the_rest_is_still_checked(
    ended: Rollback,
) -> None:
    chunk = LogChunk.objects.order_by("id")[0]
    LogChunk.objects.filter(pk=chunk.pk).update(data=b"garbage")
    ended.runs.filter(position=3).update(exit_code=7)
    assert "the log of step 1 on app-1, attempt 1, cannot be read" in sentences()
    assert "the exit code of step 3" in sentences()


def test_a_removed_rollback_is_named_even_without_its_anchor(stage: Stage) -> None:
    rollback = make.approved(stage)
    assert anchor_now() == 1
    with connection.cursor() as cursor:
        for table in ("approval", "event"):
            cursor.execute(f"DELETE FROM rollbacks_{table}")  # noqa: S608
    StreamAnchor.objects.filter(stream=stream_of(rollback.pk)).delete()
    Rollback.objects.filter(pk=rollback.pk).delete()
    assert f"Rollback {rollback.pk}: it was removed" in sentences()


def test_an_older_anchor_put_back_is_found_by_the_daily_one(stage: Stage) -> None:
    rollback = make.requested(stage)
    stream = stream_of(rollback.pk)
    older = StreamAnchor.objects.filter(stream=stream).values("count", "head", "seal")[0]
    steering.note(rollback, by=stage.cast.vic, text="to be forgotten")
    anchor_now()
    cut_tail(rollback)
    StreamAnchor.objects.filter(stream=stream).update(**older)
    assert "is not the one that was put on record that day" in sentences()


def test_a_cut_tail_of_the_configuration_with_its_old_anchor_is_found_by_the_file(
    stage: Stage, settings: object, tmp_path: Path
) -> None:
    settings.AUDIT_ANCHOR_FILE = str(tmp_path / "anchors")  # type: ignore[attr-defined]
    record_change(kinds.SERVICE_ADDED, subject="one")
    older = StreamAnchor.objects.filter(stream=anchors.CONFIGURATION).values(
        "count", "head", "seal"
    )[0]
    record_change(kinds.PASSWORD_RESET, subject="mia")
    anchor_now()
    lines = (tmp_path / "anchors").read_text().splitlines()
    assert json.loads(lines[-1])["stream"] == "configuration"
    assert sentences() == ""
    ConfigurationEvent.objects.filter(seq__gt=older["count"]).delete()
    StreamAnchor.objects.filter(stream=anchors.CONFIGURATION).update(**older)
    assert "Configuration: event" in sentences()


@pytest.mark.parametrize("stream", ["configuration", "rollback"])
def test_a_lost_anchor_stops_no_act_and_is_named_until_it_is_accepted_on_record(
    stage: Stage, stream: str
) -> None:
    rollback = make.requested(stage)
    record_change(kinds.SERVICE_ADDED, subject="one")
    lost = "configuration" if stream == "configuration" else stream_of(rollback.pk)
    StreamAnchor.objects.filter(stream=lost).delete()
    steering.note(rollback, by=stage.cast.vic, text="Seen")
    record_change(kinds.SERVICE_ADDED, subject="two")
    assert "its anchor was removed" in sentences()
    call_command("verify_audit", "--accept-rows", stdout=StringIO())
    assert sentences() == ""
    event = ConfigurationEvent.objects.get(kind=kinds.ANCHORS_ACCEPTED)
    assert event.facts["streams"] == [lost]


@pytest.mark.parametrize(
    ("harm", "seq", "what"),
    [
        ("edited", 2, "was changed"),
        ("removed", 2, "is missing"),
        ("cut", 3, "is missing: the anchor names 3 events"),
        ("rehashed", 1, "was changed"),
    ],
)
def test_a_change_of_the_configurations_stream_is_named(harm: str, seq: int, what: str) -> None:
    for name in ("one", "two", "three"):
        record_change(kinds.SERVICE_ADDED, subject=name)
    rows = ConfigurationEvent.objects
    if harm == "edited":
        rows.filter(seq=2).update(by_name="mallory")
    elif harm == "removed":
        rows.filter(seq=2).delete()
    elif harm == "cut":
        rows.filter(seq=3).delete()
    else:
        rows.update(version=chain.UNKEYED)
    assert [(each.seq, each.what) for each in configuration_flaws()] == [(seq, what)]


def test_the_ends_of_all_streams_are_put_on_record_once_a_day(stage: Stage) -> None:
    first, second = make.requested(stage), make.requested(stage)
    assert anchor_daily() == 2
    steering.note(first, by=stage.cast.vic, text="more")
    assert anchor_daily() == 0
    event = ConfigurationEvent.objects.filter(kind=kinds.STREAMS_ANCHORED).get()
    assert event.facts["rollbacks"] == f"{first.pk}-{second.pk}"
    last = second.events.latest("seq")
    assert [stream_of(second.pk), last.seq, last.sha256] in event.facts["heads"]
    assert anchor_now() == 1
    assert sentences() == ""


def test_what_an_older_process_recorded_is_named_until_somebody_accepts_it_on_record(
    stage: Stage,
) -> None:
    rollback = make.requested(stage)
    steering.note(rollback, by=stage.cast.vic, text="by a process of the version before")
    rollback.events.filter(kind="note.added").update(seal="")
    assert "its seal does not fit" in sentences()
    call_command("verify_audit", "--accept-unsealed", stdout=StringIO())
    assert sentences() == ""
    event = ConfigurationEvent.objects.get(kind=kinds.UNSEALED_ACCEPTED)
    assert (event.door, event.facts["rollbacks"]) == ("command line", [rollback.pk])


def test_what_was_recorded_before_there_were_seals_still_verifies_and_cannot_be_changed(
    stage: Stage,
) -> None:
    rollback = make.requested(stage)
    rollback.events.update(seal="")
    head = rollback.events.latest("seq")
    StreamAnchor.objects.filter(stream=stream_of(rollback.pk)).delete()
    anchors.anchor_unkeyed(stream_of(rollback.pk), count=head.seq, head=head.sha256).save()
    steering.note(rollback, by=stage.cast.vic, text="sealed")
    assert sentences() == ""
    Event.objects.filter(rollback=rollback, seq=1).update(by=vic())
    rehash(rollback)
    assert f"Rollback {rollback.pk}: event" in sentences()
