"""Signing in: passwords, lock-out, second factors."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from axes.models import AccessAttempt
from cryptography.fernet import Fernet
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from tests import make

from .conftest import SignIn, words
from .factors import add_app, code_of


def sign_in(client: Client, name: str = "dana", password: str = make.PASSWORD) -> object:
    return client.post("/sign-in/", {"username": name, "password": password, "next": "/plans/"})


def shown_codes(client: Client) -> list[str]:
    return re.findall(r"<li>(\d{8})</li>", client.get("/account/recovery-codes/").content.decode())


def inside(client: Client) -> bool:
    return client.get("/").status_code == 200


def test_five_wrong_passwords_lock_the_name_and_a_sentence_says_for_how_long(
    client: Client, stage: make.Stage
) -> None:
    for _ in range(4):
        assert "do not belong together" in words(sign_in(client, password="guess"))
    locked = sign_in(client, password="guess")
    assert getattr(locked, "status_code", 0) == 429
    assert "that name is locked there for 15 min" in words(locked)
    assert getattr(sign_in(client), "status_code", 0) == 429
    assert not inside(client)


def test_a_lock_ends_by_itself_and_an_admin_may_end_it_sooner(
    client: Client, stage: make.Stage
) -> None:
    for _ in range(5):
        sign_in(client, password="guess")
    call_command("axes_reset_username", "dana")
    sign_in(client)
    assert inside(client)
    other = Client()
    for _ in range(5):
        sign_in(other, name="lee", password="guess")
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        sign_in(other, name="lee")
        assert inside(other)


def test_a_lock_holds_one_name_from_one_place(client: Client, stage: make.Stage) -> None:
    for _ in range(5):
        sign_in(client, password="guess")
    sign_in(client, name="lee")
    assert inside(client)
    elsewhere = Client(REMOTE_ADDR="192.0.2.44")
    sign_in(elsewhere)
    assert inside(elsewhere)


def test_guesses_on_the_page_of_proof_count_too(stage: make.Stage) -> None:
    client = make.signed_in(stage.cast.lee, minutes_ago=6)
    answers = [client.post("/account/confirmation/", {"password": "guess"}) for _ in range(5)]
    assert [each.status_code for each in answers] == [422, 422, 422, 422, 429]
    assert AccessAttempt.objects.get().username == "lee"


def test_a_success_forgets_the_failures_before_it(client: Client, stage: make.Stage) -> None:
    for _ in range(2):
        for _ in range(4):
            sign_in(client, password="guess")
        sign_in(client)
        assert inside(client)
        client.post("/sign-out/")


def test_a_right_password_of_a_deactivated_person_leads_to_a_page_that_says_so(
    client: Client, stage: make.Stage
) -> None:
    stage.cast.dana.is_active = False
    stage.cast.dana.save()
    response = client.post(
        "/sign-in/", {"username": "dana", "password": make.PASSWORD}, follow=True
    )
    assert "This account is deactivated" in words(response)
    assert not inside(client)


@pytest.mark.parametrize("name", ["account_signup", "account_reset_password", "account_email"])
def test_nobody_signs_themselves_up_or_resets_a_password_by_mail(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_a_session_known_before_signing_in_is_worth_nothing_afterwards(
    client: Client, stage: make.Stage
) -> None:
    client.get("/sign-in/")
    session = client.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    client.cookies[settings.SESSION_COOKIE_NAME] = planted
    sign_in(client)
    assert inside(client)
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != planted
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = planted
    assert not inside(thief)


def test_signing_out_ends_the_session_on_the_server(client: Client, stage: make.Stage) -> None:
    sign_in(client)
    kept = client.cookies[settings.SESSION_COOKIE_NAME].value
    client.post("/sign-out/")
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = kept
    assert not inside(thief)


def test_a_new_password_ends_every_other_session(signed_in: SignIn, stage: make.Stage) -> None:
    here, there = signed_in(stage.cast.dana), signed_in(stage.cast.dana)
    new = "a quite different battery"
    fields = {"old_password": make.PASSWORD, "new_password1": new, "new_password2": new}
    here.post("/account/", fields)
    assert inside(here)
    assert not inside(there)


def test_signing_in_never_leads_to_another_site(client: Client, stage: make.Stage) -> None:
    fields = {"username": "dana", "password": make.PASSWORD, "next": "https://elsewhere.example/"}
    assert client.post("/sign-in/", fields)["Location"] == "/"


@pytest.mark.django_db(transaction=True)
def test_an_app_is_added_and_then_asked_for(signed_in: SignIn, stage: make.Stage) -> None:
    client = signed_in(stage.cast.dana)
    page = client.get("/account/authenticator/")
    seed = re.search(r'<p class="mono prewrap">([A-Z2-7]+)</p>', page.content.decode())
    assert seed is not None
    assert "data:image/svg+xml" in page.content.decode()
    client.post("/account/authenticator/", {"code": code_of(seed[1])})
    codes = shown_codes(client)
    assert len(codes) == 10
    assert shown_codes(client) == []
    client.post("/sign-out/")
    for code in (code_of(seed[1], 1), codes[0]):
        assert sign_in(client)["Location"] == "/sign-in/code/"  # type: ignore[index]
        assert not inside(client)
        assert "That code is not right" in words(client.post("/sign-in/code/", {"code": "000000"}))
        assert client.post("/sign-in/code/", {"code": code})["Location"] == "/plans/"
        assert inside(client)
        client.post("/sign-out/")
    sign_in(client)
    used = client.post("/sign-in/code/", {"code": codes[0]})
    assert "That code is not right, or it was used already." in words(used)


def test_codes_cannot_be_guessed_without_end(client: Client, stage: make.Stage) -> None:
    add_app(stage.cast.dana)
    sign_in(client)
    for number in range(11):
        last = client.post("/sign-in/code/", {"code": f"{number:06}"})
    assert "That were too many attempts." in words(last)


def test_the_seeds_of_second_factors_are_kept_under_the_master_keys(stage: make.Stage) -> None:
    seed = add_app(stage.cast.dana)
    kept = Authenticator.objects.get().data["secret"]
    assert seed not in kept
    assert Fernet(settings.MASTER_KEYS[0]).decrypt(kept.encode()).decode() == seed


def test_ones_own_page_lists_second_factors_and_removes_them(
    signed_in: SignIn, stage: make.Stage
) -> None:
    add_app(stage.cast.dana)
    client = make.signed_in(stage.cast.dana, how="mfa")
    assert "Remove the authenticator app" in words(client.get("/account/"))
    client.post("/account/authenticator/removal/")
    assert not Authenticator.objects.exists()
    assert "Add an authenticator app" in words(client.get("/account/"))


def test_second_factors_change_after_a_proof_alone(stage: make.Stage) -> None:
    add_app(stage.cast.dana)
    client = make.signed_in(stage.cast.dana, how="password")
    assert client.post("/account/authenticator/removal/").status_code == 303
    assert Authenticator.objects.exists()
