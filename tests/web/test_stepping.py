"""Step-up: what weighs much needs proof of who acts that is minutes old."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from rollback_console.plans.models import DecisionMaker, Environment, Secret
from rollback_console.rollbacks.models import Approval, Rollback
from rollback_console.web import urls
from tests import make

from .conftest import words
from .factors import add_app, code_of

CONFIRM = "/account/confirmation/"


def approve(client: Client, rollback: Rollback, **fields: str) -> object:
    fields = {"snapshot_sha256": rollback.snapshot_sha256, **fields}
    address = f"/rollbacks/{rollback.pk}/"
    headers = {"Referer": f"http://testserver{address}"}
    return client.post(f"{address}approvals/", fields, headers=headers)


def where(response: object) -> str:
    assert getattr(response, "status_code", 0) == 303
    return str(getattr(response, "headers")["Location"])  # noqa: B009


def prove(client: Client, password: str = make.PASSWORD) -> object:
    return client.post(CONFIRM, {"password": password})


def test_an_approval_by_an_old_session_waits_until_the_person_proved_who_they_are(
    stage: make.Stage, pending: Rollback
) -> None:
    client = make.signed_in(stage.cast.lee, minutes_ago=6)
    assert where(approve(client, pending, note="Saw the graphs")).startswith(CONFIRM)
    assert not Approval.objects.exists()
    page = words(client.get(CONFIRM))
    assert f"To approve rollback {pending.pk}, sign in again as Lee Example." in page
    assert where(prove(client)) == f"/rollbacks/{pending.pk}/"
    given = Approval.objects.get()
    assert (given.by, given.note) == (stage.cast.lee, "Saw the graphs")


def test_a_session_of_some_minutes_approves_at_once(stage: make.Stage, pending: Rollback) -> None:
    client = make.signed_in(stage.cast.lee, minutes_ago=4)
    assert where(approve(client, pending)) == f"/rollbacks/{pending.pk}/"
    assert Approval.objects.count() == 1


def test_a_session_that_nobody_signed_into_is_no_proof(
    stage: make.Stage, pending: Rollback
) -> None:
    client = Client()
    client.force_login(stage.cast.lee)
    assert where(approve(client, pending)).startswith(CONFIRM)
    assert not Approval.objects.exists()


def test_a_wrong_password_approves_nothing_and_what_was_typed_still_waits(
    stage: make.Stage, pending: Rollback
) -> None:
    client = make.signed_in(stage.cast.lee, minutes_ago=6)
    approve(client, pending, note="Go")
    response = prove(client, "guess")
    assert getattr(response, "status_code", 0) == 422
    assert "Wrong password." in words(response)
    assert not Approval.objects.exists()
    prove(client)
    assert Approval.objects.get().note == "Go"


def test_what_waited_is_done_once(stage: make.Stage, pending: Rollback) -> None:
    client = make.signed_in(stage.cast.lee, minutes_ago=6)
    approve(client, pending)
    prove(client)
    Approval.objects.all().delete()
    Rollback.objects.update(state="requested")
    prove(client)
    assert not Approval.objects.exists()


def test_a_form_with_something_wrong_in_it_comes_back_filled(stage: make.Stage) -> None:
    Environment.objects.update(is_production=True, name="PRODUCTION")
    stage.environment.refresh_from_db()
    rollback = make.requested(stage)
    client = make.signed_in(stage.cast.lee, minutes_ago=6)
    approve(client, rollback, note="Seen it", place="staging")
    response = prove(client)
    assert getattr(response, "status_code", 0) == 422
    assert "Type PRODUCTION" in words(response)
    assert 'value="Seen it"' in getattr(response, "content", b"").decode()


def test_what_waited_too_long_is_sent_again_by_a_person(
    stage: make.Stage, pending: Rollback
) -> None:
    client = make.signed_in(stage.cast.lee, minutes_ago=6)
    approve(client, pending)
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        assert where(prove(client)) == f"/rollbacks/{pending.pk}/"
        assert "Your confirmation has expired" in words(client.get("/"))
    assert not Approval.objects.exists()


def test_a_snapshot_that_changed_meanwhile_is_a_conflict(
    stage: make.Stage, pending: Rollback
) -> None:
    client = make.signed_in(stage.cast.lee, minutes_ago=6)
    approve(client, pending, snapshot_sha256="0" * 64)
    assert getattr(prove(client), "status_code", 0) == 409
    assert not Approval.objects.exists()


def test_who_lost_the_right_while_proving_who_they_are_is_refused(
    stage: make.Stage, pending: Rollback
) -> None:
    client = make.signed_in(stage.cast.lee, minutes_ago=6)
    approve(client, pending)
    DecisionMaker.objects.all().delete()
    prove(client)
    assert not Approval.objects.exists()


def test_a_secret_waits_sealed_and_the_page_of_proof_does_not_show_it(stage: make.Stage) -> None:
    client = make.signed_in(stage.cast.ada, minutes_ago=6)
    fields = {"name": "DB_PASSWORD", "value": "swordfish"}
    client.post("/environments/staging/secrets/", fields)
    assert "swordfish" not in str(dict(client.session))
    assert b"swordfish" not in client.get(CONFIRM).content
    prove(client)
    assert Secret.objects.get().value == "swordfish"


def test_a_page_for_secrets_is_shown_after_the_proof(stage: make.Stage) -> None:
    client = make.signed_in(stage.cast.ada, minutes_ago=6)
    assert where(client.get("/credentials/new/")).startswith(CONFIRM)
    assert where(prove(client)) == "/credentials/new/"
    assert client.get("/credentials/new/").status_code == 200


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("/environments/staging/", {"name": "STAGING", "approvals_code": "1"}),
        ("/environments/staging/decision-makers/", {"role": "CTO", "rung": "3"}),
        ("/environments/staging/decision-makers/1/removals/", {}),
        ("/environments/staging/secrets/", {"name": "A", "value": "a long value"}),
        ("/environments/staging/secrets/1/removals/", {}),
        ("/credentials/new/", {"name": "x", "username": "y"}),
        ("/credentials/1/", {"name": "x", "username": "y"}),
        ("/credentials/1/removals/", {}),
        ("/hosts/1/keys/1/confirmations/", {}),
        ("/people/new/", {"username": "kim"}),
        ("/people/1/", {"username": "dana"}),
        ("/people/1/deactivations/", {}),
        ("/people/1/activations/", {}),
        ("/people/1/break-glass/", {"may": "yes"}),
        ("/people/1/waits/removals/", {}),
        ("/hosts/new/", {"name": "app-9"}),
        ("/hosts/1/", {"name": "app-9"}),
        ("/hosts/1/keys/", {"text": "ssh-ed25519 AAAA"}),
        ("/hosts/1/keys/1/removals/", {}),
        ("/hosts/1/removals/", {}),
        ("/environments/staging/groups/", {"name": "web"}),
        ("/environments/staging/groups/1/removals/", {}),
        ("/services/", {"slug": "shop", "name": "Shop"}),
    ],
)
def test_what_changes_who_may_do_what_needs_proof_and_the_right_comes_first(
    stage: make.Stage, address: str, fields: dict[str, str]
) -> None:
    old = make.signed_in(stage.cast.ada, minutes_ago=6)
    assert where(old.post(address, fields)).startswith(CONFIRM)
    assert make.signed_in(stage.cast.dana, minutes_ago=6).post(address, fields).status_code == 403


def test_approving_what_hosts_are_asked_needs_proof_and_the_right_comes_first(
    stage: make.Stage,
) -> None:
    address = f"/plans/{make.plan(stage).plan.slug}/host-questions/approvals/"
    fields = {"question": "0" * 64}
    for decides in (stage.cast.ada, stage.cast.lee):
        old = make.signed_in(decides, minutes_ago=6)
        assert where(old.post(address, fields)).startswith(CONFIRM)
    assert make.signed_in(stage.cast.dana, minutes_ago=6).post(address, fields).status_code == 403


# What only shows, sends a message once more, looks at a host, or takes a right away.
NEEDS_NO_PROOF = {
    *("list_hosts", "list_integrations", "list_credentials", "list_proposals", "list_people"),
    *("list_confirmations", "list_environments", "list_groups", "list_services", "list_targets"),
    *(
        "list_tokens",
        "list_trackers",
        "list_keys",
        "scan",
        "scan_all",
        "retry",
        "tokens.revoke",
        "show_service",
        "services.pin",
    ),
    *("show_decision_makers", "decision_makers.mine", "show_proposal", "proposals.dismiss"),
}


def test_every_other_admin_page_asks_for_proof() -> None:
    views = {each.callback for each in urls.urlpatterns if _is_admin(each.callback)}
    names = {
        f"{view.__module__.rpartition('.')[2]}.{view.__name__}"
        for view in views
        if not getattr(view, "needs_step_up", False)
    }
    assert {
        each for each in names if {each, each.partition(".")[2]}.isdisjoint(NEEDS_NO_PROOF)
    } == set()


def _is_admin(view: Any) -> bool:
    return str(getattr(view, "__module__", "")).startswith("rollback_console.web.views.admin.")


def test_with_an_authenticator_app_a_password_is_not_enough(
    stage: make.Stage, pending: Rollback
) -> None:
    seed = add_app(stage.cast.lee)
    client = make.signed_in(stage.cast.lee, how="password")
    assert where(approve(client, pending)).startswith(f"{CONFIRM}code/")
    assert client.get(CONFIRM).status_code == 302
    assert prove(client).status_code == 302  # type: ignore[attr-defined]
    assert not Approval.objects.exists()
    wrong = client.post(f"{CONFIRM}code/", {"code": "000000"})
    assert "This code is wrong" in words(wrong)
    client.post(f"{CONFIRM}code/", {"code": code_of(seed)})
    assert Approval.objects.count() == 1


def test_a_code_proves_something_once(stage: make.Stage, pending: Rollback) -> None:
    seed = add_app(stage.cast.lee)
    code = code_of(seed)
    first = make.signed_in(stage.cast.lee)
    approve(first, pending, snapshot_sha256="0" * 64)
    assert getattr(first.post(f"{CONFIRM}code/", {"code": code}), "status_code", 0) == 409
    second = make.signed_in(stage.cast.lee)
    approve(second, pending)
    again = second.post(f"{CONFIRM}code/", {"code": code})
    assert "was used already" in words(again)
    assert not Approval.objects.exists()


def test_who_has_nothing_to_prove_it_with_is_told_so(stage: make.Stage, pending: Rollback) -> None:
    User.objects.filter(pk=stage.cast.lee.pk).update(password="!")
    stage.cast.lee.refresh_from_db()
    response = approve(make.signed_in(stage.cast.lee, minutes_ago=6), pending)
    assert getattr(response, "status_code", 0) == 403
    assert "Ask an Admin for a password." in words(response)


def test_five_minutes_are_the_default() -> None:
    assert settings.ACCOUNT_REAUTHENTICATION_TIMEOUT == 300


def test_proof_is_asked_for_on_our_own_pages_alone(stage: make.Stage, pending: Rollback) -> None:
    client = make.signed_in(stage.cast.lee, minutes_ago=6)
    fields = {"snapshot_sha256": pending.snapshot_sha256}
    address = f"/rollbacks/{pending.pk}/approvals/"
    client.post(address, fields, headers={"Referer": "https://elsewhere.example/"})
    assert "elsewhere" not in client.get(CONFIRM).content.decode()
