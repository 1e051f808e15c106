"""Many hosts from one list: seen first, then done whole, and their keys confirmed in one table."""

from __future__ import annotations

import re

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.files.uploadedfile import SimpleUploadedFile

from rollback_console.audit.models import ConfigurationEvent
from rollback_console.plans.models import Host, HostKey, SignInTrial
from tests import make

from .conftest import SignIn, words

IMPORT = "/hosts/imports/"
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
    assert SignInTrial.objects.filter(host=stage.host, tried_at=None).count() == 1
    assert other.confirmed_at is None
    assert "Tick the keys" in words(client.post("/hosts/keys/confirmations/", follow=True))


def test_an_import_scans_the_keys_of_its_hosts_where_that_is_asked(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client = signed_in(stage.cast.ada)
    fields = typed(stage, "name,address,port\napp-9,127.0.0.1,1")
    seen = re.search(r'name="seen" value="(\w+)"', client.post(IMPORT, fields).content.decode())
    assert seen
    answer = client.post(f"{IMPORT}?scan=1", fields | {"seen": seen[1]}, follow=True)
    assert "127.0.0.1" in words(answer)  # what did not answer is named
    assert Host.objects.filter(name="app-9").exists()


def test_hosts_that_do_not_answer_a_scan_are_named(signed_in: SignIn, stage: make.Stage) -> None:
    HostKey.objects.all().delete()
    Host.objects.update(address="127.0.0.1", port=1)
    page = words(signed_in(stage.cast.ada).post("/hosts/keys/scans/", follow=True))
    assert "127.0.0.1" in page
    assert not HostKey.objects.exists()


def other_key() -> str:
    public = Ed25519PrivateKey.generate().public_key()
    return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode().split()[1]


def waiting_host(stage: make.Stage, name: str, address: str, key: str, port: int = 22) -> HostKey:
    host = Host.objects.create(
        name=name,
        address=address,
        port=port,
        environment=stage.environment,
        credential=stage.host.credential,
    )
    return HostKey.objects.create(host=host, type="ssh-ed25519", key=key)


def test_keys_that_match_a_trusted_list_are_ticked_and_none_is_confirmed(
    signed_in: SignIn, stage: make.Stage
) -> None:
    keys = [waiting_host(stage, f"web-{i}", f"192.0.2.{i}", other_key(), 22 + i) for i in range(3)]
    listed = [f"[192.0.2.{i}]:{22 + i} ssh-ed25519 {key.key}" for i, key in enumerate(keys)]
    listed[1] = f"[192.0.2.1]:23 ssh-ed25519 {other_key()}"
    client = signed_in(stage.cast.ada)
    answer = client.post("/hosts/keys/", {"text": "\n".join(["# comment", "nonsense", *listed])})
    assert "2 keys are as the list says and ticked." in words(answer)
    assert "1 line of the list holds no key" in words(answer)
    assert "Differs: the list has another key of this host." in words(answer)
    page = answer.content.decode()
    ticked = set(map(int, re.findall(r'value="(\d+)" id="key-\d+" checked', page)))
    assert ticked == {keys[0].pk, keys[2].pk}
    assert not HostKey.objects.filter(pk__in=ticked, confirmed_at__isnull=False).exists()
    client.post("/hosts/keys/confirmations/", {"key": sorted(ticked)})
    assert HostKey.objects.filter(confirmed_by=stage.cast.ada, pk__in=ticked).count() == 2


def test_a_list_without_any_key_says_what_to_paste(signed_in: SignIn, stage: make.Stage) -> None:
    waiting_host(stage, "web-1", "192.0.2.1", other_key())
    answer = signed_in(stage.cast.ada).post("/hosts/keys/", {"text": "web-1 192.0.2.1"})
    assert answer.status_code == 422
    assert "There is no key in this list" in words(answer)


def test_the_table_of_keys_is_paged(signed_in: SignIn, stage: make.Stage) -> None:
    for i in range(51):
        waiting_host(stage, f"web-{i:02d}", "192.0.2.1", other_key())
    client = signed_in(stage.cast.ada)
    assert "1 to 50 of 51" in words(client.get("/hosts/keys/"))
    assert "web-50" in words(client.get("/hosts/keys/?page=2"))
