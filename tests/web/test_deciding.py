"""Questions, nudges and loans of rights, as pages offer and refuse them."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rollback_console.audit.stale_edit import draw_version
from rollback_console.engine.reversal.effects import Reversal
from rollback_console.plans.actions.delegations import delegate_right
from rollback_console.plans.models import Cost, DecisionMaker, Delegation, Environment
from rollback_console.plans.snapshot.request_form import draw_request_form
from rollback_console.rollbacks.actions import pins
from rollback_console.rollbacks.models import Rollback
from tests import make

from .conftest import SignIn, words

REASON = "Payments are down and nobody answers the phone"
FINDING = "Right to do; the rota had a gap on Sunday"


def page(client: Client, rollback: Rollback) -> str:
    return words(client.get(f"/rollbacks/{rollback.pk}/"))


def test_the_page_shows_the_rung_the_countdown_and_who_comes_next(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    shown = page(signed_in(stage.cast.vic), pending)
    assert "Asked now escalation level 1" in shown
    assert "Next escalation level 2 in" in shown
    assert "Expires in" in shown
    Rollback.objects.update(rung=2)
    assert "no further escalation level" in page(signed_in(stage.cast.vic), pending)


def test_a_decision_maker_who_may_not_approve_is_listed_with_the_reason(
    signed_in: SignIn, stage: make.Stage
) -> None:
    DecisionMaker.objects.create(environment=stage.environment, user=stage.cast.dana, role="CTO")
    rollback = make.requested(stage)
    shown = page(signed_in(stage.cast.vic), rollback)
    assert "1 decision maker cannot approve this request" in shown
    assert "Dana Example, CTO: is the requester, or wrote what is new in the plan" in shown


def test_those_who_are_asked_are_nudged_once(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    client = signed_in(stage.cast.dana)
    assert "Remind Lee Example" in page(client, pending)
    client.post(f"/rollbacks/{pending.pk}/nudges/")
    assert "Reminder sent to Lee Example." in page(client, pending)
    client.post(f"/rollbacks/{pending.pk}/nudges/")
    assert "A reminder was just sent." in page(client, pending)
    assert pending.events.filter(kind="approval.nudged").count() == 1
    assert "Nudge Lee" not in page(signed_in(stage.cast.vic), pending)
    signed_in(stage.cast.vic).post(f"/rollbacks/{pending.pk}/nudges/")
    assert pending.events.filter(kind="approval.nudged").count() == 1


def test_a_question_waits_for_its_answer_on_the_page(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    lee, dana = signed_in(stage.cast.lee), signed_in(stage.cast.dana)
    lee.post(f"/rollbacks/{pending.pk}/questions/", {"text": "Which <b>dump</b>?"})
    assert "Lee Example asks" in page(dana, pending)
    assert "Which <b>dump</b>? no answer yet" in page(dana, pending)
    seq = pending.events.get(kind="approval.asked").seq
    dana.post(f"/rollbacks/{pending.pk}/questions/{seq}/answers/", {"text": "Of 03:00"})
    assert "no answer yet" not in page(lee, pending)
    assert "Dana Example, just now : Of 03:00" in page(lee, pending)
    dana.post(f"/rollbacks/{pending.pk}/questions/1/answers/", {"text": "x"})
    assert "Event 1 of this rollback is not a question." in page(dana, pending)


def test_what_freezing_anew_changed_is_shown(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    stage.host.address = "192.0.2.77"
    stage.host.save()
    client = signed_in(stage.cast.dana)
    client.post(f"/rollbacks/{pending.pk}/renewals/")
    shown = page(client, pending)
    assert "The request was refreshed: 1 difference" in shown
    assert "hosts.app-1.address 192.0.2.1 192.0.2.77" in shown


def test_everybody_sees_who_decides_and_who_could_approve_what_they_ask_for(
    signed_in: SignIn, stage: make.Stage
) -> None:
    shown = words(signed_in(stage.cast.vic).get("/environments/staging/deciders/"))
    assert "1 Lee Example Deploy Lead 2 Sam Example DevOps Lead" in shown
    assert "Can approve: Lee Example (Deploy Lead, level 1), Sam Example" in shown
    assert "Delegate your approval right" not in shown
    shown = words(signed_in(stage.cast.lee).get("/environments/staging/deciders/"))
    assert "Can approve: Sam Example (DevOps Lead, level 2). The authors" in shown
    assert "Cannot approve: Lee Example. Nobody approves their own request" in shown


def test_a_right_is_lent_used_and_ended_on_pages(signed_in: SignIn, stage: make.Stage) -> None:
    lee, vic = signed_in(stage.cast.lee), signed_in(stage.cast.vic)
    fields = {"to": stage.cast.vic.pk, "hours": "8", "reason": "On a plane"}
    answer = lee.post("/environments/staging/delegations/", fields, follow=True)
    assert "Vic Example may approve for you until" in words(answer)
    assert "Vic Example for Lee Example" in words(vic.get("/account/delegations/"))
    rollback = make.requested(stage)
    shown = page(vic, rollback)
    assert "You would approve as Deploy Lead for Lee Example" in shown
    vic.post(f"/rollbacks/{rollback.pk}/approvals/", {"snapshot_sha256": rollback.snapshot_sha256})
    assert "Vic Example, Deploy Lead for Lee Example" in page(vic, rollback)
    assert "approved as Deploy Lead for Lee Example" in page(vic, rollback)
    lent = Delegation.objects.get()
    dana = signed_in(stage.cast.dana)
    refused = dana.post(f"/delegations/{lent.pk}/revocations/", follow=True)
    assert "Only the person who delegated this right" in words(refused)
    vic.post(f"/delegations/{lent.pk}/revocations/")
    lent.refresh_from_db()
    assert lent.revoked_by == stage.cast.vic
    assert "revoked by Vic Example" in words(lee.get("/account/delegations/"))


@pytest.mark.parametrize("who", ["dana", "vic", "ada"])
def test_who_decides_nowhere_lends_nothing(signed_in: SignIn, stage: make.Stage, who: str) -> None:
    client = signed_in(getattr(stage.cast, who))
    fields = {"to": stage.cast.lee.pk, "hours": "8"}
    answer = client.post("/environments/staging/delegations/", fields, follow=True)
    assert "Only a decision maker of this environment can delegate" in words(answer)
    assert not Delegation.objects.exists()


def test_a_loan_for_a_time_that_is_not_offered_is_not_made(
    signed_in: SignIn, stage: make.Stage
) -> None:
    fields = {"to": stage.cast.vic.pk, "hours": "99999"}
    client = signed_in(stage.cast.lee)
    assert client.post("/environments/staging/delegations/", fields).status_code == 422
    assert not Delegation.objects.exists()


def test_rules_nobody_could_meet_are_refused_on_the_page(
    signed_in: SignIn, stage: make.Stage
) -> None:
    ada = signed_in(stage.cast.ada)
    rules = {
        "name": "STAGING", "slug": "staging", "approvals_code": "1", "approvals_data": "3",
        "data_role": "", "request_expires": "60", "start_expires": "60", "escalate_after": "10",
        "remind_before": "15", "readiness_rule": "warn",
    }  # fmt: skip
    rules["drawn_from"] = draw_version(stage.environment)
    answer = ada.post("/environments/staging/", rules)
    assert answer.status_code == 422
    assert "This was not saved. When data is at risk, nobody could approve." in words(answer)
    assert Environment.objects.get().approvals_data == 1
    sam = DecisionMaker.objects.get(user=stage.cast.sam)
    ada.post("/environments/staging/", {**rules, "approvals_data": "2"})
    where = f"/environments/staging/decision-makers/{sam.pk}"
    answer = ada.post(f"{where}/removals/", {"sure": "yes"}, follow=True)
    assert "This was not saved." in words(answer)
    drawn = draw_version(sam)
    ada.post(f"{where}/changes/", {"role": "CTO", "rung": "3", "drawn_from": drawn})
    sam.refresh_from_db()
    assert (sam.role, sam.rung) == ("CTO", 3)
    shown = words(ada.get("/environments/staging/"))
    assert "nobody could approve a request by Lee Example or Sam Example" in shown


POSTS = [
    ("questions", {"number": 9}),
    ("question-answers", {"number": 9, "question": 1}),
    ("nudges", {"number": 9}),
    ("break-glass", {"number": 9}),
    ("break-glass-reviews", {"number": 9}),
    ("delegations", {"slug": "staging"}),
    ("delegation-revocations", {"number": 9}),
    ("decision-maker-changes", {"slug": "staging", "number": 9}),
    ("person-break-glass", {"number": 9}),
]


@pytest.mark.parametrize(("name", "place"), POSTS)
def test_acts_are_posts_with_the_forms_token_by_somebody_signed_in(
    stage: make.Stage, signed_in: SignIn, name: str, place: dict[str, object]
) -> None:
    address = reverse(name, kwargs=place)
    assert signed_in(stage.cast.ada).get(address).status_code == 405
    assert Client().post(address).status_code == 302
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(stage.cast.ada)
    assert strict.post(address).status_code == 403


def test_changing_who_decides_is_for_admins(signed_in: SignIn, stage: make.Stage) -> None:
    lee = DecisionMaker.objects.get(user=stage.cast.lee)
    where = f"/environments/staging/decision-makers/{lee.pk}/changes/"
    answer = signed_in(stage.cast.lee).post(where, {"role": "CTO", "rung": "1"})
    assert answer.status_code == 403


def test_a_loan_needs_fresh_proof(stage: make.Stage) -> None:
    client = make.signed_in(stage.cast.lee, minutes_ago=30)
    fields = {"to": stage.cast.vic.pk, "hours": "8"}
    client.post("/environments/staging/delegations/", fields)
    assert not Delegation.objects.exists()


def test_a_lent_right_shows_on_the_persons_page(signed_in: SignIn, stage: make.Stage) -> None:
    delegate_right(stage.environment, by=stage.cast.lee, to=stage.cast.vic, hours=8)
    shown = words(signed_in(stage.cast.ada).get(f"/people/{stage.cast.lee.pk}/"))
    assert "Vic Example for Lee Example" in shown


def test_going_back_to_a_pinned_version_is_warned_about_and_takes_a_tick_of_its_own(
    signed_in: SignIn, stage: make.Stage
) -> None:
    text = make.PLAN.replace("echo restoring", "git checkout <previous-commit>")
    revision = make.plan(stage, text)
    (parameter,) = draw_request_form(revision).parameters
    pins.pin(stage.service, version="91bc2f0a", by=stage.cast.dana, reason="Loses sessions")
    asking = signed_in(stage.cast.dana)
    fields = {"reason": "500s", "preview": "1", f"parameter_{parameter.name}": "91bc2f0"}
    address = f"/plans/{revision.plan.slug}/request/"
    assert "pinned as a version not to deploy" in words(asking.post(address, fields))
    del fields["preview"]
    asking.post(address, fields)
    rollback = Rollback.objects.get()
    client = signed_in(stage.cast.lee)
    assert "Dana Example: Loses sessions" in page(client, rollback)
    decision = {"snapshot_sha256": rollback.snapshot_sha256}
    refused = client.post(f"/rollbacks/{rollback.pk}/approvals/", decision)
    assert refused.status_code == 422
    assert "Tick that you know of the pin" in words(refused)
    client.post(f"/rollbacks/{rollback.pk}/approvals/", {**decision, "pinned": "on"})
    rollback.refresh_from_db()
    assert rollback.state == "approved"


def test_what_the_hosts_call_impossible_takes_a_tick_of_its_own(
    signed_in: SignIn, pending: Rollback
) -> None:
    broken = Reversal("Django", problem="shop.0002 cannot be undone", broken=True)
    Cost.objects.create(
        revision=pending.revision,
        snapshot_sha256=pending.snapshot_sha256,
        reversals=[asdict(broken)],
        at=timezone.now(),
    )
    client = signed_in(User.objects.get(username="lee"))
    assert "Approve what the hosts say is impossible as it stands" in page(client, pending)
    decision = {"snapshot_sha256": pending.snapshot_sha256}
    refused = client.post(f"/rollbacks/{pending.pk}/approvals/", decision)
    assert refused.status_code == 422
    assert "Tick that you know what the hosts say" in words(refused)
    client.post(f"/rollbacks/{pending.pk}/approvals/", {**decision, "impossible": "on"})
    pending.refresh_from_db()
    assert pending.state == "approved"
