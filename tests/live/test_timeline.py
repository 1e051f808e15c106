"""What the timeline says."""

from __future__ import annotations

import pytest

from rollback_console.engine.decide import QuestionKind
from rollback_console.rollbacks.models import Event
from rollback_console.web.presenters.event_text import QUESTIONS, sentence


@pytest.mark.parametrize(
    ("kind", "facts", "said"),
    [
        ("step.started", {"position": 3, "host": ""}, "Step 3 is a person's to do"),
        ("step.finished", {"position": 3, "state": "succeeded"}, "Step 3 succeeded"),
        (
            "check.answered",
            {"text": "It answers", "answer": "pass"},
            "“It answers” answered itself: pass",
        ),
        (
            "step.skipped",
            {"position": 2, "hosts": ["a", "b"], "reason": "No"},
            "skipped step 2 on a, b: No",
        ),
        ("step.skipped", {"position": 2, "hosts": list("abcd")}, "skipped step 2 on 4 hosts"),
        ("step.skipped", {"position": 2, "reason": "No"}, "skipped step 2: No"),
    ],
)
def test_what_is_on_record_is_said_of_who_did_it(
    kind: str, facts: dict[str, object], said: str
) -> None:
    assert sentence(Event(kind=kind, facts=facts)) == said


def test_every_question_that_is_asked_has_a_sentence() -> None:
    assert set(QUESTIONS) == set(QuestionKind)


@pytest.mark.parametrize(
    ("ending", "said"),
    [
        ("aborted", "Aborting step 1 on app-1: stopped, and verified gone"),
        ("abort_unconfirmed", "Aborting step 1 on app-1: something is still there"),
        ("of a kind to come", "Aborting step 1 on app-1: of a kind to come"),
    ],
)
def test_what_an_abort_found_is_never_called_proven_where_it_is_not(ending: str, said: str) -> None:
    facts = {"position": 1, "host": "app-1", "ending": ending}
    assert sentence(Event(kind="abort.proven", facts=facts)) == said


def test_a_state_in_a_sentence_is_words() -> None:
    facts = {"position": 1, "host": "app-1", "state": "timed_out"}
    assert sentence(Event(kind="step.finished", facts=facts)) == "Step 1 on app-1 timed out"


@pytest.mark.parametrize(
    ("question", "position", "said"),
    [
        ("checks", 0, "The checks wait for answers"),
        ("manual", 3, "Step 3 is done by a person, who says how it went"),
        ("of a kind to come", 3, "A person is asked about step 3: of a kind to come"),
    ],
)
def test_a_question_in_the_timeline_is_a_sentence(question: str, position: int, said: str) -> None:
    facts = {"question": question, "position": position, "tokens": []}
    assert sentence(Event(kind="question.asked", facts=facts)) == said
