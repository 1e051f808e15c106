"""Signing in and out, and one's own page."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from rollback_console.web import urls
from tests import make

from .conftest import SignIn, words

OPEN = {
    *("sign-in", "account_login", "account_inactive", "healthz", "readyz", "metrics", "appearance"),
    *("socialaccount_login_cancelled", "socialaccount_login_error"),
    *("manifest", "service-worker"),  # hold nothing of anybody
    *("mfa_authenticate", "mfa_login_webauthn"),  # lead back to the sign-in page
}
PLAIN = [
    each.name
    for each in urls.urlpatterns
    if isinstance(each, URLPattern) and "<" not in str(each.pattern) and each.name not in OPEN
]


@pytest.mark.django_db
@pytest.mark.parametrize("name", PLAIN)
def test_a_page_asks_a_stranger_to_sign_in_first(client: Client, name: str) -> None:
    response = client.get(reverse(name))
    assert response.status_code in {302, 405}
    if response.status_code == 302:
        assert response["Location"].startswith("/sign-in/?next=")


def test_signing_in_leads_to_the_page_that_was_asked_for(client: Client, stage: make.Stage) -> None:
    response = client.post(
        "/sign-in/?next=/plans/",
        {"username": "dana", "password": make.PASSWORD, "next": "/plans/"},
    )
    assert response["Location"] == "/plans/"


def test_a_wrong_password_is_told_in_a_sentence_that_names_no_account(
    client: Client, stage: make.Stage
) -> None:
    response = client.post("/sign-in/", {"username": "dana", "password": "not this"})
    assert "Wrong username or password" in words(response)


def test_a_deactivated_person_cannot_sign_in(client: Client, stage: make.Stage) -> None:
    stage.cast.dana.is_active = False
    stage.cast.dana.save()
    client.post("/sign-in/", {"username": "dana", "password": make.PASSWORD})
    assert client.get("/").status_code == 302


def test_signing_out_takes_a_post_so_that_no_link_elsewhere_can_do_it(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client = signed_in(stage.cast.dana)
    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/").status_code == 302
    assert client.get("/").status_code == 302


def test_ones_own_page_says_what_one_may_decide(signed_in: SignIn, stage: make.Stage) -> None:
    page = words(signed_in(stage.cast.lee).get("/account/"))
    assert "Deploy Lead for STAGING, level 1" in page


def test_a_person_changes_their_password_and_stays_signed_in(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client = signed_in(stage.cast.dana)
    new = "a quite different battery"
    fields = {"old_password": make.PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post("/account/", fields).status_code == 303
    assert client.get("/account/").status_code == 200
    stage.cast.dana.refresh_from_db()
    assert stage.cast.dana.check_password(new)


def test_a_chosen_theme_is_in_the_page_before_any_script_runs(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client = signed_in(stage.cast.dana)
    client.post("/appearance/", {"theme": "dark", "next": "/plans/"})
    assert b'<html lang="en" data-theme="dark">' in client.get("/").content
    client.post("/appearance/", {"theme": "auto", "next": "/"})
    assert b"data-theme=" not in client.get("/").content.split(b"<head>")[0]


@pytest.mark.django_db
def test_the_theme_form_never_leads_to_another_site(client: Client) -> None:
    response = client.post("/appearance/", {"theme": "dark", "next": "https://elsewhere.example/"})
    assert response["Location"] == "/"


def test_who_was_signed_out_comes_back_to_the_page_that_the_form_was_on(
    client: Client, stage: make.Stage
) -> None:
    came = {"Referer": "http://testserver/rollbacks/3/?run=7"}
    gone = client.post("/rollbacks/3/steps/2/retries/", {"reason": "Again"}, headers=came)
    assert gone["Location"] == "/sign-in/?next=/rollbacks/3/%3Frun%3D7"
    page = words(client.get(gone["Location"]))
    assert "You were signed out meanwhile, and nothing was done." in page


@pytest.mark.parametrize("address", ["/", "/plans/", "/account/", "/audit/", "/people/"])
def test_what_a_signed_in_person_was_shown_is_kept_by_no_cache(
    signed_in: SignIn, stage: make.Stage, address: str
) -> None:
    assert "no-store" in signed_in(stage.cast.ada).get(address)["Cache-Control"]


def test_ones_own_page_lists_sessions_and_ends_one(client: Client, stage: make.Stage) -> None:
    fields = {"username": "dana", "password": make.PASSWORD}
    there = Client(REMOTE_ADDR="198.51.100.7", headers={"User-Agent": "Phone 1"})
    client.post("/sign-in/", fields)
    there.post("/sign-in/", fields)
    page = client.get("/account/")
    assert "Phone 1 198.51.100.7 just now just now End session" in words(page)
    assert str(there.session.session_key) not in page.content.decode()
    address = re.findall(r"/account/sessions/\w+/removals/", page.content.decode())
    assert len(address) == 1
    foreign = make.signed_in(stage.cast.lee)
    assert "ended already" in words(foreign.post(address[0], follow=True))
    assert there.get("/").status_code == 200
    client.post(address[0])
    assert there.get("/").status_code == 302
    assert client.get("/").status_code == 200
