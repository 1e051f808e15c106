"""Two people on the page: the first asks, the second asks for the same, each with fresh proof."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from rollback_console.rollbacks.models import Rollback, StepRun
from tests import make

from .conftest import words


@pytest.fixture
def stuck(stage: make.Stage) -> Rollback:
    """A rollback whose second step failed, where deviations take two people."""
    stage.environment.second_person = "always"
    stage.environment.save()
    rollback = make.approved(stage)
    run = StepRun.objects.create(
        rollback=rollback, position=2, host="app-1", state="failed", ended_at=timezone.now()
    )
    question = {"kind": "failed", "position": 2, "tokens": [str(run.token)]}
    Rollback.objects.update(state="waiting", started_at=timezone.now(), question=question)
    rollback.refresh_from_db()
    return rollback


def skip(client: Client, rollback: Rollback) -> str:
    address = f"/rollbacks/{rollback.pk}/"
    answer = client.post(
        f"{address}steps/2/skips/",
        {"reason": "Done by hand"},
        headers={"Referer": f"http://testserver{address}"},
    )
    assert answer.status_code == 303
    return str(answer.headers["Location"])


def test_the_second_person_skips_the_step_and_the_first_is_shown(
    stage: make.Stage, stuck: Rollback
) -> None:
    dana, lee = make.signed_in(stage.cast.dana), make.signed_in(stage.cast.lee)
    page = skip(dana, stuck)
    assert "Two people are needed to skip step 2." in words(dana.get(page))
    assert not stuck.events.filter(kind="step.skipped").exists()
    shown = words(lee.get(page))
    assert "Dana Example requested to skip step 2" in shown
    assert "A second person must request the same before it happens." in shown
    skip(lee, stuck)
    assert stuck.events.filter(kind="step.skipped").exists()


def test_an_old_session_proves_who_acts_before_it_deviates(
    stage: make.Stage, stuck: Rollback
) -> None:
    old = make.signed_in(stage.cast.dana, minutes_ago=30)
    assert skip(old, stuck).startswith("/account/confirmation/")
    assert not stuck.events.filter(kind="deviation.proposed").exists()
