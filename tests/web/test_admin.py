"""Environments, hosts, credentials, secrets, people and services, as an admin sees them."""

from __future__ import annotations

import html

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.contrib.auth.models import Group, User
from django.urls import reverse

from rollback_console.audit import kinds
from rollback_console.audit.models import ConfigurationEvent
from rollback_console.audit.stale_edit import draw_version
from rollback_console.plans.actions import host_keys
from rollback_console.plans.actions.hosts import RECORDED
from rollback_console.plans.errors import KeyWasRemoved
from rollback_console.plans.inventory.addresses import address
from rollback_console.plans.models import (
    Credential,
    DecisionMaker,
    Environment,
    Host,
    HostGroup,
    HostKey,
    Secret,
    Service,
)
from rollback_console.remote.keys import read_host_keys
from rollback_console.remote.protocol import HostKeyPin, RunnerKind
from rollback_console.rollbacks.models import Pin
from tests import make

from .conftest import SignIn, words

ROOMS = ["environments", "environment-new", "hosts", "host-new", "credentials", "credential-new",
         "people", "person-new", "services"]  # fmt: skip

SURE = {"sure": "yes"}

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMUHnysZVeohEUjGFO0s7M08WgzXq2JyCqGeP4EKYPcB"
ECDSA = (
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBH3JU1C7s0pI/TaDPQQb"
    "obDYSTZch96ijc19uzJypJTKmfL4O7hy95I0nolIYrNKZ3wmajgg0q5usFitO75BmIM="
)


def private_key() -> str:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    ).decode()


@pytest.mark.parametrize("name", ROOMS)
def test_admin_pages_are_for_admins_alone(signed_in: SignIn, stage: make.Stage, name: str) -> None:
    assert signed_in(stage.cast.ada).get(reverse(name)).status_code == 200
    response = signed_in(stage.cast.dana).get(reverse(name))
    assert response.status_code == 403
    assert "You do not have permission for this" in words(response)


def test_an_environment_is_described_with_its_rules(signed_in: SignIn, stage: make.Stage) -> None:
    fields = {
        "name": "PRODUCTION",
        "slug": "production",
        "is_production": "on",
        "approvals_code": "1",
        "approvals_data": "2",
        "data_role": "DevOps Lead",
        "request_expires": "30",
        "start_expires": "60",
        "escalate_after": "5",
        "remind_before": "10",
        "readiness_rule": "warn",
    }
    client = signed_in(stage.cast.ada)
    assert client.post("/environments/new/", fields).status_code == 303
    made = Environment.objects.get(slug="production")
    assert (made.is_production, made.approvals_data, made.data_role) == (True, 2, "DevOps Lead")
    answer = client.post("/environments/production/", {**fields, "approvals_data": "0"})
    assert answer.status_code == 422
    assert "At least as many as for code only." in words(answer)
    answer = client.post("/environments/production/", {**fields, "approvals_code": "0"})
    assert "At least one person must approve." in words(answer)


def test_a_decision_maker_is_named_once_and_removed(signed_in: SignIn, stage: make.Stage) -> None:
    client = signed_in(stage.cast.ada)
    fields = {"user": stage.cast.dana.pk, "role": "CTO", "rung": "3"}
    client.post("/environments/staging/decision-makers/", fields)
    maker = DecisionMaker.objects.get(user=stage.cast.dana)
    assert (maker.role, maker.rung) == ("CTO", 3)
    again = client.post("/environments/staging/decision-makers/", fields)
    assert "This person is a decision maker here already." in words(again)
    client.post(f"/environments/staging/decision-makers/{maker.pk}/removals/", SURE)
    assert not DecisionMaker.objects.filter(user=stage.cast.dana).exists()


def test_who_could_approve_now_is_answered_for_whoever_would_ask(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client = signed_in(stage.cast.ada)
    address = f"/environments/staging/?asks={stage.cast.lee.pk}&risk=code"
    page = words(client.get(address))
    assert "1 approval required. Can approve: Sam Example (DevOps Lead, level 2)." in page
    Environment.objects.update(approvals_data=2)
    page = words(client.get(address.replace("code", "data")))
    assert "This needs 2 approvals, but 1 decision maker could approve it." in page


def test_a_secret_is_written_replaced_and_never_shown(signed_in: SignIn, stage: make.Stage) -> None:
    client, address = signed_in(stage.cast.ada), "/environments/staging/secrets/"
    client.post(address, {"name": "DB_PASSWORD", "value": "swordfish"})
    client.post(address, {"name": "DB_PASSWORD", "value": "swordfish two"})
    secret = Secret.objects.get()
    assert secret.value == "swordfish two"
    page = client.get("/environments/staging/").content.decode()
    assert "DB_PASSWORD" in page
    assert "swordfish" not in page
    client.post(f"{address}{secret.pk}/removals/", SURE)
    assert Secret.objects.count() == 0


def test_a_secret_too_short_to_be_masked_is_refused(signed_in: SignIn, stage: make.Stage) -> None:
    fields = {"name": "PIN", "value": "1234"}
    response = signed_in(stage.cast.ada).post("/environments/staging/secrets/", fields)
    assert response.status_code == 422
    assert b"1234" not in response.content


def test_a_host_group_with_hosts_in_it_is_not_removed(signed_in: SignIn, stage: make.Stage) -> None:
    client = signed_in(stage.cast.ada)
    client.post("/environments/staging/groups/", {"name": "app"})
    group = HostGroup.objects.get()
    group.hosts.add(stage.host)
    address = f"/environments/staging/groups/{group.pk}/removals/"
    assert "1 host is in it: app-1." in words(client.post(address))
    assert "Take its hosts out first." in words(client.post(address, SURE, follow=True))
    group.hosts.clear()
    client.post(address, SURE)
    assert HostGroup.objects.count() == 0


def test_a_credential_is_written_and_its_secret_parts_are_never_shown(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client, key = signed_in(stage.cast.ada), private_key()
    fields = {"name": "console key", "username": "deploy", "private_key": key}
    assert client.post("/credentials/new/", fields).status_code == 303
    made = Credential.objects.get(name="console key")
    page = client.get(f"/credentials/{made.pk}/").content.decode()
    assert key.splitlines()[2] not in page
    drawn = {"drawn_from": draw_version(made)}
    fields = {"name": "console key", "username": "roller", "private_key": "", **drawn}
    client.post(f"/credentials/{made.pk}/", fields)
    made.refresh_from_db()
    assert made.username == "roller"
    assert made.private_key.strip() == key.strip()


def test_what_is_no_private_key_is_refused_before_any_host_sees_it(
    signed_in: SignIn, stage: make.Stage
) -> None:
    fields = {"name": "wrong", "username": "deploy", "private_key": "ssh-ed25519 AAAA public"}
    response = signed_in(stage.cast.ada).post("/credentials/new/", fields)
    assert "The private key or its passphrase is wrong." in words(response)
    fields = {"name": "empty", "username": "deploy"}
    response = signed_in(stage.cast.ada).post("/credentials/new/", fields)
    assert "Enter a private key, or a password below." in words(response)


def test_a_key_that_would_fail_at_every_sign_in_is_refused_when_it_is_saved(
    signed_in: SignIn, stage: make.Stage
) -> None:
    pem = dsa.generate_private_key(2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    fields = {"name": "old", "username": "deploy", "private_key": pem.decode()}
    response = signed_in(stage.cast.ada).post("/credentials/new/", fields)
    assert "of a kind that is not used any more (DSA)" in words(response)
    assert not Credential.objects.filter(name="old").exists()


def test_a_credential_in_use_is_not_forgotten(signed_in: SignIn, stage: make.Stage) -> None:
    used = stage.host.credential
    address = f"/credentials/{used.pk}/removals/"
    page = words(signed_in(stage.cast.ada).post(address, follow=True))
    assert "Hosts still sign in with it." in page


def test_a_host_is_added_and_says_that_a_key_must_be_confirmed(
    signed_in: SignIn, stage: make.Stage
) -> None:
    fields = {
        "name": "app-2",
        "environment": stage.environment.pk,
        "address": "192.0.2.2",
        "port": "22",
        "credential": stage.host.credential.pk,
    }
    response = signed_in(stage.cast.ada).post("/hosts/new/", fields, follow=True)
    assert Host.objects.filter(name="app-2").exists()
    assert "No host key is known, so nothing can run here." in words(response)


def test_a_key_counts_only_once_a_person_confirmed_it(signed_in: SignIn, stage: make.Stage) -> None:
    HostKey.objects.update(confirmed_at=None, confirmed_by=None)
    key, client = HostKey.objects.get(), signed_in(stage.cast.ada)
    page = words(client.get(f"/hosts/{stage.host.pk}/"))
    assert key.fingerprint in page
    assert "nobody yet" in page
    client.post(f"/hosts/{stage.host.pk}/keys/{key.pk}/confirmations/")
    key.refresh_from_db()
    assert key.confirmed_by == stage.cast.ada
    client.post(f"/hosts/{stage.host.pk}/keys/{key.pk}/removals/")
    assert HostKey.objects.count() == 0


def test_a_key_that_was_removed_is_confirmed_again_only_with_a_reason(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client, address = signed_in(stage.cast.ada), f"/hosts/{stage.host.pk}/"
    key = HostKey.objects.get()
    client.post(f"{address}keys/{key.pk}/removals/")
    client.post(f"{address}keys/", {"keys": f"{key.type} {key.key}"})
    key = HostKey.objects.get()
    shown = words(client.get(address))
    assert "removed this key from app-1" in shown
    assert "Why it is right after all" in shown
    confirmations = f"{address}keys/{key.pk}/confirmations/"
    for reason in ({}, {"reason": "  "}):
        refusal = words(client.post(confirmations, reason, follow=True))
        assert f"{key.fingerprint} was removed from app-1 on" in refusal
        assert HostKey.objects.get().confirmed_at is None
    by_table = client.post("/hosts/keys/confirmations/", {"key": [key.pk]}, follow=True)
    assert "confirm it on the page of the host and say why" in words(by_table)
    client.post(confirmations, {"reason": "It was the right one, ask Bo."})
    assert HostKey.objects.get().confirmed_by == stage.cast.ada
    confirmed = ConfigurationEvent.objects.filter(kind=kinds.HOST_KEY_CONFIRMED).get()
    assert confirmed.facts["reason"] == "It was the right one, ask Bo."


def test_a_removed_key_is_remembered_under_another_host_too(
    signed_in: SignIn, stage: make.Stage
) -> None:
    key = HostKey.objects.get()
    host_keys.forget_key(key, by=stage.cast.ada)
    stage.host.pk, stage.host.name = None, "app-2"
    stage.host.save()
    (again,) = host_keys.note_keys(stage.host, [HostKeyPin(key.type, key.key)], by=stage.cast.ada)
    with pytest.raises(KeyWasRemoved, match=r"was removed from app-1 on \S+ by"):
        host_keys.confirm_key(again, by=stage.cast.ada)


def test_a_revoked_key_is_trusted_on_no_host_and_never_again(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client, key = signed_in(stage.cast.ada), HostKey.objects.get()
    stage.host.pk, stage.host.name = None, "app-2"
    stage.host.save()
    line = f"@revoked * {key.type} {key.key}"
    client.post(f"/hosts/{stage.host.pk}/keys/", {"keys": line})
    assert not HostKey.objects.exists()
    (again,) = host_keys.note_keys(stage.host, [HostKeyPin(key.type, key.key)], by=stage.cast.ada)
    host_keys.forget_key(again, by=stage.cast.ada)
    (again,) = host_keys.note_keys(stage.host, [HostKeyPin(key.type, key.key)], by=stage.cast.ada)
    confirmations = f"/hosts/{stage.host.pk}/keys/{again.pk}/confirmations/"
    refusal = words(client.post(confirmations, {"reason": "It is right."}, follow=True))
    assert "no host may show it any more" in refusal
    assert HostKey.objects.get().confirmed_at is None


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": "app 2"}, "letters, digits, dots"),
        ({"address": "deploy@192.0.2.2"}, "it belongs to the credential"),
        ({"address": "http://192.0.2.2"}, "is no address"),
    ],
)
def test_what_is_no_host_is_refused_at_its_field(
    signed_in: SignIn, stage: make.Stage, change: dict[str, str], sentence: str
) -> None:
    form = typed_host(stage) | change
    response = signed_in(stage.cast.ada).post("/hosts/new/", form)
    assert response.status_code == 422
    assert sentence in words(response)
    assert Host.objects.count() == 1


def test_a_port_in_the_address_is_the_port(signed_in: SignIn, stage: make.Stage) -> None:
    form = typed_host(stage) | {"address": "ssh://[2001:db8::2]:2222"}
    signed_in(stage.cast.ada).post("/hosts/new/", form)
    host = Host.objects.get(name="app-2")
    assert (host.address, host.port) == ("2001:db8::2", 2222)


def typed_host(stage: make.Stage) -> dict[str, object]:
    """A form for a second host, filled in."""
    return {
        "name": "app-2",
        "environment": stage.environment.pk,
        "address": "192.0.2.2",
        "port": 22,
        "credential": Credential.objects.get().pk,
    }


def test_keys_read_off_the_host_are_noted_and_wait_to_be_confirmed(
    signed_in: SignIn, stage: make.Stage
) -> None:
    known = HostKey.objects.get()
    lines = f"# app-1:22 SSH-2.0\n\n[app-1]:22 {ED25519}\n{ECDSA} root@app-1\n"
    client = signed_in(stage.cast.ada)
    page = words(client.post(f"/hosts/{stage.host.pk}/keys/", {"keys": lines}, follow=True))
    assert "Host keys saved. Compare the fingerprints before you confirm." in page
    noted = HostKey.objects.exclude(pk=known.pk).order_by("type")
    assert [f"{key.type} {key.key}" for key in noted] == [ECDSA, ED25519]
    assert {key.confirmed_at for key in noted} == {None}
    client.post(f"/hosts/{stage.host.pk}/keys/", {"keys": lines})
    assert noted.count() == 2


@pytest.mark.parametrize(
    "line",
    [
        f"\ufeff{ED25519}\r\n",
        f"[app-1.example.com]:2222 {ED25519}",
        f"|1|hgYNM0RCjd3UQc7YWEiQ2VVnS1k=|yktjOenUAajV/+EiT9IVWCKjRFw= {ED25519}",
        f"# app-1:22 SSH-2.0-OpenSSH_9.2\napp-1,192.0.2.1 {ED25519} root@app-1",
    ],
    ids=["byte order mark", "port", "hashed name", "ssh-keyscan"],
)
def test_keys_are_read_from_files_as_programs_write_them(line: str) -> None:
    (pin,) = read_host_keys(line)
    assert f"{pin.type} {pin.key}" == ED25519


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "There is no key in this text."),
        ("# nothing\n", "There is no key in this text."),
        (f"{ED25519}\nhello", "Line 2 is no public key of a host"),
        ("ssh-dss AAAAB3NzaC1kc3MAAACBA", "Line 1 is no public key of a host"),
        (ED25519[:-9], "The key on line 1 is cut off or mistyped"),
        (ED25519.replace("ssh-ed25519", "ssh-rsa"), "The key on line 1 is cut off or mistyped"),
        (f"@cert-authority * {ED25519}", "Line 1 is a certificate authority"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "Line 1 is no public key of a host"),
    ],
)
def test_what_is_no_host_key_is_refused_and_stays_in_its_field(
    signed_in: SignIn, stage: make.Stage, typed: str, sentence: str
) -> None:
    client = signed_in(stage.cast.ada)
    response = client.post(f"/hosts/{stage.host.pk}/keys/", {"keys": typed})
    assert response.status_code == 422
    assert sentence in words(response)
    assert typed.strip() in html.unescape(response.content.decode())
    assert HostKey.objects.count() == 1


def test_a_host_that_does_not_answer_a_scan_is_told_in_a_sentence(
    signed_in: SignIn, stage: make.Stage
) -> None:
    Host.objects.update(address="127.0.0.1", port=1)
    client = signed_in(stage.cast.ada)
    page = words(client.post(f"/hosts/{stage.host.pk}/scans/", follow=True))
    assert "app-1" in page
    assert "Traceback" not in page
    assert HostKey.objects.count() == 1


def test_a_group_of_another_environment_is_refused(signed_in: SignIn, stage: make.Stage) -> None:
    other = Environment.objects.create(slug="other", name="OTHER")
    group = HostGroup.objects.create(environment=other, name="db")
    fields = {
        "name": "app-1",
        "environment": stage.environment.pk,
        "address": "192.0.2.1",
        "port": "22",
        "credential": stage.host.credential.pk,
        "groups": [group.pk],
    }
    response = signed_in(stage.cast.ada).post(f"/hosts/{stage.host.pk}/", fields)
    assert "The group db belongs to OTHER." in words(response)


def test_a_host_that_would_be_reached_through_itself_is_refused(
    signed_in: SignIn, stage: make.Stage
) -> None:
    gate = make.host(stage.environment, "gate-1", stage.cast.ada)
    Host.objects.filter(pk=gate.pk).update(jump=stage.host)
    fields = {
        "name": "app-1",
        "environment": stage.environment.pk,
        "address": "192.0.2.1",
        "port": "22",
        "credential": stage.host.credential.pk,
        "jump": gate.pk,
        "drawn_from": draw_version(stage.host, *RECORDED),
    }
    response = signed_in(stage.cast.ada).post(f"/hosts/{stage.host.pk}/", fields)
    assert response.status_code == 422
    assert "is a loop: app-1 through gate-1 through app-1." in words(response)
    assert Host.objects.get(pk=stage.host.pk).jump is None


def test_what_runs_commands_on_a_host_is_chosen_and_on_record(
    signed_in: SignIn, stage: make.Stage
) -> None:
    fields = {
        "name": "app-1",
        "environment": stage.environment.pk,
        "address": "192.0.2.1",
        "port": "22",
        "credential": stage.host.credential.pk,
        "runner": "shell",
        "drawn_from": draw_version(stage.host, *RECORDED),
    }
    client = signed_in(stage.cast.ada)
    client.post(f"/hosts/{stage.host.pk}/", fields)
    host = Host.objects.get(pk=stage.host.pk)
    assert (host.runner, address(host).runner) == ("shell", RunnerKind.SHELL)
    event = ConfigurationEvent.objects.latest("seq")
    assert "shell" in str(event.changes["runner"])
    fields |= {"runner": "", "drawn_from": draw_version(host, *RECORDED)}
    client.post(f"/hosts/{stage.host.pk}/", fields)
    assert Host.objects.get(pk=stage.host.pk).runner == "shell"


def test_a_host_is_removed(signed_in: SignIn, stage: make.Stage) -> None:
    signed_in(stage.cast.ada).post(f"/hosts/{stage.host.pk}/removals/", SURE)
    assert Host.objects.count() == 0


def test_a_host_that_an_open_rollback_needs_stays(signed_in: SignIn, stage: make.Stage) -> None:
    needing = make.requested(stage)
    client = signed_in(stage.cast.ada)
    response = client.post(f"/hosts/{stage.host.pk}/removals/", SURE, follow=True)
    assert f"app-1 is needed by what is not over yet: rollback {needing.pk}." in words(response)
    assert Host.objects.count() == 1


def test_a_person_is_added_to_groups_with_a_password_worth_the_name(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client = signed_in(stage.cast.ada)
    operator = Group.objects.get(name="Operator")
    fields = {"username": "kim", "first_name": "Kim", "groups": [operator.pk]}
    weak = client.post("/people/new/", {**fields, "password": "password"})
    assert weak.status_code == 422
    client.post("/people/new/", {**fields, "password": make.PASSWORD})
    kim = User.objects.get(username="kim")
    assert kim.has_perm("rollbacks.request_rollback")
    assert kim.check_password(make.PASSWORD)


def test_an_empty_password_leaves_the_old_one(signed_in: SignIn, stage: make.Stage) -> None:
    dana = stage.cast.dana
    fields = {"username": "dana", "first_name": "Daniela", "password": "", "groups": []}
    response = signed_in(stage.cast.ada).post(f"/people/{dana.pk}/", fields)
    assert response.status_code == 303
    dana.refresh_from_db()
    assert (dana.first_name, dana.groups.count()) == ("Daniela", 0)
    assert dana.check_password(make.PASSWORD)


def test_a_persons_page_never_holds_their_password_hash(
    signed_in: SignIn, stage: make.Stage
) -> None:
    page = signed_in(stage.cast.ada).get(f"/people/{stage.cast.dana.pk}/").content.decode()
    assert stage.cast.dana.password not in page


def test_a_deactivated_person_is_out_at_once_and_can_be_let_in_again(
    signed_in: SignIn, stage: make.Stage
) -> None:
    ada, dana = signed_in(stage.cast.ada), signed_in(stage.cast.dana)
    assert dana.get("/").status_code == 200
    ada.post(f"/people/{stage.cast.dana.pk}/deactivations/", SURE)
    assert dana.get("/").status_code == 302
    ada.post(f"/people/{stage.cast.dana.pk}/activations/")
    assert signed_in(stage.cast.dana).get("/").status_code == 200


def test_nobody_deactivates_themselves(signed_in: SignIn, stage: make.Stage) -> None:
    client = signed_in(stage.cast.ada)
    page = words(client.post(f"/people/{stage.cast.ada.pk}/deactivations/", SURE, follow=True))
    assert "Another Admin must deactivate you" in page


def test_a_service_is_added_and_a_version_of_it_pinned_and_lifted(
    signed_in: SignIn, stage: make.Stage
) -> None:
    ada, dana = signed_in(stage.cast.ada), signed_in(stage.cast.dana)
    ada.post("/services/", {"name": "Search", "slug": "search"})
    assert Service.objects.filter(slug="search").exists()
    dana.post("/services/search/pins/", {"version": "v2.1.0", "reason": "Slow"})
    pin = Pin.objects.get()
    assert "v2.1.0" in words(dana.get("/services/search/"))
    dana.post(f"/services/search/pins/{pin.pk}/lifts/", {"reason": "Fixed"})
    pin.refresh_from_db()
    assert pin.lifted_at


def test_a_pin_without_a_reason_is_not_made(signed_in: SignIn, stage: make.Stage) -> None:
    client = signed_in(stage.cast.dana)
    assert client.post("/services/checkout/pins/", {"version": "v1"}).status_code == 422
    assert Pin.objects.count() == 0
