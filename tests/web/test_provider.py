"""People who come from an OpenID Connect provider, a real one on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from rollback_console.config import oidc
from rollback_console.plans.models import DecisionMaker
from rollback_console.rollbacks.models import Approval
from rollback_console.rollbacks.permissions.groups import ROLES as GROUPS
from tests import make

from .conftest import words
from .provider import Provider


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    with Provider() as running:
        row = (
            f'[{{"id": "corp", "name": "Corp", "issuer": "{running.url}", "client_id": "console",'
            ' "client_secret": "s3cret", "roles": {"sre": "Operator", "leads": "Decision maker"}}]'
        )
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": oidc.providers(row)}
        yield running


def visit(client: Client, provider: Provider, query: str = "", **claims: Any) -> Any:
    """Through the provider, where the person with these claims signs in, and back."""
    leads = client.get(f"/sign-in/with/corp/?{query}")
    assert leads.status_code == 302, leads.content
    pending = {
        name: value[0] for name, value in parse_qs(urlsplit(leads["Location"]).query).items()
    }
    assert leads["Location"].startswith(f"{provider.url}/authorize?")
    assert pending["code_challenge_method"] == "S256"
    code = provider.sign_in(pending, **claims)
    back = "/sign-in/with/corp/callback/"
    return client.get(back, {"code": code, "state": pending["state"]}, follow=True)


def names(user: User) -> set[str]:
    return set(user.groups.values_list("name", flat=True))


def test_the_sign_in_page_offers_the_provider(
    client: Client, stage: make.Stage, provider: Provider
) -> None:
    assert "Sign in with Corp" in words(client.get("/sign-in/"))


def test_who_is_in_a_mapped_group_gets_an_account_with_its_role(
    client: Client, stage: make.Stage, provider: Provider
) -> None:
    page = visit(client, provider, sub="7", preferred_username="kim", groups=["sre", "everyone"])
    assert page.request["PATH_INFO"] == "/"
    kim = User.objects.get(username="kim")
    assert names(kim) == {"Operator"}
    assert not kim.has_usable_password()
    assert not kim.is_superuser


def test_who_is_in_no_mapped_group_is_turned_away_and_has_no_account(
    client: Client, stage: make.Stage, provider: Provider
) -> None:
    page = visit(client, provider, sub="7", preferred_username="kim", groups=["everyone"])
    assert page.status_code == 403
    assert "You are in no group that may use this console." in words(page)
    assert not User.objects.filter(username="kim").exists()


def test_roles_follow_the_provider_and_who_left_every_group_is_out(
    client: Client, stage: make.Stage, provider: Provider
) -> None:
    who = {"sub": "7", "preferred_username": "kim"}
    visit(client, provider, **who, groups=["sre"])
    kim = User.objects.get(username="kim")
    kim.groups.add(Group.objects.create(name="On call"))
    client.post("/sign-out/")
    visit(client, provider, **who, groups=["leads"])
    assert names(kim) == {"Operator", "On call"}
    client.post("/sign-out/")
    assert visit(client, provider, **who, groups=[]).status_code == 403
    assert names(kim) == {"On call"}
    assert client.get("/").status_code == 302


def test_nobody_takes_over_an_account_by_bearing_its_name(
    client: Client, stage: make.Stage, provider: Provider
) -> None:
    page = visit(client, provider, sub="7", preferred_username="ADA", groups=["sre"])
    assert page.status_code == 403
    assert "There is an account named ADA here already" in words(page)
    assert client.get("/").status_code == 302


def test_nobody_takes_over_an_account_by_bearing_its_mail_address(
    client: Client, stage: make.Stage, provider: Provider
) -> None:
    claims = {"sub": "7", "preferred_username": "kim", "email": "ada@example.org"}
    visit(client, provider, **claims, email_verified=True, groups=["sre"])
    assert client.get("/account/").context["user"].username == "kim"
    assert names(User.objects.get(username="kim")) == {"Operator"}


def test_an_account_here_is_not_joined_with_one_elsewhere(
    stage: make.Stage, provider: Provider
) -> None:
    client = make.signed_in(stage.cast.ada)
    page = visit(client, provider, "process=connect", sub="7", groups=["sre"])
    assert page.status_code == 403


def test_an_answer_that_nobody_asked_for_is_refused(
    client: Client, stage: make.Stage, provider: Provider
) -> None:
    page = client.get("/sign-in/with/corp/callback/", {"code": "stolen", "state": "forged"})
    assert "Signing in elsewhere did not work" in words(page)
    assert client.get("/").status_code == 302


def test_a_provider_that_settings_do_not_name_is_not_found(
    client: Client, stage: make.Stage, provider: Provider
) -> None:
    assert client.get("/sign-in/with/other/").status_code == 404


def test_proof_is_a_new_sign_in_over_there(
    client: Client, stage: make.Stage, provider: Provider
) -> None:
    who: dict[str, Any] = {"sub": "7", "preferred_username": "kim", "groups": ["leads"]}
    visit(client, provider, **who)
    kim = User.objects.get(username="kim")
    DecisionMaker.objects.create(environment=stage.environment, user=kim, role="CTO")
    pending = make.requested(stage)
    session = client.session
    make.proved(session, kim, minutes_ago=6, how="socialaccount")
    session.save()
    fields = {"snapshot_sha256": pending.snapshot_sha256}
    waits = client.post(f"/rollbacks/{pending.pk}/approvals/", fields)
    assert waits["Location"].startswith("/account/confirmation/provider/")
    assert "Sign in again with Corp" in words(client.get(waits["Location"]))
    again = "process=redirect&next=/account/confirmation/provider/&auth_params=prompt%3Dlogin"
    stale = visit(client, provider, again, **who, auth_time_ago=3600)
    assert stale.status_code == 403
    assert visit(client, provider, again, **{**who, "sub": "8"}).status_code == 403
    client.post("/account/confirmation/provider/")
    assert not Approval.objects.exists()
    page = visit(client, provider, again, **who, auth_time_ago=2)
    assert "Confirm and continue" in words(page)
    client.post("/account/confirmation/provider/")
    assert Approval.objects.get().by == kim


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is no JSON"),
        ("{}", "must be a list"),
        ('[{"id": "corp"}]', "lacks name, issuer"),
        (
            '[{"id":"a","name":"A","issuer":"http://elsewhere","client_id":"c",'
            '"client_secret":"s","roles":{"x":"Admin"}}]',
            "must begin with https://",
        ),
        (
            '[{"id":"a","name":"A","issuer":"https://elsewhere","client_id":"c",'
            '"client_secret":"s","roles":{"x":"Root"}}]',
            "to Viewer, Operator or Admin",
        ),
        (
            '[{"id":"a","name":"A","issuer":"https://elsewhere","client_id":"c",'
            '"client_secret":"s","roles":{"x":"Admin"},"trust":1}]',
            "does not know trust",
        ),
    ],
)
def test_a_setting_that_makes_no_sense_is_told_in_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=sentence):
        oidc.providers(text)


def test_settings_know_the_groups_that_there_are() -> None:
    assert set(GROUPS) == oidc.ROLES
