"""Starting without approval, as pages offer and refuse it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from rollback_console.postmortems.actions import postmortems
from rollback_console.rollbacks.models import BreakGlass, Rollback
from tests import make

from .conftest import SignIn, words

REASON = "Payments are down and nobody answers the phone"
FINDING = "Right to do; the rota had a gap on Sunday"


def page(client: Client, rollback: Rollback) -> str:
    return words(client.get(f"/rollbacks/{rollback.pk}/"))


def grant(user: User) -> None:
    make.may_break_glass(user)


def glass(client: Client, rollback: Rollback, **fields: str) -> object:
    form = {"snapshot_sha256": rollback.snapshot_sha256, "reason": REASON, "place": "staging"}
    return client.post(f"/rollbacks/{rollback.pk}/break-glass/", {**form, **fields})


def test_break_glass_is_offered_to_those_who_may_alone(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    client = signed_in(stage.cast.dana)
    assert "Start without approval" not in page(client, pending)
    glass(client, pending)
    assert "You may not use emergency start." in page(client, pending)
    assert not BreakGlass.objects.exists()
    grant(stage.cast.dana)
    assert "Start without approval" in page(client, pending)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"reason": "Because"}, "Write at least 20 characters."),
        ({"reason": ""}, "This field is required."),
        ({"place": "production"}, "Type STAGING, the environment this changes."),
        ({"place": ""}, "Type STAGING, the environment this changes."),
    ],
)
def test_break_glass_takes_a_reason_and_the_environments_name(
    signed_in: SignIn, stage: make.Stage, pending: Rollback, fields: dict[str, str], says: str
) -> None:
    grant(stage.cast.dana)
    answer = glass(signed_in(stage.cast.dana), pending, **fields)
    assert getattr(answer, "status_code", 0) == 422
    assert says in words(answer)
    assert not BreakGlass.objects.exists()


def test_breaking_glass_needs_fresh_proof_and_then_goes_on(
    stage: make.Stage, pending: Rollback
) -> None:
    grant(stage.cast.dana)
    client = make.signed_in(stage.cast.dana, minutes_ago=30)
    answer = glass(client, pending)
    assert "/account/confirmation/" in getattr(answer, "headers")["Location"]  # noqa: B009
    assert not BreakGlass.objects.exists()
    client.post("/account/confirmation/", {"password": make.PASSWORD})
    assert BreakGlass.objects.get().by == stage.cast.dana


def test_a_broken_glass_shows_everywhere_until_somebody_else_reviewed_it(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    grant(stage.cast.dana)
    dana, sam = signed_in(stage.cast.dana), signed_in(stage.cast.sam)
    glass(dana, pending)
    assert "review open . The review can be closed once the rollback has ended." in page(
        sam, pending
    )
    pending.refresh_from_db()
    assert pending.state == "approved"
    Rollback.objects.update(
        state="succeeded", finished_at=timezone.now(), started_at=timezone.now()
    )
    pending.refresh_from_db()
    postmortems.open_postmortem(pending)
    where = f"/rollbacks/{pending.pk}/break-glass/reviews/"
    page_address = f"/rollbacks/{pending.pk}/postmortem/"
    assert "Started without approval, review open" in words(dana.get("/"))
    assert "review open" in words(dana.get(page_address))
    dana.post(where, {"finding": FINDING})
    assert "somebody else must review it" in page(dana, pending)
    sam.post(where, {"finding": FINDING})
    for shown in (page(dana, pending), words(dana.get(page_address))):
        assert f"Reviewed by Sam Example just now : {FINDING}" in shown
    assert "review open" not in words(dana.get("/"))


def test_the_right_to_break_glass_is_given_by_another_admin(
    signed_in: SignIn, stage: make.Stage
) -> None:
    ada = signed_in(stage.cast.ada)
    where = f"/people/{stage.cast.dana.pk}/break-glass/"
    assert "may not start a rollback without approval" in words(
        ada.get(where.replace("break-glass/", ""))
    )
    ada.post(where, {"may": "yes"})
    dana = User.objects.get(pk=stage.cast.dana.pk)
    assert dana.has_perm("rollbacks.break_glass")
    ada.post(where, {"may": "no"})
    assert not User.objects.get(pk=dana.pk).has_perm("rollbacks.break_glass")
    own = ada.post(f"/people/{stage.cast.ada.pk}/break-glass/", {"may": "yes"}, follow=True)
    assert "Another Admin must give you that right." in words(own)
    assert signed_in(stage.cast.lee).post(where, {"may": "yes"}).status_code == 403
