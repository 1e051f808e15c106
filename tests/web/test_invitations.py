"""Inviting on the pages, and the anonymous page behind a link, as an attacker would try it."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from rollback_console.access.models import Invitation, PendingChange
from rollback_console.audit.models import ConfigurationEvent
from rollback_console.config.logs import mask_addresses
from rollback_console.outbox.actions import targets
from rollback_console.outbox.models import Delivery
from rollback_console.web.views.system import invitation as page
from tests import make
from tests.access.test_invitations import PASSWORD
from tests.receivers import Mail, mail

from .conftest import SignIn, words

ADDRESS = "/people/invitations/"


@pytest.fixture
def post_office(settings: Any) -> Iterator[Mail]:
    settings.MESSAGES_ALLOW = ["127.0.0.0/8"]
    with mail() as kept:
        yield kept


def fields(**more: Any) -> dict[str, Any]:
    groups = [Group.objects.get(name="Operator").pk]
    return {"username": "kim", "email": "kim@example.org", "days": 7, "groups": groups, **more}


def link_in(response: object) -> str:
    body = getattr(response, "content").decode()  # noqa: B009
    match = re.search(r'id="secret">http://testserver(/invitations/[\w-]{43}/)<', body)
    assert match, body
    return match[1]


def invite(client: Client, **more: Any) -> str:
    return link_in(client.post(ADDRESS, fields(**more)))


def choose(link: str, password: str = PASSWORD, again: str = "") -> Any:
    return Client().post(link, {"password": password, "again": again or password})


def test_an_admin_invites_and_the_invited_person_signs_in(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client = signed_in(stage.cast.ada)
    answer = client.post(ADDRESS, fields())
    assert answer["Cache-Control"] == "no-store"
    link = link_in(answer)
    assert link.split("/")[2] not in client.get(ADDRESS).content.decode()
    assert "kim" in words(client.get(ADDRESS))
    shown = words(Client().get(link))
    assert "Ada Example invited you to this console. You sign in as kim ." in shown
    answer = choose(link)
    assert (answer.status_code, answer["Location"]) == (303, "/")
    assert answer.client.get("/plans/").status_code == 200
    assert "kim" not in words(client.get(ADDRESS))
    assert ConfigurationEvent.objects.filter(kind="sign_in.succeeded", by_name="kim").count() == 1
    browser = Client()
    browser.post("/sign-in/", {"username": "kim", "password": PASSWORD})
    assert browser.get("/plans/").status_code == 200


def test_who_must_show_a_second_factor_is_not_signed_in_by_an_invitation(
    signed_in: SignIn, stage: make.Stage, settings: Any
) -> None:
    link = invite(signed_in(stage.cast.ada))
    settings.REQUIRE_SECOND_FACTOR = True
    answer = choose(link)
    assert (answer.status_code, answer["Location"]) == (303, "/sign-in/")
    assert "_auth_user_id" not in answer.client.session


def test_a_link_accepted_in_a_session_of_somebody_else_changes_nothing_of_it(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client = signed_in(stage.cast.ada)
    answer = client.post(invite(client), {"password": PASSWORD, "again": PASSWORD})
    assert answer["Location"] == "/sign-in/"
    assert client.session["_auth_user_id"] == str(stage.cast.ada.pk)


def test_whoever_is_invited_can_be_named_decision_maker_at_once(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client = signed_in(stage.cast.ada)
    place = {"environment": stage.environment.pk, "role": "CTO", "rung": 3}
    invite(client, **place)
    named = stage.environment.decision_makers.get(user__username="kim")
    assert (named.role, named.rung) == ("CTO", 3)
    invite(client, username="kit", environment=stage.environment.pk, role="")
    assert not stage.environment.decision_makers.filter(user__username="kit").exists()
    wrong = client.post(ADDRESS, fields(username="kay", role="CTO"))
    assert "Choose where they decide." in words(wrong)
    assert not User.objects.filter(username="kay").exists()


def test_where_two_admins_are_asked_for_an_invited_decision_maker_waits(
    signed_in: SignIn, stage: make.Stage
) -> None:
    stage.environment.second_admin = True
    stage.environment.save()
    place = {"environment": stage.environment.pk, "role": "CTO", "rung": 3}
    answer = signed_in(stage.cast.ada).post(ADDRESS, fields(**place))
    assert "waits for another Admin" in words(answer)
    assert not stage.environment.decision_makers.filter(user__username="kim").exists()
    assert PendingChange.objects.filter(kind=PendingChange.DECISION_MAKER).count() == 1


def test_inviting_takes_a_fresh_proof_of_who_invites(stage: make.Stage) -> None:
    client = make.signed_in(stage.cast.ada, minutes_ago=6)
    assert client.post(ADDRESS, fields()).status_code == 303
    assert not Invitation.objects.exists()
    link_in(client.post("/account/confirmation/", {"password": make.PASSWORD}))


def test_nobody_but_an_admin_sees_or_makes_invitations(
    signed_in: SignIn, stage: make.Stage
) -> None:
    link = invite(signed_in(stage.cast.ada))
    kim = User.objects.get(username="kim")
    client = signed_in(stage.cast.lee)
    assert client.get(ADDRESS).status_code == 403
    assert client.post(ADDRESS, fields(username="kit")).status_code == 403
    for act in ("invitations/", "invitations/revocations/"):
        assert client.post(f"/people/{kim.pk}/{act}").status_code == 403
    assert Client().get(link).status_code == 200


def test_every_link_that_opens_nothing_is_answered_alike(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client = signed_in(stage.cast.ada)
    used, revoked, expired = (invite(client, username=name) for name in ("kim", "kit", "kay"))
    choose(used)
    kit = User.objects.get(username="kit")
    client.post(f"/people/{kit.pk}/invitations/revocations/")
    Invitation.objects.filter(person__username="kay").update(expires_at="2020-01-01T00:00Z")
    unknown = f"/invitations/{'A' * 43}/"
    answers = [Client().get(link) for link in (used, revoked, expired, unknown)]
    answers += [choose(link) for link in (used, revoked, expired, unknown)]
    assert {answer.status_code for answer in answers} == {404}
    assert len({words(answer) for answer in answers}) == 1
    for name in ("kim", "kit", "kay"):
        assert name not in words(answers[0])


def test_the_page_of_a_link_is_kept_nowhere_and_gives_its_address_to_nobody(
    signed_in: SignIn, stage: make.Stage
) -> None:
    link = invite(signed_in(stage.cast.ada))
    for address in (link, f"/invitations/{'A' * 43}/"):
        answer = Client().get(address)
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "strict-origin"
        assert "noindex" in answer["X-Robots-Tag"]
    assert "http" not in re.sub(r'xmlns="[^"]*"', "", Client().get(link).content.decode())


def test_looking_at_a_link_does_not_use_it_up(signed_in: SignIn, stage: make.Stage) -> None:
    link = invite(signed_in(stage.cast.ada))
    for _ in range(3):
        assert Client().get(link).status_code == 200
        assert Client().head(link).status_code == 200
    assert choose(link).status_code == 303


def test_a_form_from_elsewhere_chooses_no_password(signed_in: SignIn, stage: make.Stage) -> None:
    link = invite(signed_in(stage.cast.ada))
    strict = Client(enforce_csrf_checks=True)
    strict.get(link)
    answer = strict.post(link, {"password": PASSWORD, "again": PASSWORD})
    assert answer.status_code == 403
    assert not User.objects.get(username="kim").has_usable_password()


def test_a_weak_or_mistyped_password_is_told_beside_its_field(
    signed_in: SignIn, stage: make.Stage
) -> None:
    link = invite(signed_in(stage.cast.ada))
    answer = choose(link, "password1234")
    assert answer.status_code == 422
    assert "too common" in words(answer)
    answer = choose(link, PASSWORD, "something else entirely")
    assert "This is not the same password." in words(answer)
    assert PASSWORD not in answer.content.decode()
    assert choose(link).status_code == 303


def test_wrong_links_and_passwords_from_one_address_are_limited(
    signed_in: SignIn, stage: make.Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "MOST", 3)
    link = invite(signed_in(stage.cast.ada))
    wrong = f"/invitations/{'A' * 43}/"
    for _ in range(3):
        assert Client().get(wrong).status_code == 404
    answer = Client().get(wrong)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert choose(link).status_code == 429
    assert not User.objects.get(username="kim").has_usable_password()
    # Who only looks at a link that is right is not kept out by guesses next door.
    assert Client().get(link).status_code == 200


def test_the_secret_of_a_link_stands_in_no_log(
    signed_in: SignIn, stage: make.Stage, caplog: pytest.LogCaptureFixture
) -> None:
    link = invite(signed_in(stage.cast.ada))
    secret = link.split("/")[2]
    with caplog.at_level(logging.DEBUG):
        Client().get(link)
        choose(link)
        Client().get(link)
    for record in caplog.records:
        event = record.msg if isinstance(record.msg, dict) else {"event": record.getMessage()}
        shown = mask_addresses(None, "", dict(event))
        assert secret not in str(shown)


def test_a_link_is_made_anew_and_revoked_on_the_page_of_its_person(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client = signed_in(stage.cast.ada)
    first = invite(client)
    kim = User.objects.get(username="kim")
    assert "has not chosen a password yet" in words(client.get(f"/people/{kim.pk}/"))
    second = link_in(client.post(f"/people/{kim.pk}/invitations/"))
    assert Client().get(first).status_code == 404
    assert "kim opens nothing any more" in words(
        client.post(f"/people/{kim.pk}/invitations/revocations/", follow=True)
    )
    assert Client().get(second).status_code == 404
    assert "no link is open" in words(client.get(f"/people/{kim.pk}/"))
    dana = stage.cast.dana.pk
    refused = client.post(f"/people/{dana}/invitations/", follow=True)
    assert "has a password or has signed in already" in words(refused)


def test_where_two_admins_are_asked_for_what_eases_approvals_waits(
    signed_in: SignIn, stage: make.Stage
) -> None:
    stage.environment.second_admin = True
    stage.environment.save()
    groups = list(Group.objects.filter(name__in=["Admin", "Operator"]).values_list("pk", flat=True))
    answer = signed_in(stage.cast.ada).post(ADDRESS, fields(groups=groups))
    assert "waits for another Admin" in words(answer)
    kim = User.objects.get(username="kim")
    assert [group.name for group in kim.groups.all()] == ["Operator"]


def test_the_link_goes_to_its_person_alone_and_no_row_holds_it(
    signed_in: SignIn, stage: make.Stage, post_office: Mail
) -> None:
    client = signed_in(stage.cast.ada)
    assert "you pass the link on yourself" in words(client.get(ADDRESS))
    base = f"mailto://127.0.0.1:{post_office.port}"
    copies = f"{base}?from=console@example.org&cc=everybody@example.org"
    for name, url in (("Copies", copies), ("Mail", f"{base}?from=console@example.org")):
        targets.add_target(by=stage.cast.ada, name=name, url=url, topics=["decide"], personal=True)
    answer = client.post(ADDRESS, fields(mail="on"))
    assert "It was sent to kim@example.org." in words(answer)
    assert post_office.recipients == ["kim@example.org"]
    assert link_in(answer) in str(post_office.letters[0].get_payload(decode=True))
    assert not Delivery.objects.exists()


def test_a_mail_that_does_not_go_is_told_and_the_link_is_there(
    signed_in: SignIn, stage: make.Stage, settings: Any
) -> None:
    settings.MESSAGES_ALLOW = ["127.0.0.0/8"]
    url = "mailto://127.0.0.1:9?from=console@example.org"
    targets.add_target(by=stage.cast.ada, name="Mail", url=url, topics=["decide"], personal=True)
    answer = signed_in(stage.cast.ada).post(ADDRESS, fields(mail="on"))
    assert "The mail did not go." in words(answer)
    assert choose(link_in(answer)).status_code == 303
