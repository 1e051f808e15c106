"""What the record says: one sentence for each kind of event and question, for every reader."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

import rollback_console
from rollback_console.api.responses.records import event_out
from rollback_console.cli.format import event_line
from rollback_console.engine.decide import QuestionKind
from rollback_console.engine.snapshot import Snapshot, StepSpec
from rollback_console.engine.states import STATES, RollbackState, StepState
from rollback_console.outbox.topics import TOPICS
from rollback_console.rollbacks import questions
from rollback_console.rollbacks.events import KINDS, heading, predicate, record, sentence
from rollback_console.rollbacks.events.kinds import Kind
from rollback_console.rollbacks.models import Event, Rollback
from rollback_console.web.presenters.state_icons import SHAPES, TONES
from rollback_console.web.templatetags.sentences import happened

ROLLBACK = Rollback(pk=1)
LEE = User(username="lee", first_name="Lee", last_name="Vos")
SNAPSHOT = Snapshot(
    plan="shop",
    revision=1,
    revision_sha256="",
    title="Restore the shop",
    service="shop",
    environment="production",
    production=True,
    procedure="Rollback",
    steps=(StepSpec(1, "Stop the app"),),
    hosts=(),
)
FACTS: dict[str, Any] = {
    "position": 1,
    "host": "app-1",
    "reason": "It loses orders",
    "state": "timed_out",
    "answer": "continue",
    "question": "lost",
    "text": "some words",
    "why": "a cause",
    **dict.fromkeys(("rung", "minutes_left", "given", "quorum", "attempt", "events", "rows"), 2),
    **{name: f"the {name}" for name in ("role", "path", "size", "sha256", "version", "evidence")},
    "what": "orders",
    "deviation": "skip step 1",
    "label": "Support",
    "minutes": 15,
    "name": "Dana Ito",
    "note": "seen",
    "ending": "aborted",
    "to": [{"person": 1, "name": "Dana Ito", "role": "CTO"}],
}
SOURCES = Path(rollback_console.__file__).parent


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("by", [LEE, None])
def test_every_kind_reads_as_a_sentence_for_every_reader(kind: str, by: User | None) -> None:
    event = Event(
        rollback=ROLLBACK, kind=kind, by=by, facts=FACTS, at="2026-11-25T01:00:00+00:00", seq=1
    )
    sentences = {
        "page": happened(event),
        "postmortem": heading(event, SNAPSHOT),
        "message": sentence(event, SNAPSHOT),
        "API": event_out(event).text,
    }
    sentences["terminal"] = event_line({"at": event.at, "text": sentences["API"]})
    for reader, text in sentences.items():
        assert text.strip(), reader
        assert not re.search(r"[{}]|None|_|: *$| {2}", text[10:]), (reader, text)
    assert sentences["terminal"].endswith(sentences["API"])
    assert not sentences["API"][0].islower()
    assert by is None or "Lee Vos" in sentences["API"]


def test_every_kind_that_the_code_records_is_declared_and_none_is_declared_in_vain() -> None:
    literal = re.compile(r'"([a-z_]+\.[a-z_]+)"')
    named = {
        kind
        for path in SOURCES.rglob("*.py")
        if path.name != "kinds.py"
        for kind in literal.findall(path.read_text())
    }
    families = {kind.partition(".")[0] for kind in KINDS}
    constants = (SOURCES / "rollbacks/events/kinds.py").read_text()
    in_constants = set(re.findall(r'^[A-Z_]+ = "([a-z_.]+)"$', constants, re.M))
    assert set(KINDS) <= named | in_constants
    recorded = {
        kind
        for path in SOURCES.rglob("*.py")
        for kind in re.findall(r'record\(\s*[\w.]+,\s*"([a-z_]+\.[a-z_]+)"', path.read_text())
    }
    assert recorded <= set(KINDS)
    assert {kind.partition(".")[0] for kind in recorded} <= families


@pytest.mark.django_db
def test_a_kind_that_is_not_declared_is_not_recorded() -> None:
    with pytest.raises(ValueError, match=r"Declare it in events/kinds\.py"):
        record(Rollback(pk=1), "host.rebooted_twice")


def test_a_kind_without_a_sentence_or_an_opening_for_its_topic_is_refused() -> None:
    for sentence_, topic, opening in [("", "", ""), ("Started", "started", "")]:
        with pytest.raises(ValueError, match="needs a sentence"):
            Kind(sentence_, topic=topic, opening=opening)


def test_every_topic_that_a_kind_names_is_offered_to_targets() -> None:
    assert {kind.topic for kind in KINDS.values() if kind.topic} <= set(TOPICS)


def test_every_question_that_is_asked_has_its_texts() -> None:
    assert set(questions.QUESTIONS) == set(QuestionKind)
    for name, kind in questions.QUESTIONS.items():
        filled = kind.heading.format(
            step=1, title="Stop", limit="5 min", host="app-1", others="the other 2 hosts"
        )
        assert not re.search("[{}]", filled + questions.question_sentence(name, 1))


def test_every_state_has_its_word_its_tone_and_its_drawing() -> None:
    for state in (*RollbackState, *StepState):
        assert STATES[state].word
        assert TONES[state] == STATES[state].tone
        assert SHAPES[state]


@pytest.mark.parametrize(
    ("kind", "facts", "expected"),
    [
        ("step.started", {"position": 3, "host": ""}, "Manual step 3 is waiting"),
        ("step.finished", {"position": 3, "state": "succeeded"}, "Step 3 succeeded"),
        (
            "step.finished",
            {"position": 1, "host": "app-1", "state": "timed_out", "exit_code": 3, "why": "Late."},
            "Step 1 on app-1 timed out, exit 3: Late.",
        ),
        (
            "check.answered",
            {"text": "It answers", "answer": "pass"},
            "“It answers” answered automatically, pass",
        ),
        (
            "abort.requested",
            {"position": 1, "reason": "The plan says so."},
            "Abort started: The plan says so.",
        ),
        ("rollback.redirected", {"position": 2}, "The console resumed it from step 2"),
        ("approval.given", {"role": "CTO", "said_by": "Lee"}, "approved as CTO"),
    ],
)
def test_where_nobody_acted_the_sentence_needs_no_name(
    kind: str, facts: dict[str, object], expected: str
) -> None:
    assert predicate(Event(rollback=ROLLBACK, kind=kind, facts=facts)) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"hosts": ["a", "b"], "reason": "No"}, "skipped step 2 on a, b: No"),
        ({"hosts": list("abcd")}, "skipped step 2 on 4 hosts"),
        ({"reason": "No"}, "skipped step 2: No"),
    ],
)
def test_hosts_are_named_while_they_are_few(facts: dict[str, object], expected: str) -> None:
    event = Event(rollback=ROLLBACK, kind="step.skipped", by=LEE, facts={"position": 2, **facts})
    assert predicate(event) == expected
    assert sentence(event) == f"Lee Vos {expected}"


def test_a_message_and_a_postmortem_name_the_step_by_its_title() -> None:
    event = Event(
        rollback=ROLLBACK,
        kind="step.finished",
        facts={"position": 1, "host": "app-1", "state": "failed"},
    )
    assert sentence(event, SNAPSHOT) == "Step 1 (Stop the app) on app-1 failed"


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        ("aborted", "Aborting step 1 on app-1: terminated and verified gone"),
        ("abort_unconfirmed", "Aborting step 1 on app-1: something is still running"),
        ("of a kind to come", "Aborting step 1 on app-1: of a kind to come"),
    ],
)
def test_an_abort_is_never_called_proven_where_it_is_not(ending: str, expected: str) -> None:
    facts = {"position": 1, "host": "app-1", "ending": ending}
    assert predicate(Event(rollback=ROLLBACK, kind="abort.proven", facts=facts)) == expected


@pytest.mark.parametrize(
    ("question", "position", "expected"),
    [
        ("checks", 0, "The checks need answers"),
        ("manual", 3, "Step 3 is manual: do it, then say how it went"),
        ("of a kind to come", 3, "A person is asked about step 3: of a kind to come"),
    ],
)
def test_a_question_in_the_timeline_is_a_sentence(
    question: str, position: int, expected: str
) -> None:
    facts = {"question": question, "position": position, "tokens": []}
    assert predicate(Event(rollback=ROLLBACK, kind="question.asked", facts=facts)) == expected
