"""Past incidents are loaded as history that never runs, or refused with a sentence."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from rollback_console.plans.errors import NotReady
from rollback_console.plans.snapshot.freeze import freeze_snapshot
from rollback_console.postmortems.incidents import importer
from rollback_console.postmortems.models import ActionItem
from rollback_console.postmortems.report import draft
from rollback_console.postmortems.trends.rows import TrendFilter, choose, read_cases
from rollback_console.rollbacks import db_clock, events
from rollback_console.rollbacks.actions import approvals, requests
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.models import Event
from tests import make
from tests.make import Stage

pytestmark = pytest.mark.django_db

PAST: dict[str, Any] = {
    "format": "rollback-console/incident/1",
    "title": "Checkout lost sessions",
    "service": "checkout",
    "environment": "staging",
    "procedure": "Code only",
    "reason": "Every tenth login answers 500",
    "state": "succeeded",
    "began_at": "2026-03-01T09:40:00Z",
    "steps": [{"title": "Stop"}, {"title": "Restore *code*"}],
    "events": [
        {"at": "2026-03-01T10:00:00Z", "kind": "rollback.requested", "by": "olga"},
        {"at": "2026-03-01T10:04:00Z", "kind": "approval.given", "by": "pete"},
        {"at": "2026-03-01T10:05:00Z", "kind": "rollback.approved"},
        {"at": "2026-03-01T10:06:00Z", "kind": "rollback.started"},
        {"at": "2026-03-01T10:06:10+00:00", "kind": "step.started", "facts": {"position": 1}},
        {
            "at": "2026-03-01T10:07:10Z",
            "kind": "step.finished",
            "facts": {"position": 1, "state": "succeeded"},
        },
        {
            "at": "2026-03-01T11:30:00+01:00",
            "kind": "message.sent",
            "by": "olga",
            "facts": {"text": "Back in ten minutes", "recipients": "Support"},
        },
        {
            "at": "2026-03-01T10:36:00Z",
            "kind": "rollback.finished",
            "facts": {"state": "succeeded"},
        },
    ],
}


def load(stage: Stage, **changes: Any) -> Any:
    return importer.load(json.dumps({**PAST, **changes}).encode(), by=stage.cast.dana)


def test_a_loaded_incident_is_measured_like_any_other(stage: Stage) -> None:
    made = load(stage)
    report = draft.draft(made.rollback)
    assert report.times.to_decide == timedelta(minutes=4)
    assert report.times.to_start == timedelta(minutes=1)
    assert report.recovery and report.recovery.took == timedelta(minutes=56)
    assert report.steps[0].took == timedelta(minutes=1)
    assert [each.by for each in report.timeline[:2]] == ["olga", "pete"]
    assert [each.text for each in report.messages] == ["Back in ten minutes"]
    case = read_cases(choose(TrendFilter(days=0), db_clock.now()))[0][0]
    assert (case.imported, case.restore, case.recover) == (True, 1800, 3360)


def test_its_chain_begins_anew_and_says_who_loaded_it(stage: Stage) -> None:
    made = load(stage)
    assert not list(events.flaws())
    last = made.rollback.events.order_by("-seq")[0]
    assert (last.kind, last.by, last.facts["events"]) == ("incident.imported", stage.cast.dana, 8)
    Event.objects.filter(pk=last.pk - 1).update(facts={"state": "failed"})
    assert [flaw.what for flaw in events.flaws()] == ["was changed"]


def test_it_never_runs(stage: Stage) -> None:
    rollback = load(stage).rollback
    with pytest.raises(Refused):
        requests.start(rollback, by=stage.cast.dana)
    with pytest.raises(Refused):
        approvals.approve(rollback, by=stage.cast.lee, snapshot_sha256=rollback.snapshot_sha256)
    with pytest.raises(NotReady, match="Nobody has confirmed"):
        freeze_snapshot(rollback.revision, {})


def test_it_asks_for_no_actions_years_later(stage: Stage) -> None:
    load(stage)
    assert not ActionItem.objects.exists()


def test_it_may_belong_to_a_plan_that_is_there(stage: Stage) -> None:
    plan = make.plan(stage).plan
    assert load(stage, plan=plan.slug).rollback.revision.plan == plan
    assert plan.revisions.count() == 2


def test_incidents_of_one_title_share_a_plan(stage: Stage) -> None:
    one, other = load(stage), load(stage, reason="Again")
    assert one.rollback.revision == other.rollback.revision


def test_the_same_file_is_loaded_once(stage: Stage) -> None:
    made = load(stage)
    with pytest.raises(Refused, match=f"it is rollback {made.rollback_id}"):
        load(stage)


def test_a_viewer_loads_nothing(stage: Stage) -> None:
    with pytest.raises(Refused, match="may not load"):
        importer.load(json.dumps(PAST).encode(), by=stage.cast.vic)


def event(**changes: Any) -> dict[str, Any]:
    return {"events": [{"at": "2026-03-01T10:00:00Z", "kind": "step.finished", **changes}]}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"format": "other"}, "This is not an incident"),
        ({"title": ""}, "`title` is missing"),
        ({"title": 7}, "`title` must be text"),
        ({"state": "running"}, "`state` must say how it ended"),
        ({"state": []}, "`state` must say how it ended"),
        ({"plan": "nothing"}, "There is no plan nothing"),
        ({"service": "nothing"}, "no service “nothing”"),
        ({"steps": "many"}, "`steps` must be a list"),
        ({"steps": ["Stop"]}, "`steps\\[1\\].time_limit`"),
        ({"began_at": "2999-01-01T00:00:00Z"}, "`began_at` is in the future"),
        ({"events": []}, "tells of no event"),
        ({"events": [1]}, "`events\\[1\\].kind` must be text"),
        (event(at="yesterday", kind="note.added"), "`events\\[1\\].at` must be a time"),
        (event(at="2026-03-01T10:00:00", kind="note.added"), "names no time zone"),
        (event(kind="Finished"), "must be two words"),
        (event(facts=[]), "`events\\[1\\].facts` must be an object"),
        (event(facts={"position": "1"}), "facts.position` must be a whole number"),
        (event(facts={"position": 3}), "names no step"),
        (event(facts={"position": True}), "must be a whole number"),
        (event(facts={"position": 1, "state": "fine"}), "facts.state` must be one of"),
        (event(facts={"position": 1, "host": 7}), "facts.host` must be text"),
        (event(facts={"position": 1, "attempt": -1}), "attempt` counts from 1"),
        (event(), "must say which step"),
    ],
)
def test_a_mistake_is_named_with_its_place(
    stage: Stage, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        load(stage, **changes)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"{" * 100_000,
        b'{"a": NaN}',
        b'{"format": "\\ud800"}',
        b"1" * 9_000_000,
    ],
)
def test_what_is_no_incident_is_refused(stage: Stage, data: bytes) -> None:
    with pytest.raises(Refused):
        importer.load(data, by=stage.cast.dana)
