"""A change of the configuration is on record: who, by which door, what was and what is."""

from __future__ import annotations

import json
import logging
import subprocess
import sys

import pytest
from django.db import transaction
from django.test import Client, override_settings

from rollback_console.audit import kinds
from rollback_console.audit.fields import fingerprint, snapshot_fields
from rollback_console.audit.integrity import anchors, chain
from rollback_console.audit.models import ConfigurationEvent, StreamAnchor
from rollback_console.audit.origin import acting_from, acting_from_command_line, current_origin
from rollback_console.audit.record import body_of, record_change
from rollback_console.audit.wording import sentence_of
from rollback_console.local.options import ROOT
from rollback_console.plans.models import Credential, Service
from tests import make

pytestmark = pytest.mark.django_db


def test_an_event_says_who_what_when_from_where_and_by_which_door() -> None:
    ada = make.person("ada", "Admin")
    service = Service.objects.create(slug="checkout", name="Checkout")
    before = snapshot_fields(service)
    service.name = "Cash desk"
    with acting_from("page", "192.0.2.7"):
        event = record_change(
            kinds.HOST_CHANGED,
            by=ada,
            subject=service,
            before=before,
            after=snapshot_fields(service),
            reason="renamed",
        )
    event.refresh_from_db()
    assert event.changes == {"name": ["Checkout", "Cash desk"]}
    assert (event.by, event.by_name, event.door) == (ada, "ada", "page")
    assert (event.address, event.facts) == ("192.0.2.7", {"reason": "renamed"})
    assert (event.subject_type, event.subject_id) == ("service", str(service.pk))


def test_events_are_numbered_without_gaps_and_chained() -> None:
    for name in ("one", "two", "three"):
        record_change(kinds.SERVICE_ADDED, subject=name)
    events = list(ConfigurationEvent.objects.all())
    assert [event.seq for event in events] == [1, 2, 3]
    assert [event.previous for event in events] == ["", events[0].hash, events[1].hash]
    for event in events:
        assert chain.is_sealed(body_of(event), event.hash, version=event.version)
    anchor = StreamAnchor.objects.get(stream=anchors.CONFIGURATION)
    assert (anchor.count, anchor.head) == (3, events[-1].hash)
    assert anchors.is_intact(anchor)


def test_what_is_not_saved_is_not_on_record_either() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        record_change(kinds.SERVICE_ADDED, subject="gone")
        raise RuntimeError
    assert not ConfigurationEvent.objects.exists()
    assert record_change(kinds.SERVICE_ADDED, subject="kept").seq == 1


def test_a_secret_is_on_record_as_a_fingerprint_that_shows_only_whether_it_changed() -> None:
    old = snapshot_fields(Credential(name="deploy", username="deploy", password="old-password"))
    new = snapshot_fields(Credential(name="deploy", username="deploy", password="new-password"))
    event = record_change(kinds.CREDENTIAL_CHANGED, before=old, after=new, token="plain-secret")
    text = json.dumps([event.changes, event.facts])
    assert "new-password" not in text and "old-password" not in text
    assert "plain-secret" not in text
    assert event.changes == {"password": [fingerprint("old-password"), fingerprint("new-password")]}
    assert fingerprint("same") == fingerprint("same") != fingerprint("other")


def test_a_kind_without_an_entry_is_refused_and_leaves_nothing() -> None:
    with pytest.raises(kinds.UnknownKind, match=r"service\.exploded has no entry"):
        record_change("service.exploded")
    assert not ConfigurationEvent.objects.exists()


def test_every_kind_is_recorded_somewhere_and_reads_as_a_sentence() -> None:
    text = "\n".join(path.read_text() for path in (ROOT / "rollback_console").rglob("*.py"))
    for constant, name in vars(kinds).items():
        if constant.isupper() and isinstance(name, str) and name in kinds.KINDS:
            assert f"kinds.{constant}" in text, f"nobody records {constant}"
    for kind in kinds.KINDS.values():
        event = ConfigurationEvent(kind=kind.name, by_name="ada", subject_label="it")
        assert sentence_of(event)[0].isupper() or sentence_of(event).startswith("ada ")
        assert sentence_of(event).endswith(".")


def test_a_seal_needs_the_key_and_a_former_key_still_verifies() -> None:
    event = record_change(kinds.SERVICE_ADDED, subject="checkout")
    body = body_of(event)
    with override_settings(SECRET_KEY="another-" + "k" * 40):
        assert not chain.is_sealed(body, event.hash, version=event.version)
    former = {"SECRET_KEY": "another-" + "k" * 40, "AUDIT_KEY_FALLBACKS": [_secret_key()]}
    with override_settings(**former):
        assert chain.is_sealed(body, event.hash, version=event.version)
    assert not chain.is_sealed(body, chain.seal(body, version=chain.UNKEYED), version=chain.KEYED)


def test_each_event_goes_to_the_log_after_the_commit_with_its_seal(
    caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: object
) -> None:
    with (
        caplog.at_level(logging.INFO, logger="rollback_console.audit"),
        django_capture_on_commit_callbacks(execute=True),  # type: ignore[operator]
    ):
        event = record_change(kinds.PASSWORD_RESET, subject="mia")
    (line,) = [each for each in caplog.records if each.name == "rollback_console.audit"]
    assert line.message == "password.reset"
    assert line.levelno == logging.ERROR
    assert line.seal == event.hash  # type: ignore[attr-defined]


def test_a_page_and_the_command_line_name_their_door(client: Client) -> None:
    assert current_origin().door == "system"
    with acting_from_command_line():
        assert current_origin().door == "command line"
        assert "@" in current_origin().address
    assert current_origin().door == "system"


def test_manage_py_acts_from_the_command_line() -> None:
    code = "from rollback_console.audit.origin import current_origin as now; print(now().door)"
    command = [sys.executable, "manage.py", "shell", "-v", "0", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "command line"


def _secret_key() -> str:
    from django.conf import settings

    return str(settings.SECRET_KEY)
