"""What an approval was about and what runs: a login, a secret, a way or a place that was changed
after the approval starts nothing, and is said in words. Hosts are in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.utils import timezone

from rollback_console.audit import kinds
from rollback_console.audit.fields import snapshot_fields
from rollback_console.audit.record import record_change
from rollback_console.plans.inventory.changes import changes_of_host
from rollback_console.plans.inventory.host_specs import host_spec
from rollback_console.plans.inventory.key_rotation import Counted, rotate_columns
from rollback_console.plans.models import Credential, Environment, Host, HostKey, Secret
from rollback_console.rollbacks.actions import approvals, requests, steering
from rollback_console.rollbacks.errors import Changed, Refused
from tests import make
from tests.fleet import Fleet
from tests.make import KEY, PLAN, Stage

from .driving import drive

pytestmark = pytest.mark.django_db(transaction=True)

SECRETS = PLAN.replace("echo stopping", "echo stopping $DB_TOKEN")
GATED = SECRETS.replace("```bash\necho restoring", "```bash gate\necho restoring $DB_TOKEN")


@pytest.fixture
def behind(stage: Stage) -> Stage:
    """The stage with a secret, and its host behind a jump host."""
    Secret.objects.create(environment=stage.environment, name="DB_TOKEN", value="first-value")
    stage.host.jump = make.host(stage.environment, "bastion", stage.cast.ada)
    stage.host.save()
    return stage


def new_secret(_: Stage) -> None:
    row = Secret.objects.get(name="DB_TOKEN")
    row.value = "second-value"
    row.save()


def new_key(stage: Stage) -> None:
    row = stage.host.credential
    row.private_key = "another key"
    row.save()


def other_credential(stage: Stage) -> None:
    same_account = stage.host.credential.username
    other = Credential.objects.create(name="other", username=same_account, password="other")
    Host.objects.filter(pk=stage.host.pk).update(credential=other)


def moved(stage: Stage) -> None:
    other = Environment.objects.create(slug="elsewhere", name="ELSEWHERE")
    Host.objects.filter(pk=stage.host.pk).update(environment=other)


def other_way(stage: Stage) -> None:
    other = make.host(stage.environment, "bastion-2", stage.cast.ada)
    Host.objects.filter(pk=stage.host.pk).update(jump=other)


def jump_moved(_: Stage) -> None:
    Host.objects.filter(name="bastion").update(address="192.0.2.66", port=2222)


def jump_login(_: Stage) -> None:
    row = Host.objects.get(name="bastion").credential
    row.password = "another"
    row.save()


def jump_key(stage: Stage) -> None:
    key = KEY[:-4] + "BBBB"
    HostKey.objects.create(
        host=Host.objects.get(name="bastion"),
        type="ssh-ed25519",
        key=key,
        confirmed_by=stage.cast.ada,
        confirmed_at=timezone.now(),
    )


CHANGES: list[tuple[Callable[[Stage], None], str]] = [
    (new_secret, "The secret DB_TOKEN of STAGING was changed."),
    (new_key, "The credential of app-1 was changed."),
    (other_credential, "The credential of app-1 was changed."),
    (moved, "app-1 was moved from staging to elsewhere."),
    (other_way, "The way to app-1 was changed: bastion, and now bastion-2."),
    (jump_moved, "The address of bastion was changed from 192.0.2.1 to 192.0.2.66."),
    (jump_login, "The credential of bastion was changed."),
    (jump_key, "The confirmed host keys of bastion were changed."),
]
each_change = pytest.mark.parametrize(
    ("change", "sentence"), CHANGES, ids=[change.__name__ for change, _ in CHANGES]
)


@each_change
def test_a_change_before_the_approval_is_refused_with_its_words(
    behind: Stage, change: Callable[[Stage], None], sentence: str
) -> None:
    rollback = make.requested(behind, SECRETS)
    change(behind)
    with pytest.raises((Changed, Refused)) as refusal:
        approvals.approve(rollback, by=behind.cast.lee, snapshot_sha256=rollback.snapshot_sha256)
    if change is not moved:  # a plan whose host is elsewhere cannot be frozen at all
        assert isinstance(refusal.value, Changed)
        assert not refusal.value.seen
    assert sentence in str(refusal.value)
    rollback.refresh_from_db()
    assert rollback.state == "requested"


@each_change
def test_a_change_after_the_approval_starts_nothing(
    behind: Stage, fleet: Fleet, change: Callable[[Stage], None], sentence: str
) -> None:
    rollback = make.approved(behind, SECRETS)
    change(behind)
    rollback = drive(rollback, fleet)
    assert rollback.state == "approved"
    assert sentence in rollback.events.get(kind="start.refused").facts["why"]
    assert not fleet.starts


@each_change
def test_a_change_while_it_waits_is_found_before_the_next_launch(
    behind: Stage, fleet: Fleet, change: Callable[[Stage], None], sentence: str
) -> None:
    rollback = drive(make.approved(behind, GATED), fleet)
    assert (rollback.question["kind"], len(fleet.starts)) == ("gate", 1)
    change(behind)
    steering.answer(rollback, position=2, by=behind.cast.sam, answer="go")
    rollback = drive(rollback, fleet)
    assert (rollback.question["kind"], len(fleet.starts)) == ("failed", 1)
    assert sentence in rollback.runs.get(position=2).why


def test_a_refreshed_request_is_approved_anew_and_runs(behind: Stage, fleet: Fleet) -> None:
    rollback = make.approved(behind, SECRETS)
    approved = rollback.snapshot_sha256
    new_secret(behind)
    rollback = drive(rollback, fleet)
    rollback = requests.renew(rollback, by=behind.cast.dana)
    assert (rollback.state, rollback.approved_at) == ("requested", None)
    assert rollback.snapshot_sha256 != approved
    assert drive(rollback, fleet).state == "requested"
    approvals.approve(rollback, by=behind.cast.lee, snapshot_sha256=rollback.snapshot_sha256)
    assert drive(rollback, fleet).state == "verifying"


def test_no_digest_is_shown_to_anybody(behind: Stage) -> None:
    rollback = make.requested(behind, SECRETS)
    new_secret(behind)
    new_key(behind)
    assert approvals.drift(rollback) == [
        ("hosts.app-1.login", "as it was", "changed"),
        ("secrets.DB_TOKEN", "as it was", "changed"),
    ]


def test_who_changed_it_is_named(behind: Stage) -> None:
    rollback = make.requested(behind, SECRETS)
    before = snapshot_fields(behind.host)
    behind.host.address = "192.0.2.77"
    behind.host.save()
    ada = behind.cast.ada
    after = snapshot_fields(behind.host)
    record_change(kinds.HOST_CHANGED, by=ada, subject=behind.host, before=before, after=after)
    assert approvals.changes_in_words(rollback) == [
        "The address of app-1 was changed from 192.0.2.1 to 192.0.2.77 by Ada Example, just now."
    ]


def test_nobody_is_named_for_what_was_written_past_the_console(behind: Stage) -> None:
    rollback = make.requested(behind, SECRETS)
    before = snapshot_fields(behind.host)
    behind.host.address = "192.0.2.77"
    after = snapshot_fields(behind.host)
    ada = behind.cast.ada
    record_change(kinds.HOST_CHANGED, by=ada, subject=behind.host, before=before, after=after)
    Host.objects.filter(pk=behind.host.pk).update(address="192.0.2.66")
    assert approvals.changes_in_words(rollback) == [
        "The address of app-1 was changed from 192.0.2.1 to 192.0.2.66."
    ]


def test_a_new_secret_key_changes_nothing_while_the_former_one_is_kept(
    behind: Stage, settings: Any
) -> None:
    rollback = make.requested(behind, SECRETS)
    former, settings.SECRET_KEY = settings.SECRET_KEY, "k" * 50
    assert approvals.changes_in_words(rollback)
    settings.AUDIT_KEY_FALLBACKS = [former]
    assert (approvals.changes_in_words(rollback), approvals.drift(rollback)) == ([], [])


def test_secrets_encrypted_under_a_new_master_key_are_still_the_same(
    behind: Stage, settings: Any
) -> None:
    rollback = make.requested(behind, SECRETS)
    settings.MASTER_KEYS = [Fernet.generate_key().decode(), *settings.MASTER_KEYS]
    counted = Counted()
    rotate_columns(counted)
    assert counted.renewed
    assert approvals.drift(rollback) == []


def test_what_was_frozen_before_there_were_digests_is_compared_as_it_was_then(
    behind: Stage,
) -> None:
    frozen = replace(host_spec(behind.host), environment="", login="", route=())
    new_key(behind)
    behind.host.refresh_from_db()
    assert changes_of_host(frozen, behind.host) == []
    behind.host.address = "192.0.2.77"
    assert len(changes_of_host(frozen, behind.host)) == 1
