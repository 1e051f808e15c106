"""A run whose end nobody has seen, outside an abort: a person looks at the host first."""

from __future__ import annotations

import pytest

from rollback_console.remote.protocol import Ending
from rollback_console.rollbacks.actions import restarts, steering
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.fleet import Fleet
from tests.make import PLAN, Stage

from .driving import drive, meanwhile

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def unconfirmed(stage: Stage, fleet: Fleet) -> Rollback:
    """What was ended from here, late, may still run on its host."""
    text = PLAN.replace("echo restoring", "hang restoring")
    text = text.replace("```bash\nhang", "```bash idempotent\nhang")
    rollback = make.approved(stage, text)
    end = (Ending.ABORT_UNCONFIRMED, None, "Process 77 is still there.")
    return meanwhile(rollback, fleet, lambda: fleet.wait_for("restoring").end(*end))


def test_what_may_still_run_is_asked_about_like_a_lost_run(unconfirmed: Rollback) -> None:
    assert unconfirmed.runs.get(position=2).state == "abort_unconfirmed"
    assert unconfirmed.question["kind"] == "lost"


def test_it_goes_on_only_once_a_person_said_what_they_saw(
    stage: Stage, fleet: Fleet, unconfirmed: Rollback
) -> None:
    with pytest.raises(Refused, match="Say what you saw"):
        steering.answer(unconfirmed, position=2, by=stage.cast.dana, answer="continue")
    with pytest.raises(Refused, match="Say what you saw"):
        steering.retry(unconfirmed, position=2, by=stage.cast.dana, reason=" ")
    steering.answer(
        unconfirmed,
        position=2,
        by=stage.cast.dana,
        answer="continue",
        note="77 is gone, tag is out",
    )
    assert drive(unconfirmed, fleet).state == "verifying"
    assert [script for _, script in fleet.order].count("hang restoring\n") == 1


def test_going_on_from_it_must_name_it_even_where_it_is_idempotent(
    stage: Stage, unconfirmed: Rollback
) -> None:
    with pytest.raises(Refused, match="may still be running: 2"):
        restarts.resume_from(unconfirmed, position=2, by=stage.cast.dana, reason="Again")
