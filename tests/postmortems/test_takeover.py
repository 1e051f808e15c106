"""One click takes what was learned over into the plan's next revision."""

from __future__ import annotations

import pytest

from rollback_console.plans.actions.plans import revise
from rollback_console.postmortems.actions import postmortems
from rollback_console.postmortems.lessons import takeover
from rollback_console.postmortems.models import Postmortem
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.models import Rollback
from tests.make import PLAN, Stage, canonical

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def written(succeeded: Rollback, stage: Stage) -> Postmortem:
    """A postmortem with a cause and a way to prevent it."""
    return postmortems.write_texts(
        succeeded.postmortem,
        by=stage.cast.dana,
        version=1,
        what_went_wrong="A bad join",
        how_to_prevent="Rehearse monthly",
    )


def test_the_next_revision_holds_it_and_everything_that_was_there(
    written: Postmortem, stage: Stage
) -> None:
    plan = written.rollback.revision.plan
    made = takeover.take_over(written, by=stage.cast.lee)
    number = written.rollback_id
    text = bytes(made.source).decode()
    assert (made.number, made.author) == (3, stage.cast.lee)
    assert made.note == f"Learned from rollback {number}"
    assert text.startswith(canonical(PLAN))
    assert f"### What Went Wrong\n\n- A bad join (rollback {number})\n" in text
    assert f"### How to Prevent\n\n- Rehearse monthly (rollback {number})\n" in text
    assert "## Rollback Time Estimate\n\n- **Measured, " in text
    assert made.bindings == written.rollback.revision.bindings
    assert [each.revision for each in written.takeovers.all()] == [made]
    assert plan.revisions.count() == 3


def test_it_is_taken_over_once(written: Postmortem, stage: Stage) -> None:
    takeover.take_over(written, by=stage.cast.lee)
    with pytest.raises(Refused, match="contains all of this already"):
        takeover.take_over(written, by=stage.cast.lee)


def test_it_is_written_into_the_newest_text_not_the_one_that_ran(
    written: Postmortem, stage: Stage
) -> None:
    plan = written.rollback.revision.plan
    revise(plan, (PLAN + "\n## Contacts\n- Sam\n").encode(), by=stage.cast.ada)
    proposal = takeover.proposal(written)
    assert proposal.changes
    assert "## Contacts\n- Sam\n" in proposal.new


def test_who_may_not_change_plans_takes_nothing_over(written: Postmortem, stage: Stage) -> None:
    with pytest.raises(Refused, match="You may not change this plan"):
        takeover.take_over(written, by=stage.cast.vic)
    assert written.rollback.revision.plan.revisions.count() == 2
