"""Ten rollbacks of different endings, told, drawn together, and kept as archives."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollback_console.postmortems.actions import postmortems
from rollback_console.postmortems.archive.verify import verify
from rollback_console.postmortems.archive.writer import archive
from rollback_console.postmortems.incidents.importer import as_incident, load
from rollback_console.postmortems.models import Measure
from rollback_console.postmortems.report import draft, export
from rollback_console.postmortems.trends import export as trends_export
from rollback_console.postmortems.trends import statistics
from rollback_console.postmortems.trends.rows import TrendFilter, read_cases
from rollback_console.postmortems.trends.statistics import Trends, trends
from rollback_console.rollbacks import db_clock, events
from tests import make

from .conftest import History

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nothing_drawn_yet() -> None:
    """The ten are the same for each test, and what was drawn of them is kept by what they are."""
    statistics._drawn.cache_clear()


def told(narrowing: TrendFilter | None = None) -> Trends:
    return trends(narrowing or TrendFilter(), db_clock.now())


def test_ten_endings_are_told_archived_and_loaded_again(past: History) -> None:
    assert {name: each.state for name, each in past.ended.items()} == {
        "succeeded": "succeeded",
        "retried": "succeeded",
        "skipped": "succeeded",
        "lost": "succeeded",
        "failed": "failed",
        "aborted": "aborted",
        "aborted by plan": "aborted",
        "rejected": "rejected",
        "withdrawn": "withdrawn",
        "expired": "expired",
    }
    for name, rollback in past.ended.items():
        drawn = draft.draft(rollback)
        assert [each.seq for each in drawn.timeline] == list(range(1, rollback.last_seq + 1)), name
        assert rollback.title in export.as_markdown(rollback.postmortem)
        json.dumps(export.as_json(rollback.postmortem))
        verdict = verify(io.BytesIO(b"".join(archive(rollback))))
        assert (verdict.wrong, verdict.events) == ([], rollback.last_seq), name
        assert verdict.last_hash == rollback.last_hash
        again = load(json.dumps(as_incident(rollback)).encode(), by=past.stage.cast.dana).rollback
        assert again.state == rollback.state
        assert [each.text for each in draft.draft(again).timeline[:-1]] == [
            each.text for each in drawn.timeline
        ]
        assert [each.by for each in draft.draft(again).timeline[:-1]] == [
            each.by for each in drawn.timeline
        ]
    assert not list(events.flaws())


def test_deviations_name_what_was_not_planned(past: History) -> None:
    kinds = {
        name: {each.kind for each in draft.draft(rollback).deviations}
        for name, rollback in past.ended.items()
    }
    assert kinds["succeeded"] == set()
    assert kinds["retried"] == {"step.retried"}
    assert kinds["skipped"] == {"step.skipped"}
    assert kinds["lost"] == {"step.lost", "question.answered"}
    assert "abort.requested" in kinds["aborted"]


def test_trends_count_what_worked_and_what_failed(past: History) -> None:
    page = told()
    assert page.count == 10
    (success,) = page.drawn.success
    assert (success.started, success.succeeded) == (7, 4)
    phases = {each.name: each.count for each in page.drawn.phases}
    assert phases == {"decide": 8, "approve": 7, "start": 7, "restore": 4, "recover": 4}
    assert page.drawn.phases[-1].guessed == 4
    assert page.drawn.failing[0].title == "Restore Code"
    assert {each.name for each in page.drawn.phases if each.median is None} == set()
    assert (page.drawn.months[0].ended, page.drawn.months[0].succeeded) == (10, 4)


def test_trends_are_narrowed_and_exported(past: History) -> None:
    assert told(TrendFilter(service="nothing")).count == 0
    assert told(TrendFilter(service="checkout", environment="staging", days=0)).count == 10
    table = trends_export.as_csv(told()).splitlines()
    assert len(table) == 11
    assert table[0].startswith("number,title,service,environment,plan,")
    assert len(json.loads(json.dumps(trends_export.as_json(told())))["rollbacks"]) == 10


def test_trends_take_the_same_queries_for_one_and_for_ten(past: History) -> None:
    counts = []
    for narrowing in (TrendFilter(days=90), TrendFilter(service="nothing"), TrendFilter(days=0)):
        with CaptureQueriesContext(connection) as queries:
            told(narrowing)
        counts.append(len(queries))
    assert max(counts) <= 12
    assert counts[0] == counts[2]


def test_a_formula_is_only_text_in_a_spreadsheet(stage: make.Stage) -> None:
    load(
        json.dumps(
            {
                "format": "rollback-console/incident/1",
                "title": "=HYPERLINK(1)",
                "service": "checkout",
                "environment": "staging",
                "reason": "Why",
                "state": "failed",
                "events": [{"at": "2026-11-01T10:00:00Z", "kind": "note.added"}],
            }
        ).encode(),
        by=stage.cast.dana,
    )
    assert ",'=HYPERLINK(1)," in trends_export.as_csv(told())


def test_what_was_measured_when_it_ended_is_what_would_be_measured_now(past: History) -> None:
    kept = trends_export.as_json(told())
    assert Measure.objects.count() == len(past.ended)
    Measure.objects.all().delete()
    assert trends_export.as_json(told()) == kept
    assert Measure.objects.count() == len(past.ended)


def test_trends_read_no_snapshot_and_no_attempt_of_what_was_measured(past: History) -> None:
    with CaptureQueriesContext(connection) as first:
        shown = told()
    named = set(re.findall(r"\w+", " ".join(each["sql"] for each in first)))
    assert not named & {"snapshot", "rollbacks_steprun", "rollbacks_event", "source"}
    with CaptureQueriesContext(connection) as second:
        assert told().drawn is shown.drawn
    assert len(second) == len(first) - 1


def test_when_it_began_counts_as_soon_as_somebody_writes_it(past: History) -> None:
    lee, first = past.stage.cast.lee, past.ended["succeeded"]
    began = first.requested_at - timedelta(hours=2)
    postmortems.write_texts(first.postmortem, by=lee, version=1, began_at=began)
    case = next(each for each in read_cases(told().chosen)[0] if each.number == first.pk)
    assert first.finished_at
    assert case.recover == (first.finished_at - began).total_seconds()
    assert case.recover_known
    assert told().drawn.phases[-1].guessed == 3
