"""Pages say what a rollback does and where it stands, as it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from rollback_console.rollbacks.events import record
from rollback_console.rollbacks.models import Rollback, StepRun
from rollback_console.rollbacks.models.rollback import chosen_version
from tests import make

from .conftest import SignIn, words


def test_a_rollback_is_titled_by_what_it_does_with_the_plans_title_below(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    client = signed_in(stage.cast.vic)
    Rollback.objects.update(choices={**pending.choices, "parameters": {"PREVIOUS_TAG": "v1.4.0"}})
    for address in ("/", "/rollbacks/", f"/rollbacks/{pending.pk}/"):
        page = words(client.get(address))
        assert f"Roll back Checkout on STAGING to v1.4.0, #{pending.pk}" in page, address
        assert "Checkout 2" in page


@pytest.mark.parametrize(
    ("choices", "version"),
    [
        ({}, ""),
        ({"parameters": {"DUMP": "shop.sql"}}, ""),
        ({"parameters": {"COMMIT_HASH": "91bc", "PREVIOUS_COMMIT": "91bc"}}, "91bc"),
        ({"parameters": {"API_TAG": "v1", "WEB_TAG": "v2"}}, ""),
        ({"parameters": "damaged"}, ""),
    ],
)
def test_a_version_is_named_where_one_was_chosen(choices: dict[str, Any], version: str) -> None:
    assert chosen_version(choices) == version


@pytest.mark.parametrize(
    ("fields", "says", "state"),
    [
        ({"state": "running", "pause_asked": True}, "pausing", "running"),
        (
            {"state": "waiting", "question": {"kind": "failed", "position": 2, "tokens": []}},
            "step 2 failed",
            "failed",
        ),
        (
            {"state": "waiting", "question": {"kind": "paused", "position": 2, "tokens": []}},
            "paused",
            "waiting",
        ),
    ],
)
def test_lists_say_pausing_and_a_failed_step_in_its_own_colour(
    signed_in: SignIn,
    stage: make.Stage,
    pending: Rollback,
    fields: dict[str, Any],
    says: str,
    state: str,
) -> None:
    Rollback.objects.update(started_at=timezone.now(), **fields)
    for address in ("/", "/rollbacks/", f"/rollbacks/{pending.pk}/"):
        response = signed_in(stage.cast.vic).get(address)
        assert says in words(response), address
        assert f'data-state="{state}"' in response.content.decode(), address


def test_a_success_in_which_a_step_was_skipped_or_failed_is_one_with_deviations(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    moment = timezone.now()
    Rollback.objects.update(state="succeeded", started_at=moment, finished_at=moment)
    client = signed_in(stage.cast.vic)
    assert "succeeded with deviations" not in words(client.get("/rollbacks/"))
    StepRun.objects.create(rollback=pending, position=1, host="app-1", state="failed")
    for address in ("/", "/rollbacks/", f"/rollbacks/{pending.pk}/"):
        assert "succeeded with deviations" in words(client.get(address)), address


def test_no_remaining_time_is_shown_while_a_person_is_asked(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    ended = timezone.now()
    began = ended - timedelta(minutes=10)
    Rollback.objects.update(state="succeeded", started_at=began, finished_at=ended)
    running = make.requested(stage)
    for number in range(3):
        pending.pk = None
        pending.state, pending.started_at, pending.finished_at = "succeeded", began, ended
        pending._state.adding = True
        pending.save()
        Rollback.objects.filter(pk=running.pk).update(
            state="running", started_at=ended, question={}
        )
        page = signed_in(stage.cast.vic).get(f"/rollbacks/{running.pk}/").content.decode()
        assert ("data-middle" in page) is (number > 0), "at least three runs of the procedure"
    question = {"kind": "gate", "position": 1, "tokens": []}
    Rollback.objects.filter(pk=running.pk).update(state="waiting", question=question)
    page = signed_in(stage.cast.vic).get(f"/rollbacks/{running.pk}/").content.decode()
    assert "data-middle" not in page


def test_the_timeline_shows_people_steps_or_all_and_abort_stands_once(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    question = {"kind": "failed", "position": 1, "tokens": []}
    Rollback.objects.update(state="waiting", started_at=timezone.now(), question=question)
    record(pending, "step.started", step=1, host="app-1")
    client, address = signed_in(stage.cast.dana), f"/rollbacks/{pending.pk}/"
    by_people, by_step = "requested this rollback", "started on app-1"
    shown = {each: words(client.get(f"{address}?timeline={each}")) for each in ("people", "steps")}
    assert by_people in shown["people"] and by_step not in shown["people"]
    assert by_step in shown["steps"] and by_people not in shown["steps"]
    whole = client.get(f"{address}?timeline=anything")
    assert by_people in words(whole) and by_step in words(whole)
    assert whole.content.decode().count(f"{address}abort-requests/") == 1


def test_key_events_stay_when_many_later_ones_push_others_out(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    Rollback.objects.update(state="running", started_at=timezone.now())
    record(pending, "step.started", step=1, host="app-7")
    for number in range(60):
        record(pending, "step.started", step=1, host=f"web-{number}")
    page = words(signed_in(stage.cast.dana).get(f"/rollbacks/{pending.pk}/"))
    assert "requested this rollback" in page
    assert "started on app-7" not in page


def test_a_running_step_shows_how_long_it_has_been_running(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    began = timezone.now() - timedelta(minutes=3)
    Rollback.objects.update(state="running", started_at=began)
    StepRun.objects.create(
        rollback=pending, position=1, host="app-1", state="running", started_at=began
    )
    page = words(signed_in(stage.cast.vic).get(f"/rollbacks/{pending.pk}/"))
    assert "running for 3 min" in page
