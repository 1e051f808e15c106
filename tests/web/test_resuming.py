"""The page on which a person chooses the step to go on from."""

from __future__ import annotations

import pytest
from django.test import Client

from rollback_console.plans.snapshot.request_form import draw_request_form
from rollback_console.rollbacks.actions import steering
from rollback_console.rollbacks.execution.view import snapshot_of
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.fleet import Fleet
from tests.rollbacks.driving import drive

from .conftest import SignIn, words

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def failed(stage: make.Stage, fleet: Fleet) -> Rollback:
    """Its second step failed on its host."""
    fleet.scripts["restoring"] = (b"no such tag\n", 3)
    rollback = drive(make.approved(stage), fleet)
    fleet.scripts.clear()
    return rollback


def address(rollback: Rollback) -> str:
    return f"/rollbacks/{rollback.pk}/restarts/"


def go(client: Client, rollback: Rollback, **fields: object) -> str:
    return words(client.post(address(rollback), fields, follow=True))


def test_it_shows_what_is_left_on_each_host_before_anything_is_chosen(
    signed_in: SignIn, stage: make.Stage, failed: Rollback
) -> None:
    client = signed_in(stage.cast.dana)
    assert address(failed) in client.get(f"/rollbacks/{failed.pk}/").content.decode()
    shown = words(client.get(address(failed)))
    assert "app-1 step 1 failed step 2, exit 3" in shown
    assert "none step 3" in shown


def test_it_says_what_would_be_left_out_and_what_would_run_again(
    signed_in: SignIn, stage: make.Stage, failed: Rollback
) -> None:
    client = signed_in(stage.cast.dana)
    later = words(client.get(address(failed), {"position": 3}))
    assert "Will be skipped: step 2, Restore Code" in later
    earlier = words(client.get(address(failed), {"position": 1}))
    assert "Step 1, Stop, ran on app-1 and may run again" in earlier
    assert "Step 2, Restore Code, ran on app-1 and may run again" in earlier


def test_a_person_goes_back_by_naming_what_runs_again(
    signed_in: SignIn, stage: make.Stage, fleet: Fleet, failed: Rollback
) -> None:
    client = signed_in(stage.cast.dana)
    assert "Name exactly these" in go(client, failed, position=1, reason="Afresh", again=[2])
    assert "Resuming from step 1." in go(client, failed, position=1, reason="Afresh", again=[1, 2])
    assert drive(failed, fleet).state == "verifying"
    record = words(client.get(f"/rollbacks/{failed.pk}/"))
    assert "resumed it from step 1: Afresh" in record


def test_without_a_reason_or_the_right_nothing_happens(
    signed_in: SignIn, stage: make.Stage, fleet: Fleet, failed: Rollback
) -> None:
    assert "Enter a reason" in go(signed_in(stage.cast.dana), failed, position=3)
    vic = signed_in(stage.cast.vic)
    assert "have read-only access" in words(vic.get(address(failed), {"position": 3}))
    assert "have read-only access" in go(vic, failed, position=3, reason="I want to")
    assert "no step 0" in go(signed_in(stage.cast.dana), failed, position="x", reason="y")
    assert drive(failed, fleet).state == "waiting"


def test_the_rest_of_an_aborted_one_is_asked_for_and_says_where_it_begins(
    signed_in: SignIn, stage: make.Stage, fleet: Fleet, failed: Rollback
) -> None:
    steering.request_abort(failed, by=stage.cast.dana, reason="Look first")
    drive(failed, fleet)
    client = signed_in(stage.cast.dana)
    assert address(failed) in client.get(f"/rollbacks/{failed.pk}/").content.decode()
    assert "become a new rollback" in words(client.get(address(failed), {"position": 2}))
    response = go(client, failed, position=2, reason="The tag is there now")
    assert "Request submitted for approval." in response
    assert "not run starts at step 2" in response
    assert f"continues rollback {failed.pk}" in response
    assert Rollback.objects.filter(state="requested").count() == 1
    assert "may not request" in go(signed_in(stage.cast.vic), failed, position=2, reason="x")


def test_the_rest_is_asked_for_with_a_corrected_value(
    signed_in: SignIn, stage: make.Stage, fleet: Fleet
) -> None:
    text = make.PLAN.replace("echo restoring", "git checkout <tag-name>")
    (parameter,) = draw_request_form(make.plan(stage, text)).parameters
    wrong = make.approved(stage, text, parameters={parameter.name: "v1.wrong"})
    fleet.scripts["git checkout"] = (b"no such tag\n", 1)
    drive(wrong, fleet)
    steering.request_abort(wrong, by=stage.cast.dana, reason="The tag is wrong")
    wrong = drive(wrong, fleet)
    client = signed_in(stage.cast.dana)
    page = client.get(address(wrong), {"position": 2}).content.decode()
    assert f'name="value-{parameter.name}" value="v1.wrong"' in page
    fields = {"position": "2", "reason": "Right tag", f"value-{parameter.name}": "v1.3"}
    client.post(address(wrong), fields)
    rest = Rollback.objects.latest("id")
    snapshot = snapshot_of(rest.snapshot)
    assert (rest.state, snapshot.start_at, snapshot.continues) == ("requested", 2, wrong.pk)
    assert snapshot.parameters == {parameter.name: "v1.3"}
    assert rest.snapshot_sha256 != wrong.snapshot_sha256


def test_a_value_that_the_rollback_does_not_have_is_refused(
    signed_in: SignIn, stage: make.Stage, fleet: Fleet, failed: Rollback
) -> None:
    steering.request_abort(failed, by=stage.cast.dana, reason="Stop")
    drive(failed, fleet)
    client = signed_in(stage.cast.dana)
    fields = {"position": "2", "reason": "Again", "value-OTHER": "x"}
    assert "has no parameter named OTHER" in words(
        client.post(address(failed), fields, follow=True)
    )
    assert Rollback.objects.latest("id") == failed
