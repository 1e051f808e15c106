"""What a list of keys that a person trusts says of the keys that hosts showed."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from rollback_console.plans.actions import host_keys
from rollback_console.plans.errors import PlanError
from rollback_console.plans.inventory.key_lists import KeyVerdict, compare_keys
from rollback_console.plans.models import HostKey
from tests import make
from tests.web.test_host_imports import other_key, waiting_host

pytestmark = pytest.mark.django_db


def verdicts(text: str, *keys: HostKey) -> list[KeyVerdict]:
    by_key = dict(compare_keys(keys, text).rows)
    return [by_key[key] for key in keys]


@pytest.mark.parametrize(
    "line",
    [
        "web-1 ssh-ed25519 {key}",
        "other,192.0.2.1 ssh-ed25519 {key} comment",
        "ssh-ed25519 {key} root@web-1",
        "256 {fingerprint} root@web-1 (ED25519)",
        "256 {fingerprint} no comment (ED25519)",
        "web-1: {fingerprint}",
        "\ufeff{fingerprint}",
    ],
)
def test_each_form_of_a_line_names_the_same_key(stage: make.Stage, line: str) -> None:
    key = waiting_host(stage, "web-1", "192.0.2.1", other_key())
    text = line.format(key=key.key, fingerprint=key.fingerprint)
    assert verdicts(text, key) == [KeyVerdict.SAME]


def test_a_hashed_name_is_read_as_openssh_writes_it(stage: make.Stage) -> None:
    key = waiting_host(stage, "web-1", "192.0.2.1", other_key(), 2222)
    salt = b"s" * 20
    digest = hmac.digest(salt, b"[192.0.2.1]:2222", hashlib.sha1)
    name = f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"
    assert verdicts(f"{name} ssh-ed25519 {key.key}", key) == [KeyVerdict.SAME]


def test_the_key_of_one_host_never_counts_for_another(stage: make.Stage) -> None:
    """Else whoever holds web-2 could answer in the place of web-1."""
    stolen = other_key()
    first = waiting_host(stage, "web-1", "192.0.2.1", stolen)
    for line in (
        f"192.0.2.2 ssh-ed25519 {stolen}",
        f"192.0.2.1 ssh-ed25519 {other_key()}\n192.0.2.2 ssh-ed25519 {stolen}",
        f"[192.0.2.1]:2222 ssh-ed25519 {stolen}",
        f"256 {first.fingerprint} root@web-2 (ED25519)",
    ):
        waiting = [first, *HostKey.objects.filter(host__name="web-2").select_related("host")]
        if len(waiting) == 1:
            waiting.append(waiting_host(stage, "web-2", "192.0.2.2", other_key()))
        assert verdicts(line, *waiting)[0] is not KeyVerdict.SAME, line


def test_a_bare_fingerprint_that_two_hosts_show_is_left_to_a_person(stage: make.Stage) -> None:
    shared = other_key()
    one = waiting_host(stage, "web-1", "192.0.2.1", shared)
    two = waiting_host(stage, "web-2", "192.0.2.2", shared)
    assert verdicts(one.fingerprint, one, two) == [KeyVerdict.SHARED] * 2
    assert verdicts(one.fingerprint, one) == [KeyVerdict.SHARED]


def test_revoked_and_removed_keys_are_not_ticked(stage: make.Stage) -> None:
    key = waiting_host(stage, "web-1", "192.0.2.1", other_key())
    line = f"web-1 ssh-ed25519 {key.key}"
    assert verdicts(f"{line}\n@revoked web-1 ssh-ed25519 {key.key}", key) == [KeyVerdict.REVOKED]
    host, kept = key.host, key.key
    host_keys.forget_key(key, by=stage.cast.ada)
    again = HostKey.objects.create(host=host, type="ssh-ed25519", key=kept)
    assert verdicts(line, again) == [KeyVerdict.REMOVED]


def test_a_list_without_a_key_is_refused(stage: make.Stage) -> None:
    key = waiting_host(stage, "web-1", "192.0.2.1", other_key())
    for text in ("", "# nothing", "@cert-authority * ssh-ed25519 " + key.key):
        with pytest.raises(PlanError, match="no key in this list"):
            compare_keys([key], text)
