"""Signing in: passwords, lock-out, second factors."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from rollback_console.access.attempts import Attempt, claim_attempt
from rollback_console.access.devices import read_device
from rollback_console.access.models import AttemptCount
from rollback_console.audit.models import ConfigurationEvent
from tests import make

from .conftest import SignIn, words
from .factors import add_app, code_of


def sign_in(client: Client, name: str = "dana", password: str = make.PASSWORD) -> object:
    return client.post("/sign-in/", {"username": name, "password": password, "next": "/plans/"})


def shown_codes(client: Client) -> list[str]:
    return re.findall(r"<li>(\d{8})</li>", client.get("/account/recovery-codes/").content.decode())


def inside(client: Client) -> bool:
    return client.get("/").status_code == 200


def test_after_five_wrong_passwords_the_next_waits_and_a_sentence_says_how_long(
    client: Client, stage: make.Stage
) -> None:
    for _ in range(5):
        assert "Wrong username or password" in words(sign_in(client, password="guess"))
    early = client.post("/sign-in/", {"username": "dana", "password": make.PASSWORD})
    assert early.status_code == 429
    assert 1 <= int(early["Retry-After"]) <= 15
    assert f"can be tried in {early['Retry-After']} second" in words(early)
    assert not inside(client)


def time_passes() -> None:
    AttemptCount.objects.update(next_at=timezone.now() - timedelta(seconds=1))


def test_the_wait_ends_by_itself_and_is_twice_as_long_after_each_further_guess(
    client: Client, stage: make.Stage
) -> None:
    for _ in range(5):
        sign_in(client, password="guess")
    time_passes()
    sign_in(client, password="guess")
    longer = client.post("/sign-in/", {"username": "dana", "password": make.PASSWORD})
    assert 15 < int(longer["Retry-After"]) <= 30
    time_passes()
    sign_in(client)
    assert inside(client)


def test_the_unlock_clears_every_count_and_is_on_record(client: Client, stage: make.Stage) -> None:
    for number in range(60):
        stranger = Client(REMOTE_ADDR=f"198.51.100.{number}")
        sign_in(stranger, password="guess")
    for _ in range(6):
        sign_in(client, password="guess")
    assert client.post("/sign-in/", {"username": "dana", "password": "x"}).status_code == 429
    make.signed_in(stage.cast.ada).post(f"/people/{stage.cast.dana.pk}/waits/removals/")
    sign_in(client)
    assert inside(client)
    assert ConfigurationEvent.objects.filter(kind="sign_in.unlocked").count() == 1


def test_the_command_unlocks_too(client: Client, stage: make.Stage) -> None:
    for _ in range(5):
        sign_in(client, password="guess")
    call_command("unlock_sign_in", "dana", stdout=io.StringIO())
    sign_in(client)
    assert inside(client)


def test_guesses_of_strangers_keep_nobody_out_of_a_known_browser_or_address(
    client: Client, stage: make.Stage
) -> None:
    sign_in(client)
    client.post("/sign-out/")
    for number in range(80):
        sign_in(Client(REMOTE_ADDR=f"198.51.100.{number}"), password="guess")
    fresh = Client(REMOTE_ADDR="203.0.113.9").post(
        "/sign-in/", {"username": "dana", "password": make.PASSWORD}
    )
    assert fresh.status_code == 429
    sign_in(client)
    assert inside(client)
    elsewhere = Client()
    sign_in(elsewhere)
    assert inside(elsewhere)
    moved = Client(REMOTE_ADDR="203.0.113.10")
    moved.cookies["device"] = client.cookies["device"].value
    sign_in(moved)
    assert inside(moved)


def test_a_device_is_known_for_the_people_who_signed_in_there_alone(
    client: Client, stage: make.Stage
) -> None:
    sign_in(client)
    cookie = client.cookies["device"]
    assert cookie["httponly"]
    assert read_device(cookie.value, "dana")
    assert not read_device(cookie.value, "lee")
    assert not read_device(cookie.value + "x", "dana")


def test_a_stolen_device_cookie_guesses_no_faster(client: Client, stage: make.Stage) -> None:
    sign_in(client)
    cookie = client.cookies["device"].value
    answers = []
    for number in range(7):
        thief = Client(REMOTE_ADDR=f"198.51.100.{number}")
        thief.cookies["device"] = cookie
        answers.append(thief.post("/sign-in/", {"username": "dana", "password": "x"}).status_code)
    assert answers == [200, 200, 200, 200, 200, 429, 429]


def test_one_address_does_not_try_one_password_on_everybody(stage: make.Stage) -> None:
    answers = [
        Client().post("/sign-in/", {"username": f"name{number}", "password": "x"}).status_code
        for number in range(31)
    ]
    assert answers == [200] * 30 + [429]


def test_many_guesses_at_once_count_like_one_after_another(stage: make.Stage) -> None:
    attempt = Attempt("dana", "198.51.100.1")
    assert [claim_attempt(attempt) for _ in range(5)] == [0] * 5
    assert claim_attempt(attempt) > 1


def test_guesses_on_the_page_of_proof_count_too(stage: make.Stage) -> None:
    client = make.signed_in(stage.cast.lee, minutes_ago=6)
    answers = [client.post("/account/confirmation/", {"password": "guess"}) for _ in range(6)]
    assert [each.status_code for each in answers] == [422, 422, 422, 422, 422, 429]
    failed = ConfigurationEvent.objects.filter(kind="step_up.failed")
    assert {event.by for event in failed} == {stage.cast.lee}


def test_guesses_of_the_old_password_on_the_account_page_count_too(stage: make.Stage) -> None:
    client = make.signed_in(stage.cast.lee)
    new = "a quite different battery"
    fields = {"old_password": "guess", "new_password1": new, "new_password2": new}
    answers = [client.post("/account/", fields).status_code for _ in range(6)]
    assert answers == [422, 422, 422, 422, 422, 429]
    fields["old_password"] = make.PASSWORD
    assert client.post("/account/", fields).status_code == 429
    stage.cast.lee.refresh_from_db()
    assert stage.cast.lee.check_password(make.PASSWORD)


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
    planted = str(session.session_key)
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
    again = Client()
    sign_in(again)
    used_up = again.post("/sign-in/code/", {"code": code_of(seed[1])})
    assert "was used already" in words(used_up)
    assert len(codes) == 10
    assert shown_codes(client) == []
    client.post("/sign-out/")
    for code in (code_of(seed[1], 1), codes[0]):
        assert sign_in(client)["Location"] == "/sign-in/code/"  # type: ignore[index]
        assert not inside(client)
        assert "This code is wrong" in words(client.post("/sign-in/code/", {"code": "000000"}))
        assert client.post("/sign-in/code/", {"code": code})["Location"] == "/plans/"
        assert inside(client)
        client.post("/sign-out/")
    sign_in(client)
    used = client.post("/sign-in/code/", {"code": codes[0]})
    assert "This code is wrong, or was used already." in words(used)


def test_codes_cannot_be_guessed_without_end(client: Client, stage: make.Stage) -> None:
    add_app(stage.cast.dana)
    sign_in(client)
    for number in range(11):
        last = client.post("/sign-in/code/", {"code": f"{number:06}"})
    assert "Too many attempts." in words(last)


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


def test_signing_in_out_and_failing_are_on_record(client: Client, stage: make.Stage) -> None:
    sign_in(client, password="guess")
    sign_in(client, name="a password in the wrong field")
    sign_in(client)
    client.post("/sign-out/")
    kinds = ["sign_in.failed", "sign_in.failed", "sign_in.succeeded", "sign_out"]
    events = list(ConfigurationEvent.objects.order_by("seq"))
    assert [event.kind for event in events] == kinds
    assert events[0].subject_label == "dana"
    assert "wrong field" not in events[1].subject_label
    assert events[2].by == stage.cast.dana
    assert events[2].address == "127.0.0.1"


@pytest.mark.django_db(transaction=True)
def test_second_factors_that_come_and_go_are_on_record(stage: make.Stage) -> None:
    client = make.signed_in(stage.cast.dana)
    page = client.get("/account/authenticator/").content.decode()
    seed = re.search(r'<p class="mono prewrap">([A-Z2-7]+)</p>', page)
    assert seed is not None
    client.post("/account/authenticator/", {"code": code_of(seed[1])})
    client.post("/account/authenticator/removal/")
    events = ConfigurationEvent.objects.filter(kind__startswith="factor.").order_by("seq")
    assert [event.kind for event in events][:2] == ["factor.added", "factor.added"]
    assert events.last().kind == "factor.removed"  # type: ignore[union-attr]
    assert {event.subject_label for event in events} == {"dana"}
