"""What one Admin alone may change where two are asked for: a table, and nothing beside it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone

from rollback_console.access.actions import pending_changes
from rollback_console.access.models import PendingChange
from rollback_console.audit.stale_edit import draw_version
from rollback_console.plans.actions import credentials, decision_makers, host_keys, hosts
from rollback_console.plans.actions.environments import change_environment
from rollback_console.plans.actions.second_admin import NeedsSecondAdmin
from rollback_console.plans.approval.guarded_environments import is_guarded
from rollback_console.plans.approval.guarded_settings import FREE, GUARDED
from rollback_console.plans.models import Credential, DecisionMaker, Environment, Host, HostKey
from rollback_console.remote.protocol import HostKeyPin
from rollback_console.rollbacks.permissions import groups
from tests import make

OTHER_KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIP8AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
TABLES: tuple[type[models.Model], ...] = (Environment, Host, Credential, DecisionMaker)


@pytest.fixture
def two(stage: make.Stage) -> User:
    """A second Admin, in an environment that asks for two; everybody has been there for long."""
    second = make.person("bea", groups.ADMIN)
    User.objects.update(date_joined=timezone.now() - timedelta(days=30))
    Environment.objects.update(second_admin=True)
    second.refresh_from_db()
    for person in vars(stage.cast).values():
        person.refresh_from_db()
    return second


@pytest.fixture
def lax(two: User) -> Environment:
    return Environment.objects.create(slug="lax", name="LAX", approvals_data=1)


@pytest.mark.parametrize("model", TABLES)
def test_each_column_is_guarded_or_free_for_a_reason(model: type[models.Model]) -> None:
    table = str(model._meta.model_name)
    columns = {
        each.attname if f"{each.name}_id" in GUARDED[table] else each.name
        for each in model._meta.concrete_fields
        if not each.primary_key
    }
    assert columns == GUARDED[table].keys() | FREE[table].keys()
    assert not GUARDED[table].keys() & FREE[table].keys()


@pytest.mark.parametrize(
    "address", ["localhost", "LOCALHOST.", "127.0.0.1", "127.1.2.3", "::1", "db.internal"]
)
def test_a_strict_machine_is_not_reached_under_another_name_from_itself(
    stage: make.Stage, lax: Environment, address: str
) -> None:
    """From a machine of strict rules, any name could be that machine or one beside it."""
    other = Credential.objects.create(name="other", username="deploy")
    place: Any = {"address": address, "credential": other, "environment": lax}
    with pytest.raises(NeedsSecondAdmin):
        hosts.add_host(by=stage.cast.ada, name="again", jump=stage.host, **place)
    between = hosts.add_host(by=None, name="between", jump=stage.host, **place)
    with pytest.raises(NeedsSecondAdmin):
        hosts.add_host(by=stage.cast.ada, name="behind", jump=between, **place)
    assert is_guarded(lax) == (address != "db.internal")


def test_the_console_s_own_machine_is_one_under_all_its_names(
    stage: make.Stage, lax: Environment
) -> None:
    Host.objects.filter(pk=stage.host.pk).update(address="127.0.0.1")
    other = Credential.objects.create(name="other", username="deploy")
    for name, address in (("one", "localhost"), ("two", "::1")):
        with pytest.raises(NeedsSecondAdmin):
            hosts.add_host(
                by=stage.cast.ada, name=name, address=address, credential=other, environment=lax
            )


def another_key(host: Host, key: str = OTHER_KEY) -> HostKey:
    (noted,) = host_keys.note_keys(host, [HostKeyPin("ssh-ed25519", key)], by=None)
    return noted


def test_another_key_of_a_strict_machine_takes_two(stage: make.Stage, two: User) -> None:
    key = another_key(stage.host)
    with pytest.raises(NeedsSecondAdmin):
        host_keys.confirm_key(key, by=stage.cast.ada)
    for own in stage.host.keys.exclude(pk=key.pk):
        host_keys.confirm_key(own, by=stage.cast.ada)
        host_keys.forget_key(own, by=stage.cast.ada)
    with pytest.raises(NeedsSecondAdmin):
        host_keys.confirm_key(key, by=stage.cast.ada)
    with pytest.raises(NeedsSecondAdmin):
        host_keys.confirm_keys([key], by=stage.cast.ada)
    make.signed_in(stage.cast.ada).post(f"/hosts/{stage.host.pk}/keys/{key.pk}/confirmations/")
    key.refresh_from_db()
    assert key.confirmed_at is None
    pending_changes.confirm_change(PendingChange.objects.get(), by=two)
    key.refresh_from_db()
    assert key.confirmed_by == stage.cast.ada


def test_the_keys_that_a_new_machine_shows_at_first_are_confirmed_by_one(
    stage: make.Stage, two: User
) -> None:
    new = hosts.add_host(
        by=stage.cast.ada,
        name="app-7",
        address="192.0.2.7",
        credential=stage.host.credential,
        environment=stage.environment,
    )
    first, second = another_key(new), another_key(new, OTHER_KEY.replace("P8", "P9"))
    host_keys.confirm_key(first, by=stage.cast.ada)
    host_keys.confirm_key(second, by=stage.cast.ada)
    late = another_key(new, OTHER_KEY.replace("P8", "P7"))
    with pytest.raises(NeedsSecondAdmin):
        host_keys.confirm_key(late, by=stage.cast.ada)


def test_another_account_on_a_strict_machine_takes_two(stage: make.Stage, two: User) -> None:
    login, client = stage.host.credential, make.signed_in(stage.cast.ada)
    credentials.change_credential(login, by=None, private_key="", password="the old one")
    with pytest.raises(NeedsSecondAdmin):
        credentials.change_credential(login, by=stage.cast.ada, username="root")
    before = login.username
    login.refresh_from_db()
    fields = {"name": login.name, "username": "root", "password": "a new one"}
    fields["drawn_from"] = draw_version(login)
    client.post(f"/credentials/{login.pk}/", fields)
    login.refresh_from_db()
    assert (login.username, login.password) == (before, "a new one")
    change = PendingChange.objects.get()
    assert "signs in as root, no longer as" in change.sentence
    pending_changes.confirm_change(change, by=two)
    login.refresh_from_db()
    assert login.username == "root"


def test_what_narrows_and_what_decides_nothing_needs_one_admin(
    stage: make.Stage, two: User
) -> None:
    ada, place = stage.cast.ada, stage.environment
    change_environment(place, by=None, page_hosts="shop\nwiki", request_expires=60)
    change_environment(place, by=ada, page_hosts="wiki", request_expires=30)
    change_environment(place, by=ada, approvals_code=2, approvals_data=2)
    change_environment(place, by=ada, escalate_after=1, remind_before=1)
    credentials.change_credential(stage.host.credential, by=ada, password="a new one")
    maker = place.decision_makers.get(user=stage.cast.lee)
    decision_makers.change_decision_maker(maker, by=ada, role=maker.role, rung=9)
