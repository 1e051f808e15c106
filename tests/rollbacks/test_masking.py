"""No secret of an environment is stored or shown, whatever a host says and wherever it says it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import Model
from django.db.models.functions import Now

from rollback_console.plans.actions.credentials import change_credential
from rollback_console.plans.actions.hosts import change_host
from rollback_console.plans.actions.secrets import remove_secret, set_secret
from rollback_console.plans.inventory.masked_values import values_to_mask
from rollback_console.plans.models import (
    Asking,
    Credential,
    Environment,
    FormerSecret,
    ProbeResult,
    Secret,
)
from rollback_console.plans.readiness import queue
from rollback_console.remote.errors import HostUnreachable
from rollback_console.remote.protocol import Answer, Ending, HostAddress, Outcome
from rollback_console.remote.redaction.secret_forms import needles
from rollback_console.rollbacks import log_store
from rollback_console.rollbacks.models import Event, LogChunk, Look, Rollback, StepRun
from rollback_console.rollbacks.sweeper import automated_checks
from rollback_console.rollbacks.sweeper.former_secrets import forget_former_values
from tests import make
from tests.fleet import FakeRemote, Fleet
from tests.make import PLAN, Stage
from tests.toolbox.waiting import until

from .driving import answer_checks, drive, meanwhile

pytestmark = pytest.mark.django_db(transaction=True)

SECRET = "s3sam & <open>'s door"
LOGIN = "correct-horse-battery"
OTHER = "of-another-environment"
FORMS = (
    SECRET,
    LOGIN,
    json.dumps(SECRET),
    base64.b64encode(b"user:" + SECRET.encode()).decode(),
    base64.b64encode(base64.b64encode(LOGIN.encode())).decode(),
    base64.b32encode(SECRET.encode()).decode(),
    SECRET.encode().hex().upper(),
)
LEAK = " | ".join(FORMS)


@dataclass
class LeakyRemote(FakeRemote):
    """Answers every question with the secrets."""

    def ask(self, argv: list[str], stdin: bytes = b"", timeout: float = 20) -> Answer:
        return Answer(1, LEAK.encode() + b"\n", LEAK.encode())


@dataclass
class LeakyFleet(Fleet):
    """Hosts that show secrets wherever they may say anything; `mute` ones refuse with them."""

    mute: set[str] = field(default_factory=set)

    def connect(self, address: HostAddress) -> LeakyRemote:
        if address.name in self.mute:
            raise HostUnreachable(address.name, LEAK)
        super().connect(address)
        return LeakyRemote(self, address)


@pytest.fixture
def fleet() -> LeakyFleet:
    return LeakyFleet()


@pytest.fixture
def kept(stage: Stage, settings: Any) -> Stage:
    """A stage with a secret that no step names, and a login with a password."""
    settings.READINESS_EVERY = timedelta(0)
    settings.CONNECT_PATIENCE = 0.1
    Secret.objects.create(environment=stage.environment, name="DB_PASSWORD", value=SECRET)
    Credential.objects.filter(pk=stage.host.credential_id).update(password=LOGIN)
    return stage


def stored_texts() -> Iterator[tuple[str, str]]:
    """Every text in the database, but for the tables that keep secrets, each with its column."""
    for model in apps.get_models():
        if model in {Secret, Credential, FormerSecret}:
            continue
        for row in model._default_manager.all():
            yield from _texts(model, row)


def _texts(model: type[Model], row: Model) -> Iterator[tuple[str, str]]:
    for column in model._meta.concrete_fields:
        value = getattr(row, column.attname)
        if isinstance(row, LogChunk) and column.attname == "data":
            value = log_store.unpack(row).decode()
        yield (
            f"{model.__name__}.{column.attname}",
            (
                value
                if isinstance(value, str)
                else json.dumps(value, default=str, ensure_ascii=False)
            ),
        )


def leaks() -> set[str]:
    """The columns that show a secret in any form."""
    forms = [form.decode("utf-8", "replace") for each in (SECRET, LOGIN) for form in needles(each)]
    return {
        column
        for column, text in stored_texts()
        for form in forms
        if form in text or json.dumps(form)[1:-1] in text
    }


def masked_columns() -> set[str]:
    return {column for column, text in stored_texts() if "******" in text}


def test_all_that_opens_an_environment_is_masked_and_nothing_of_another(kept: Stage) -> None:
    other = Environment.objects.create(slug="other", name="Other")
    Secret.objects.create(environment=other, name="KEY", value=OTHER)
    assert {SECRET, LOGIN} <= values_to_mask(kept.environment.pk)
    assert OTHER not in values_to_mask(kept.environment.pk)


def test_a_jump_host_and_the_one_before_it_are_masked_too(kept: Stage) -> None:
    elsewhere = Environment.objects.create(slug="edge", name="Edge")
    first = make.host(elsewhere, "jump-1", kept.cast.ada)
    second = make.host(elsewhere, "jump-2", kept.cast.ada)
    type(kept.host).objects.filter(pk=kept.host.pk).update(jump=first)
    type(kept.host).objects.filter(pk=first.pk).update(jump=second)
    type(kept.host).objects.filter(pk=second.pk).update(jump=first)
    Credential.objects.filter(pk=second.credential_id).update(password="of-the-second-jump")
    assert "of-the-second-jump" in values_to_mask(kept.environment.pk)


def test_nothing_that_a_run_says_shows_a_secret_that_its_step_does_not_name(
    kept: Stage, fleet: LeakyFleet
) -> None:
    rollback = make.approved(kept, PLAN.replace("echo restoring", "hang restoring"))
    fleet.scripts["stopping"] = (LEAK.encode() + b"\n", 0)

    def end() -> None:
        run = fleet.wait_for("restoring")
        until(lambda: StepRun.objects.filter(position=2, state="running").exists())
        with run.changed:
            run.outcome = Outcome(
                Ending.ABORT_UNCONFIRMED, None, f"It said {LEAK}", survivors=(f"{LOGIN} (12)",)
            )
            run.changed.notify_all()

    meanwhile(rollback, fleet, end)
    assert leaks() == set()
    assert {
        "LogChunk.data",
        "StepRun.why",
        "StepRun.survivors",
        "Event.facts",
    } <= masked_columns()
    assert log_store.read_log(rollback.runs.get(position=1)).count(b"|") == len(FORMS) - 1


def test_nothing_that_a_host_refuses_with_shows_a_secret(kept: Stage, fleet: LeakyFleet) -> None:
    fleet.mute.add("app-1")
    rollback = make.approved(kept)
    drive(rollback, fleet)
    assert "*" in rollback.events.filter(kind="host.unreachable").latest("seq").facts["why"]
    assert leaks() == set()


def test_nothing_that_hosts_answer_beforehand_shows_a_secret(
    kept: Stage, fleet: LeakyFleet
) -> None:
    head = "---\nmeasures:\n  - {what: calls, run: 'echo 1'}\n---\n"
    rollback = make.requested(kept, head + PLAN.replace("```bash", "```bash cwd=/srv/shop"))
    for mute in (set(), {"app-1"}):
        fleet.mute = mute
        queue.enqueue_asking(rollback.revision, rollback.choices, why="person")
        asking = Asking.objects.filter(done_at=None).get()
        assert queue.answer_asking(asking.pk, fleet.connect)
        assert ProbeResult.objects.exists()
        assert leaks() == set()
    assert "ProbeResult.detail" in masked_columns()


def test_the_evidence_of_a_check_shows_no_secret(kept: Stage, fleet: LeakyFleet) -> None:
    head = "---\nchecks:\n  - {check: Application starts, command: 'cat app.env'}\n---\n"
    rollback = drive(make.approved(kept, head + PLAN), fleet)
    assert rollback.state == "verifying"
    look = Look.objects.get()
    Look.objects.update(due_at=Now())
    assert automated_checks.run_check(look.pk, fleet.connect)
    assert leaks() == set()
    assert "Look.evidence" in masked_columns()
    assert Event.objects.filter(kind="check.observed").exists()


ROTATIONS: dict[str, Callable[[Stage], object]] = {
    "a secret is replaced": lambda stage: set_secret(
        stage.environment, by=stage.cast.ada, name="DB_PASSWORD", value="new-door"
    ),
    "a secret is removed": lambda stage: remove_secret(
        Secret.objects.get(name="DB_PASSWORD"), by=stage.cast.ada
    ),
    "a login is replaced": lambda stage: change_credential(
        stage.host.credential, by=stage.cast.ada, password="new-battery"
    ),
    "a host gets another login": lambda stage: change_host(
        stage.host, by=stage.cast.ada, credential=Credential.objects.create(username="deploy")
    ),
}


@pytest.mark.parametrize("rotate", ROTATIONS.values(), ids=ROTATIONS)
def test_what_a_run_was_sent_is_masked_when_it_is_replaced_and_a_new_slice_follows(
    kept: Stage, fleet: LeakyFleet, settings: Any, rotate: Callable[[Stage], object]
) -> None:
    settings.SLICE = timedelta(seconds=0.3)
    rollback = make.approved(kept, PLAN.replace("echo restoring", 'hang restoring "$DB_PASSWORD"'))

    def print_old_values() -> None:
        run = fleet.wait_for("restoring")
        until(lambda: StepRun.objects.filter(position=2, state="running").exists())
        rotate(kept)
        followed = fleet.connected["app-1"]
        until(lambda: fleet.connected["app-1"] > followed + 1)
        forget_former_values()
        run.say(LEAK.encode() + b"\n")
        run.end()

    meanwhile(rollback, fleet, print_old_values)
    assert log_store.read_log(rollback.runs.get(position=2)).count(b"|") == len(FORMS) - 1
    assert leaks() == set()


def test_replaced_values_are_encrypted_and_forgotten_once_nobody_can_print_them(
    kept: Stage, fleet: LeakyFleet, settings: Any
) -> None:
    rollback = make.approved(kept, PLAN.replace("echo restoring", "hang restoring"))

    def rotate() -> None:
        run = fleet.wait_for("restoring")
        set_secret(kept.environment, by=kept.cast.ada, name="DB_PASSWORD", value="new-door")
        FormerSecret.objects.update(replaced_at=Now() - timedelta(hours=1))
        Rollback.objects.update(requested_at=Now() - timedelta(hours=2))
        assert forget_former_values() == 0
        assert SECRET in values_to_mask(kept.environment.pk)
        with connection.cursor() as cursor:
            cursor.execute("SELECT value FROM plans_formersecret")
            assert SECRET not in cursor.fetchone()[0]
        run.end()

    rollback = meanwhile(rollback, fleet, rotate)
    answer_checks(rollback, kept)
    assert drive(rollback, fleet).state == "succeeded"
    assert forget_former_values() == 1
    assert not FormerSecret.objects.exists()
    assert SECRET not in values_to_mask(kept.environment.pk)
