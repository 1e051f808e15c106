"""How states, times and changes are put into words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from rollback_console.common.durations import duration
from rollback_console.engine.states import RollbackState, StepState
from rollback_console.plans.models import ProbeResult
from rollback_console.rollbacks.events import predicate
from rollback_console.rollbacks.models import Event
from rollback_console.web.presenters import dates, diffs
from rollback_console.web.presenters.readiness_matrix import matrix, worst_first
from rollback_console.web.presenters.state_icons import SHAPES
from rollback_console.web.presenters.steps.step_track import marked

NOW = datetime(2026, 11, 25, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize("value", [*RollbackState, *StepState])
def test_every_state_has_a_shape_of_its_own(value: str) -> None:
    others = {name: shape for name, shape in SHAPES.items() if name != value}
    states = {*RollbackState, *StepState}
    assert SHAPES[value] not in [shape for name, shape in others.items() if name in states]


def test_a_state_is_shape_word_and_colour_together() -> None:
    shown = Template("{% load console %}{% state value %}").render(Context({"value": "timed_out"}))
    assert "<svg" in shown
    assert "timed out" in shown
    assert "tone-bad" in shown


def test_a_state_nobody_knows_is_still_shown_by_its_word() -> None:
    shown = Template("{% load console %}{% state '<new>' %}").render(Context())
    assert "&lt;new&gt;" in shown


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "just now"),
        (61, "1 min ago"),
        (-90, "in 1 min"),
        (-5, "in under a minute"),
        (2 * 3600, "2 h ago"),
        (86400, "1 day ago"),
        (20 * 86400, "5 Nov 2026"),
    ],
)
def test_a_moment_is_told_relative_to_now(seconds: int, words: str) -> None:
    assert dates.relative(NOW - timedelta(seconds=seconds), NOW) == words


def test_a_moment_carries_its_absolute_time_and_zone() -> None:
    shown = Template("{% load console %}{% when at %}").render(Context({"at": NOW}))
    assert 'title="25 Nov 2026 01:00:00 UTC"' in shown
    assert 'datetime="2026-11-25T01:00:00+00:00"' in shown


def test_text_without_a_zone_is_read_as_utc() -> None:
    assert dates.read_moment("2026-11-25T01:00:00") == NOW


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, ""),
        (0, "0 s"),
        (59.6, "1 min"),
        (425, "7 min 5 s"),
        (7800, "2 h 10 min"),
        (604700, "6 days 23 h"),
    ],
)
def test_a_duration_is_told_in_its_two_largest_units(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words


@given(st.text(alphabet="ab\n", max_size=30), st.text(alphabet="ab\n", max_size=30))
def test_the_rows_of_a_diff_rebuild_both_texts_where_they_differ(old: str, new: str) -> None:
    rows = diffs.lines(old, new)
    before, after = old.splitlines(), new.splitlines()
    for row in rows:
        if row.old is not None:
            assert before[row.old - 1] == row.text
        if row.new is not None:
            assert after[row.new - 1] == row.text
    assert bool(rows) == (before != after)


def test_values_are_compared_by_path_and_absence_is_told_apart() -> None:
    old = {"hosts": "app", "steps": {"stop": {"cwd": "/srv"}}}
    new = {"hosts": "app", "steps": {"stop": {"timeout": 60}}}
    assert diffs.values(old, new) == [
        ("steps.stop.cwd", "/srv", None),
        ("steps.stop.timeout", None, 60),
    ]


def test_variables_are_marked_whole_and_nothing_becomes_markup() -> None:
    script = 'cp "$FILE" "${FILE}" $FILENAME <b>'
    shown = marked(script, ("FILE",))
    assert shown.count("<mark>") == 2
    assert "$FILENAME" in shown
    assert "&lt;b&gt;" in shown


def test_an_event_of_an_unknown_kind_is_told_by_its_name() -> None:
    assert predicate(Event(kind="host.rebooted_twice", facts={})) == "Host rebooted twice"


def test_an_event_that_lacks_a_fact_is_told_without_it() -> None:
    event = Event(
        kind="approval.rejected", by=User(username="lee"), facts={"role": "CTO", "note": None}
    )
    assert predicate(event) == "rejected as CTO"


def test_hosts_that_would_not_work_stand_first_in_the_matrix() -> None:
    verdicts = [("a", "ready"), ("b", "unknown"), ("c", "ready"), ("c", "not_ready")]
    results = [ProbeResult(host=host, kind="access", verdict=verdict) for host, verdict in verdicts]
    assert [host for host, _ in matrix(results).rows] == ["c", "b", "a"]
    assert [each.verdict for each in worst_first(results)][:2] == ["not_ready", "unknown"]
