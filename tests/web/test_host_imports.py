"""Many hosts from one list: seen first, then done whole, and their keys confirmed in one table."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from rollback_console.audit.models import ConfigurationEvent
from rollback_console.plans.models import Host, HostKey
from tests import make

from .conftest import SignIn, words

LINES = "gate 192.0.2.9 \napp-1 192.0.2.50 app\napp-2 192.0.2.51 app web\n"


def typed(stage: make.Stage, text: str = LINES) -> dict[str, object]:
    return {
        "environment": stage.environment.pk,
        "credential": stage.host.credential.pk,
        "text": text,
    }


def test_a_list_is_previewed_and_then_imported_whole(signed_in: SignIn, stage: make.Stage) -> None:
    client = signed_in(stage.cast.ada)
    response = client.post("/hosts/imports/", typed(stage))
    page = words(response)
    assert "2 new, 1 changed, 0 as they are." in page
    assert "becomes 192.0.2.50:22" in page
    assert Host.objects.count() == 1
    seen = re.search(r'name="seen" value="(\w+)"', response.content.decode())
    assert seen
    client.post("/hosts/imports/", typed(stage) | {"seen": seen[1]}, follow=True)
    assert dict(Host.objects.values_list("name", "address")) == {
        "gate": "192.0.2.9",
        "app-1": "192.0.2.50",
        "app-2": "192.0.2.51",
    }
    assert set(Host.objects.get(name="app-2").groups.values_list("name", flat=True)) == {
        "app",
        "web",
    }
    assert ConfigurationEvent.objects.filter(kind="host.added").count() == 2
    again = words(client.post("/hosts/imports/", typed(stage)))
    assert "0 new, 0 changed, 3 as they are." in again


def test_what_was_seen_and_has_changed_is_not_imported(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client = signed_in(stage.cast.ada)
    page = words(client.post("/hosts/imports/", typed(stage) | {"seen": "0" * 64}))
    assert "read what would happen anew" in page
    assert Host.objects.count() == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("app-9 192.0.2.300", "is no address"),
        ("app-9 root@192.0.2.3", "no credential is for that account"),
        ("name,address,jump\napp-9,192.0.2.3,gate", "which is no host here"),
        ("name,address,jump\na,192.0.2.3,b\nb,192.0.2.4,a", "2 new"),
        ("{", "This is no JSON"),
    ],
)
def test_a_wrong_list_is_told_in_sentences_and_changes_nothing(
    signed_in: SignIn, stage: make.Stage, text: str, says: str
) -> None:
    response = signed_in(stage.cast.ada).post("/hosts/imports/", typed(stage, text))
    assert says in words(response)
    assert Host.objects.count() == 1


def test_a_file_is_read_like_a_pasted_list(signed_in: SignIn, stage: make.Stage) -> None:
    form = typed(stage, "") | {"file": SimpleUploadedFile("hosts.txt", LINES.encode())}
    assert "2 new" in words(signed_in(stage.cast.ada).post("/hosts/imports/", form))


def test_ticked_keys_are_confirmed_together_and_others_stay(
    signed_in: SignIn, stage: make.Stage
) -> None:
    HostKey.objects.update(confirmed_at=None, confirmed_by=None)
    first = HostKey.objects.get()
    other = HostKey.objects.create(host=stage.host, type="ssh-rsa", key=first.key)
    client = signed_in(stage.cast.ada)
    assert first.fingerprint in words(client.get("/hosts/keys/"))
    confirmed = client.post("/hosts/keys/confirmations/", {"key": [first.pk, "x"]}, follow=True)
    assert "1 key is confirmed." in words(confirmed)
    first.refresh_from_db()
    other.refresh_from_db()
    assert first.confirmed_by == stage.cast.ada
    assert other.confirmed_at is None
    assert "Tick the keys" in words(client.post("/hosts/keys/confirmations/", follow=True))


def test_hosts_that_do_not_answer_a_scan_are_named(signed_in: SignIn, stage: make.Stage) -> None:
    HostKey.objects.all().delete()
    Host.objects.update(address="127.0.0.1", port=1)
    page = words(signed_in(stage.cast.ada).post("/hosts/keys/scans/", follow=True))
    assert "127.0.0.1" in page
    assert not HostKey.objects.exists()
