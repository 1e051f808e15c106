"""Three roles by groups, and nothing without one."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.urls import URLPattern, get_resolver, reverse

from rollback_console.rollbacks.models import Rollback
from rollback_console.rollbacks.permissions import groups
from tests import make

from .conftest import SignIn, words
from .factors import add_app

OWN = ("account", "sign-in", "sign-out")


def plain_pages() -> list[str]:
    """Every page that people reach and whose address names nothing."""
    forbidden = []
    for each in get_resolver().url_patterns:
        for inner in getattr(each, "url_patterns", [each]):
            if isinstance(inner, URLPattern) and inner.name and "<" not in str(inner.pattern):
                view = inner.callback
                if (
                    getattr(view, "login_required", True)
                    and getattr(each, "namespace", None) is None
                ):
                    forbidden.append(inner.name)
    return sorted(set(forbidden))


@pytest.mark.parametrize("name", plain_pages())
def test_without_a_group_every_page_but_ones_own_is_closed(
    signed_in: SignIn, stage: make.Stage, name: str
) -> None:
    stage.cast.vic.groups.clear()
    client, address = signed_in(stage.cast.vic), reverse(name)
    if address.strip("/").startswith(OWN):
        assert client.get(address).status_code in {200, 302, 303, 401, 404, 405}
    else:
        assert client.get(address).status_code == 403
        assert client.post(address).status_code == 403


def test_without_a_group_a_rollback_is_closed_and_a_sentence_says_whom_to_ask(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    stage.cast.lee.groups.clear()
    client = signed_in(stage.cast.lee)
    page = client.get(f"/rollbacks/{pending.pk}/")
    assert page.status_code == 403
    assert "You are in no group yet" in words(page)
    fields = {"snapshot_sha256": pending.snapshot_sha256}
    assert client.post(f"/rollbacks/{pending.pk}/approvals/", fields).status_code == 403
    assert not pending.approvals.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "rights"),
    [
        (groups.VIEWER, "look"),
        (groups.OPERATOR, "look request steer plan"),
        (groups.ADMIN, "look request steer plan administer"),
    ],
)
def test_a_role_gives_these_rights_and_no_other(role: str, rights: str) -> None:
    person = make.person("kim", role)
    pending = {
        "look": groups.LOOK,
        "request": "rollbacks.request_rollback",
        "steer": "rollbacks.operate_rollback",
        "plan": "plans.change_plan",
        "administer": "plans.change_environment",
        "destroy": "rollbacks.delete_rollback",
    }
    assert [name for name, right in pending.items() if person.has_perm(right)] == rights.split()


def test_who_may_only_look_can_neither_ask_nor_steer_nor_change_a_plan(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    client, slug = signed_in(stage.cast.vic), pending.revision.plan.slug
    assert client.get(f"/rollbacks/{pending.pk}/").status_code == 200
    for address in ("/plans/import/", f"/plans/{slug}/text/", f"/plans/{slug}/request/"):
        assert client.post(address, {"text": "# Plan"}).status_code == 403
    before = pending.events.count()
    for act in ("starts", "renewals", "pauses", "abort-requests", "withdrawals"):
        client.post(f"/rollbacks/{pending.pk}/{act}/", {"reason": "Because"})
    pending.refresh_from_db()
    assert (pending.state, pending.events.count()) == ("requested", before)


def test_a_role_taken_away_counts_with_the_next_page(signed_in: SignIn, stage: make.Stage) -> None:
    client = signed_in(stage.cast.dana)
    assert client.get("/plans/").status_code == 200
    stage.cast.dana.groups.remove(Group.objects.get(name=groups.OPERATOR))
    assert client.get("/plans/").status_code == 403


def test_where_a_second_factor_is_demanded_a_password_alone_opens_ones_own_page(
    signed_in: SignIn, stage: make.Stage, settings: Any
) -> None:
    settings.REQUIRE_SECOND_FACTOR = True
    client = signed_in(stage.cast.ada)
    page = client.get("/hosts/")
    assert page.status_code == 403
    assert "Add an authenticator app or a passkey" in words(page)
    assert client.get("/account/").status_code == 200
    assert client.get("/account/authenticator/").status_code == 200
    add_app(stage.cast.ada)
    assert make.signed_in(stage.cast.ada, how="mfa").get("/hosts/").status_code == 200
