"""The first set-up: nothing counts as done that is not so."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone

from rollback_console.access.actions.invitations import invite_person
from rollback_console.audit.models import ConfigurationEvent
from rollback_console.outbox.models import Delivery, Target
from rollback_console.plans.models import (
    Credential,
    DecisionMaker,
    Environment,
    HostKey,
    Plan,
    Revision,
    SignInTrial,
)
from rollback_console.plans.readiness.sign_in_trials import answer_trial
from rollback_console.rollbacks.models import Rollback
from rollback_console.rollbacks.queries import health
from rollback_console.web.presenters.setup_checklist import SetUpPart, set_up_parts
from tests import make
from tests.fleet import Fleet

from .conftest import SignIn, words
from .test_admin import private_key


def part(title: str) -> SetUpPart:
    return next(each for each in set_up_parts() if each.title == title)


def lacks(title: str) -> str:
    return " ".join(each.sentence for each in part(title).lacks)


def everybody_signed_in() -> None:
    User.objects.update(last_login=timezone.now())


def test_an_empty_console_has_nothing_done(db: None) -> None:
    states = {each.title: each.state for each in set_up_parts()}
    assert states.pop("Secrets") == "later"
    assert set(states.values()) == {"missing"}


def test_the_owner_has_signed_in(stage: make.Stage) -> None:
    assert "No Admin has signed in" in lacks("Owner")
    everybody_signed_in()
    assert part("Owner").state == "done"
    assert "There is one Admin" in part("Owner").hints[0].sentence


def test_people_count_once_they_signed_in(stage: make.Stage) -> None:
    assert "Nobody who has signed in may request" in lacks("People")
    User.objects.filter(username__in=["ada", "dana"]).update(last_login=timezone.now())
    assert part("People").state == "done"
    invite_person(by=stage.cast.ada, username="kim", groups=Group.objects.filter(name="Viewer"))
    hints = " ".join(each.sentence for each in part("People").hints)
    assert "kim has not accepted the invitation yet." in hints


def test_one_decision_maker_who_alone_may_ask_is_not_enough(stage: make.Stage) -> None:
    title = "Environments and who decides"
    assert "STAGING:" in lacks(title)
    everybody_signed_in()
    assert part(title).state == "done"
    User.objects.filter(username="sam").update(last_login=None)
    hints = " ".join(each.sentence for each in part(title).hints)
    assert "Sam Example decides but has never signed in." in hints
    Environment.objects.update(approvals_code=2, approvals_data=2)
    assert "needs 2 approvals" in lacks(title)
    DecisionMaker.objects.all().delete()
    assert part(title).state == "missing"


def test_a_credential_opens_something(stage: make.Stage) -> None:
    assert "neither a private key nor a password" in lacks("Credentials")
    row = Credential.objects.get()
    row.private_key = "no key at all"
    row.save()
    assert "key of app-1: the private key or its passphrase is wrong." in lacks("Credentials")
    row.private_key = private_key()
    row.save()
    assert part("Credentials").state == "done"


def test_a_host_counts_once_its_key_is_confirmed_and_somebody_signed_in(
    stage: make.Stage, fleet: Fleet, signed_in: SignIn
) -> None:
    for role in ("worker", "sweeper"):
        health.say_alive(role)
    HostKey.objects.update(confirmed_at=None)
    assert lacks("Hosts") == "No key is confirmed of app-1."
    HostKey.objects.update(confirmed_at=timezone.now())
    assert lacks("Hosts") == "Nobody tried to sign in to app-1."
    client = signed_in(stage.cast.ada)
    page = words(client.post("/hosts/sign-ins/", {"back": "set-up"}, follow=True))
    assert "Workers sign in to 1 host." in page
    assert "Signing in is being tried: app-1." in page
    fleet.down.add("app-1")
    event = ConfigurationEvent.objects.get(kind="host.sign_in_tried")
    assert (event.by, event.facts["hosts"]) == (stage.cast.ada, [stage.host.name])
    answer_trial(SignInTrial.objects.get().pk, fleet.connect)
    assert "app-1 cannot be reached" in words(client.get("/set-up/"))
    fleet.down.clear()
    client.post(f"/hosts/{stage.host.pk}/sign-ins/")
    answer_trial(SignInTrial.objects.get().pk, fleet.connect)
    assert part("Hosts").state == "done"
    assert "signed in" in words(client.get(f"/hosts/{stage.host.pk}/"))
    make.host(stage.environment, "app-2", stage.cast.ada)
    assert lacks("Hosts") == "Nobody tried to sign in to app-2."


def test_only_an_admin_has_hosts_tried(signed_in: SignIn, stage: make.Stage) -> None:
    client = signed_in(stage.cast.lee)
    for address in ("/hosts/sign-ins/", f"/hosts/{stage.host.pk}/sign-ins/"):
        assert client.post(address).status_code == 403
    assert client.get("/set-up/").status_code == 403
    assert not SignInTrial.objects.exists()


def test_secrets_are_those_that_plans_need(stage: make.Stage) -> None:
    make.plan(stage, make.PLAN.replace("echo stopping", "mysql -p$DB_PASSWORD -e stop"))
    assert "needs the secret DB_PASSWORD" in lacks("Secrets")


def test_a_message_target_counts_once_a_message_arrived(stage: make.Stage) -> None:
    target = Target.objects.create(
        name="Ops", url="https://example.org", topics=["decide"], made_by=stage.cast.ada,
        made_at=timezone.now(),
    )  # fmt: skip
    assert "nothing was sent to it yet" in lacks("Notifications")
    sent: dict[str, Any] = {"made_at": timezone.now(), "due_at": timezone.now(), "topic": "test"}
    Delivery.objects.create(target=target, cause="1", state="failed", **sent)
    assert "the last message did not arrive" in lacks("Notifications")
    Delivery.objects.create(target=target, cause="2", state="sent", **sent)
    assert part("Notifications").state == "done"


def test_a_plan_counts_once_its_steps_are_confirmed(stage: make.Stage) -> None:
    make.plan(stage)
    assert part("First plan").state == "done"
    Revision.objects.update(confirmed_at=None)
    assert part("First plan").state == "missing"
    assert "arrangement" in part("First plan").lacks[0].href


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({}, "done"),
        ({"state": "failed"}, "missing"),
        ({"started_at": None}, "missing"),
    ],
)
def test_a_rehearsal_is_a_rollback_that_succeeded_here(
    stage: make.Stage, change: dict[str, Any], state: str
) -> None:
    succeeded_where_rehearsed(stage)
    Rollback.objects.update(**change)
    assert part("Rehearsal").state == state


def test_a_success_in_an_environment_that_rehearses_none_is_no_rehearsal(
    stage: make.Stage,
) -> None:
    succeeded_where_rehearsed(stage)
    Environment.objects.update(rehearses=None)
    assert "No environment rehearses another" in lacks("Rehearsal")


def test_another_plan_carried_out_in_the_rehearsing_environment_is_no_rehearsal(
    stage: make.Stage,
) -> None:
    rehearsed = succeeded_where_rehearsed(stage)
    Plan.objects.filter(pk=rehearsed.pk).update(title="Another plan")
    assert "No plan has been rehearsed" in lacks("Rehearsal")


def succeeded_where_rehearsed(stage: make.Stage) -> Plan:
    """The plan of production whose rehearsal in the stage's environment has succeeded."""
    rollback = make.requested(stage)
    now = timezone.now()
    Rollback.objects.update(state="succeeded", started_at=now, finished_at=now)
    rehearsed = Environment.objects.create(slug="rehearsed", name="Rehearsed")
    Environment.objects.filter(pk=stage.environment.pk).update(rehearses=rehearsed)
    return Plan.objects.create(
        slug="rehearsed",
        title=rollback.revision.plan.title,
        service=stage.service,
        environment=rehearsed,
    )


def test_the_page_says_what_is_missing_why_and_where(signed_in: SignIn, stage: make.Stage) -> None:
    answer = signed_in(stage.cast.ada).get("/set-up/")
    page = words(answer)
    assert "of 9 parts are done" in page
    assert "There is no notification channel." in page
    assert "Decision makers are notified by mail or chat." in page
    assert 'href="/targets/new/"' in answer.content.decode()
