"""Attacks on the console, each as an attacker would try it. docs/security.md lists the others."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from rollback_console.access import tokens
from rollback_console.plans.errors import NotReady
from rollback_console.plans.models import DecisionMaker, Plan, Service
from rollback_console.plans.snapshot.parameters import complaint
from rollback_console.rollbacks.actions import approvals, pins, requests, steering
from rollback_console.rollbacks.execution.view import snapshot_of
from rollback_console.rollbacks.models import Approval, Rollback
from tests import make

from .conftest import SEED, SignIn
from .test_links import crawl

EVIL = "\"><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}' onmouseover=alert(3) x='"


def by_page(user: User, rollback: Rollback) -> int:
    client = make.signed_in(user)
    fields = {"snapshot_sha256": rollback.snapshot_sha256, "note": "mine"}
    return client.post(f"/rollbacks/{rollback.pk}/approvals/", fields).status_code


def by_token(user: User, rollback: Rollback, name: str = "one") -> int:
    _, secret = make.token(user, name=name, scopes=tokens.SCOPES, days=1)
    body = json.dumps({"snapshot_sha256": rollback.snapshot_sha256})
    headers = {"Authorization": f"Bearer {secret}"}
    path = f"/api/v1/rollbacks/{rollback.pk}/approvals"
    client = Client()
    return client.post(path, body, content_type="application/json", headers=headers).status_code


def by_two_tokens(user: User, rollback: Rollback) -> int:
    by_token(user, rollback, "first")
    return by_token(user, rollback, "second")


def by_both(user: User, rollback: Rollback) -> int:
    by_page(user, rollback)
    return by_token(user, rollback)


PATHS = [by_page, by_token, by_two_tokens, by_both]


def nothing_given(rollback: Rollback) -> None:
    rollback.refresh_from_db()
    assert rollback.state == "requested"
    assert not Approval.objects.filter(rollback=rollback).exists()
    assert rollback.events.filter(kind="approval.refused").exists()


@pytest.mark.parametrize("path", PATHS)
def test_nobody_approves_what_they_asked_for_by_any_path(stage: make.Stage, path: object) -> None:
    DecisionMaker.objects.create(
        environment=stage.environment, user=stage.cast.dana, role="Deploy Lead"
    )
    rollback = make.requested(stage)
    path(stage.cast.dana, rollback)  # type: ignore[operator]
    nothing_given(rollback)


@pytest.mark.parametrize("path", PATHS)
def test_nobody_approves_what_they_wrote_last_by_any_path(stage: make.Stage, path: object) -> None:
    DecisionMaker.objects.create(environment=stage.environment, user=stage.cast.ada, role="CTO")
    rollback = make.requested(stage)
    assert rollback.revision.author == stage.cast.ada
    path(stage.cast.ada, rollback)  # type: ignore[operator]
    nothing_given(rollback)


@pytest.mark.parametrize("path", [by_page, by_token])
def test_a_demoted_decision_maker_approves_nothing(stage: make.Stage, path: object) -> None:
    rollback = make.requested(stage)
    DecisionMaker.objects.filter(user=stage.cast.lee).delete()
    path(stage.cast.lee, rollback)  # type: ignore[operator]
    nothing_given(rollback)


@pytest.mark.parametrize("path", [by_page, by_token])
def test_a_deactivated_decision_maker_approves_nothing(stage: make.Stage, path: object) -> None:
    rollback = make.requested(stage)
    User.objects.filter(pk=stage.cast.lee.pk).update(is_active=False)
    assert path(stage.cast.lee, rollback) in {302, 401}  # type: ignore[operator]
    assert not Approval.objects.exists()


@pytest.mark.parametrize("path", [by_page, by_token])
def test_an_expired_request_is_approved_by_nobody(stage: make.Stage, path: object) -> None:
    rollback = make.requested(stage)
    Rollback.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    path(stage.cast.lee, rollback)  # type: ignore[operator]
    assert not Approval.objects.exists()


def test_one_person_does_not_make_a_quorum_by_several_paths(stage: make.Stage) -> None:
    stage.environment.approvals_code = stage.environment.approvals_data = 2
    stage.environment.save()
    rollback = make.requested(stage)
    for path in PATHS[:3]:
        path(stage.cast.lee, rollback)
    rollback.refresh_from_db()
    assert rollback.state == "requested"
    assert Approval.objects.filter(given=True).count() == 1


def test_a_replayed_approval_does_nothing_to_another_request(
    stage: make.Stage, pending: Rollback
) -> None:
    other = requests.open_request(
        pending.revision, by=stage.cast.dana, reason="Another", choices=pending.choices
    )
    by_page(stage.cast.lee, pending)
    requests.withdraw(pending, by=stage.cast.dana)
    by_page(stage.cast.lee, pending)
    other.refresh_from_db()
    assert other.state == "requested"
    assert Approval.objects.count() == 1


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil"])
def test_a_form_from_a_foreign_origin_changes_nothing(
    stage: make.Stage, pending: Rollback, origin: str
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = make.signed_in(stage.cast.lee).cookies
    token = "t" * 32
    client.cookies["csrftoken"] = token
    fields = {"snapshot_sha256": pending.snapshot_sha256, "csrfmiddlewaretoken": token}
    address = f"/rollbacks/{pending.pk}/approvals/"
    assert client.post(address, fields, headers={"Origin": origin}).status_code == 403
    assert not Approval.objects.exists()


def test_no_answer_lets_itself_be_framed_sniffed_or_read_from_elsewhere(
    signed_in: SignIn, stage: make.Stage
) -> None:
    for address in ("/", "/sign-in/", "/account/", "/nothing/here/", "/environments/"):
        answer = signed_in(stage.cast.ada).get(address)
        policy = answer["Content-Security-Policy"]
        for part in ("default-src 'self'", "frame-ancestors 'none'", "object-src 'none'"):
            assert part in policy
        assert "unsafe" not in policy
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Referrer-Policy"] == "same-origin"
        assert "Access-Control-Allow-Origin" not in answer


class Foreign(HTMLParser):
    """Notes every element and attribute that only the attacker's text could have made."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        if any(name.startswith("on") for name in names) or (tag, dict(attrs).get("src")) == (
            "img",
            "x",
        ):
            self.found.append(f"<{tag} {attrs}>")
        if tag == "script" and "src" not in names:
            self.found.append("<script>")


def test_markup_in_every_free_text_field_stays_text_on_every_page(
    signed_in: SignIn, stage: make.Stage
) -> None:
    User.objects.filter(pk=stage.cast.dana.pk).update(first_name=EVIL[:60], last_name=EVIL[:60])
    type(stage.environment).objects.update(name=EVIL[:100])
    DecisionMaker.objects.update(role=EVIL[:60])
    Service.objects.update(name=EVIL[:100])
    text = make.PLAN.replace("Checkout 2", EVIL).replace("Step 1: Stop", f"Step 1: {EVIL}")
    text = text.replace("echo stopping", f"echo '{EVIL.replace(chr(39), '')}'")
    text = text.replace("User can log in", EVIL).replace("Notify team of rollback", EVIL)
    revision = make.plan(stage, text)
    Plan.objects.update(title=EVIL[:200])
    pending = requests.open_request(
        revision, by=stage.cast.dana, reason=EVIL, choices={}, trigger=EVIL
    )
    steering.note(pending, by=stage.cast.lee, text=EVIL)
    pins.pin(stage.service, version="v1", by=stage.cast.dana, reason=EVIL)
    make.token(stage.cast.ada, name=EVIL[:100], scopes=["read"], days=1)
    approvals.reject(
        pending, by=stage.cast.lee, snapshot_sha256=pending.snapshot_sha256, reason=EVIL
    )
    again = requests.open_request(
        revision, by=stage.cast.dana, reason=EVIL, choices={}, trigger=EVIL
    )
    pages = crawl(signed_in(stage.cast.ada))
    assert f"/rollbacks/{again.pk}/" in pages
    shown = 0
    for address, (status, body) in pages.items():
        assert status == 200, address
        if not body.lstrip().startswith("<!DOCTYPE html>"):
            continue  # JSON, CSV and Markdown are told as what they are, and are not sniffed
        reader = Foreign()
        reader.feed(body)
        assert reader.found == [], address
        assert "49&#x27; onmouseover" not in body
        shown += "&lt;script&gt;alert(2)" in body or "\\u003Cscript" in body
    assert shown > 5


NASTY = [
    "; rm -rf /",
    "$(reboot)",
    "`reboot`",
    "a\nreboot",
    "--upload-pack=reboot",
    "-rf",
    "a' || reboot #",
    "../../../etc/shadow\x00.sql",
    "x" * 5000,
]


@pytest.mark.parametrize("kind", ["commit", "database", "migration", "app", "unit", "number"])
@pytest.mark.parametrize("value", NASTY)
def test_a_name_that_is_shell_text_or_an_option_is_refused(kind: str, value: str) -> None:
    assert complaint(kind, value).startswith("must be")


@pytest.mark.parametrize("value", ["1.0\nDEBUG=1", "1.0\tDEBUG", "1.0\r\nx"])
def test_a_value_is_one_line_as_the_page_shows_it(value: str) -> None:
    assert complaint("text", value).startswith(("must be one line", "holds a character"))


@pytest.mark.parametrize("kind", ["file", "directory"])
@pytest.mark.parametrize("value", ["-rf", "a\nb", "a\x00b", "a\rb", "x" * 5000])
def test_a_path_that_begins_like_an_option_or_holds_control_characters_is_refused(
    kind: str, value: str
) -> None:
    assert complaint(kind, value).startswith(("must be", "holds a character that nobody sees"))


@pytest.mark.parametrize("value", NASTY)
def test_a_request_with_a_nasty_value_is_refused_or_carries_it_as_a_variable_alone(
    stage: make.Stage, value: str
) -> None:
    revision = make.plan(stage, SEED, on_host=["DB_HOST", "DB_USER", "DB_PASSWORD"])
    choices = {
        "procedure": "rollback-steps",
        "conditions": {"restore-database": "run"},
        "alternatives": {"restore-code": 0, "restore-database": 0},
        "parameters": {"PREVIOUS_COMMIT_SHA": "91bc4e2a77", "BACKUP_FILE": value},
    }
    try:
        rollback = requests.open_request(revision, by=stage.cast.dana, reason="Go", choices=choices)
    except NotReady as error:
        assert "BACKUP_FILE" in str(error.problems)
        return
    for step in snapshot_of(rollback.snapshot).steps:
        assert value not in step.script


@pytest.mark.parametrize(
    "address",
    [
        "/static/../rollback_console/settings.py",
        "/static/%2e%2e/rollback_console/settings.py",
        "/static/..%2f..%2fmanage.py",
        "/static//etc/passwd",
    ],
)
def test_no_address_leads_out_of_the_static_files(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code in {301, 302, 404}
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    assert not re.search(rb"SECRET_KEY|root:x|execute_from_command_line", body)
