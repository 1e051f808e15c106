"""What the timeline says."""

from __future__ import annotations

import pytest

from rollback_console.engine.decide import Question
from rollback_console.rollbacks.models import Event
from rollback_console.web.happenings import QUESTIONS, sentence


def test_every_question_that_is_asked_has_a_sentence() -> None:
    assert set(QUESTIONS) == set(Question)


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
