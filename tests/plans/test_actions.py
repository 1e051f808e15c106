"""Every change of the configuration asks for the right, is on record, and overwrites nobody."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied

from rollback_console.audit import kinds
from rollback_console.audit.models import ConfigurationEvent
from rollback_console.audit.stale_edit import StaleEdit, draw_version
from rollback_console.plans.actions import (
    credentials,
    decision_makers,
    delegations,
    environments,
    host_groups,
    host_keys,
    hosts,
    secrets,
    services,
)
from rollback_console.plans.errors import PlanError
from rollback_console.plans.models import Credential, DecisionMaker, Environment, Host, HostKey
from rollback_console.remote.protocol import HostKeyPin
from tests import make
from tests.make import Stage

pytestmark = pytest.mark.django_db

Act = Callable[[Stage, User], object]


def key(stage: Stage) -> HostKey:
    return HostKey.objects.filter(host=stage.host)[0]


def secret(stage: Stage) -> object:
    return secrets.set_secret(stage.environment, by=None, name="DB", value="swordfish")


ACTS: dict[str, Act] = {
    kinds.SERVICE_ADDED: lambda _, by: services.add_service(by=by, slug="new", name="New"),
    kinds.CREDENTIAL_ADDED: lambda _, by: credentials.add_credential(
        by=by, name="second", username="deploy", password="swordfish"
    ),
    kinds.CREDENTIAL_CHANGED: lambda stage, by: credentials.change_credential(
        stage.host.credential, by=by, username="other"
    ),
    kinds.SECRET_SET: lambda stage, by: secrets.set_secret(
        stage.environment, by=by, name="DB", value="swordfish"
    ),
    kinds.HOST_GROUP_ADDED: lambda stage, by: host_groups.add_host_group(
        stage.environment, by=by, name="app"
    ),
    kinds.HOST_ADDED: lambda stage, by: hosts.add_host(
        by=by,
        name="app-2",
        address="192.0.2.2",
        environment=stage.environment,
        credential=stage.host.credential,
    ),
    kinds.HOST_CHANGED: lambda stage, by: hosts.change_host(stage.host, by=by, port=2222),
    kinds.HOST_REMOVED: lambda stage, by: hosts.remove_host(stage.host, by=by),
    kinds.HOST_KEY_NOTED: lambda stage, by: host_keys.note_keys(
        stage.host, [HostKeyPin("ssh-rsa", make.KEY)], by=by
    ),
    kinds.HOST_KEY_CONFIRMED: lambda stage, by: host_keys.confirm_key(
        stage.host.keys.create(type="ssh-rsa", key=make.KEY), by=by
    ),
    kinds.HOST_KEY_FORGOTTEN: lambda stage, by: host_keys.forget_key(key(stage), by=by),
    kinds.ENVIRONMENT_ADDED: lambda _, by: environments.add_environment(
        by=by, slug="new", name="NEW"
    ),
    kinds.ENVIRONMENT_CHANGED: lambda stage, by: environments.change_environment(
        stage.environment, by=by, zone="dmz"
    ),
    kinds.POLICY_CHANGED: lambda stage, by: environments.change_environment(
        stage.environment, by=by, request_expires=90
    ),
    kinds.DECISION_MAKER_NAMED: lambda stage, by: decision_makers.name_decision_maker(
        stage.environment, by=by, user=stage.cast.vic, role="CTO", rung=3
    ),
    kinds.DECISION_MAKER_CHANGED: lambda stage, by: decision_makers.change_decision_maker(
        DecisionMaker.objects.get(user=stage.cast.sam), by=by, role="CTO", rung=3
    ),
    kinds.DECISION_MAKER_REMOVED: lambda stage, by: decision_makers.remove_decision_maker(
        DecisionMaker.objects.get(user=stage.cast.sam), by=by
    ),
    kinds.LADDER_REPLACED: lambda stage, by: decision_makers.replace_policy(
        stage.environment,
        by=by,
        ladder=[
            decision_makers.LadderLine(stage.cast.lee, "Deploy Lead", 1),
            decision_makers.LadderLine(stage.cast.vic, "CTO", 2),
        ],
    ),
}


@pytest.mark.parametrize("kind", ACTS)
def test_each_act_is_on_record_with_who_did_it(stage: Stage, kind: str) -> None:
    ACTS[kind](stage, stage.cast.ada)
    events = ConfigurationEvent.objects.filter(kind=kind)
    assert [event.by for event in events] == [stage.cast.ada]
    assert "swordfish" not in json.dumps([events[0].changes, events[0].facts])


@pytest.mark.parametrize("kind", ACTS)
def test_who_has_no_right_changes_nothing_and_leaves_no_event(stage: Stage, kind: str) -> None:
    before = ConfigurationEvent.objects.count()
    with pytest.raises(PermissionDenied):
        ACTS[kind](stage, stage.cast.lee)
    assert ConfigurationEvent.objects.count() == before


def test_a_lent_right_is_on_record_and_so_is_its_end(stage: Stage) -> None:
    lent = delegations.delegate_right(
        stage.environment, by=stage.cast.sam, to=stage.cast.vic, hours=8, reason="On leave"
    )
    delegations.revoke_delegation(lent, by=stage.cast.vic)
    given, revoked = ConfigurationEvent.objects.order_by("-seq")[:2][::-1]
    assert (given.kind, given.by, given.facts["person"]) == (
        kinds.DELEGATION_GIVEN,
        stage.cast.sam,
        "vic",
    )
    assert (revoked.kind, revoked.by) == (kinds.DELEGATION_REVOKED, stage.cast.vic)


def test_a_plan_is_on_record_with_the_hash_of_its_text(stage: Stage) -> None:
    revision = make.plan(stage)
    event = ConfigurationEvent.objects.filter(kind=kinds.PLAN_REVISED).last()
    assert event is not None
    assert (event.facts["document"], event.facts["revision"]) == (revision.sha256, revision.number)


def test_a_host_changed_meanwhile_is_not_overwritten_and_the_difference_is_named(
    stage: Stage,
) -> None:
    drawn = draw_version(stage.host, *hosts.RECORDED)
    hosts.change_host(stage.host, by=stage.cast.ada, address="192.0.2.9")
    with pytest.raises(StaleEdit, match=r"by ada at .*address was .* and is 192\.0\.2\.9"):
        hosts.change_host(stage.host, by=stage.cast.ada, port=2222, drawn_from=drawn)
    assert Host.objects.get(pk=stage.host.pk).port == stage.host.port


def test_an_environment_changed_meanwhile_is_not_overwritten(stage: Stage) -> None:
    drawn = draw_version(stage.environment)
    environments.change_environment(stage.environment, by=stage.cast.ada, request_expires=90)
    with pytest.raises(StaleEdit, match="request expires was 60 and is 90"):
        environments.change_environment(
            stage.environment, by=stage.cast.ada, start_expires=5, drawn_from=drawn
        )
    assert Environment.objects.get().start_expires == 60


def test_a_credential_changed_meanwhile_is_not_overwritten_and_shows_no_secret(
    stage: Stage,
) -> None:
    credential = stage.host.credential
    drawn = draw_version(credential)
    credentials.change_credential(credential, by=stage.cast.ada, password="first-swordfish")
    with pytest.raises(StaleEdit, match="password was") as refusal:
        credentials.change_credential(
            credential, by=stage.cast.ada, password="second-swordfish", drawn_from=drawn
        )
    assert "swordfish" not in str(refusal.value)
    assert Credential.objects.get().password == "first-swordfish"


@pytest.mark.parametrize("drawn", ["", "made-up", "e30:1:x"])
def test_a_form_that_does_not_say_what_it_was_drawn_from_is_refused(
    stage: Stage, drawn: str
) -> None:
    with pytest.raises(StaleEdit, match="Reload the page"):
        hosts.change_host(stage.host, by=stage.cast.ada, port=2222, drawn_from=drawn)


def test_two_of_one_name_are_a_sentence(stage: Stage) -> None:
    with pytest.raises(PlanError, match="There is a host named"):
        hosts.add_host(
            by=None,
            name=stage.host.name,
            address="192.0.2.3",
            environment=stage.environment,
            credential=stage.host.credential,
        )


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"name": "  "}, "name is 1 to 100 characters"),
        ({"name": "-oProxyCommand=x"}, "name is 1 to 100 characters"),
        ({"name": "key\u202e"}, "name is 1 to 100 characters"),
        ({"username": "-oProxyCommand=x"}, "account's name"),
        ({"username": "root; id"}, "account's name"),
        ({"private_key": "no key at all"}, "private key"),
    ],
)
def test_a_credential_is_made_of_good_parts_by_whatever_way(
    stage: Stage, parts: dict[str, str], sentence: str
) -> None:
    good: dict[str, str] = {"name": "second", "username": "deploy"}
    with pytest.raises(PlanError, match=sentence):
        credentials.add_credential(by=stage.cast.ada, **(good | parts))
    row = credentials.add_credential(by=stage.cast.ada, **good)
    with pytest.raises(PlanError, match=sentence):
        credentials.change_credential(row, by=stage.cast.ada, **parts)  # type: ignore[arg-type]


def test_the_slug_of_an_environment_stays(stage: Stage) -> None:
    with pytest.raises(PlanError, match="The URL slug staging stays"):
        environments.change_environment(stage.environment, by=stage.cast.ada, slug="other")
    environments.change_environment(stage.environment, by=stage.cast.ada, name="Other")


def test_no_group_and_host_of_an_environment_have_one_name(stage: Stage) -> None:
    by, host = stage.cast.ada, stage.host
    with pytest.raises(PlanError, match="app-1 is a host of STAGING"):
        host_groups.add_host_group(stage.environment, by=by, name=host.name)
    host_groups.add_host_group(stage.environment, by=by, name="db")
    with pytest.raises(PlanError, match="db is a group of STAGING"):
        hosts.change_host(host, by=by, name="db")
    other = environments.add_environment(by=by, slug="other", name="OTHER")
    host_groups.add_host_group(other, by=by, name=host.name)
    with pytest.raises(PlanError, match="app-1 is a group of OTHER"):
        hosts.change_host(host, by=by, environment=other)
