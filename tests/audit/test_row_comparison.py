"""Whoever changes the configuration in the database itself is named, column by column."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.db import connection, models, transaction
from django.db.models.functions import Now

from rollback_console.access.actions import groups as group_actions
from rollback_console.access.actions import invitations, passwords, pending_changes, people, tokens
from rollback_console.access.scope_limits import ScopeLimit
from rollback_console.audit import kinds
from rollback_console.audit.integrity.protected_tables import TABLES, columns_of, model_of
from rollback_console.audit.integrity.row_comparison import accept_rows, configuration_row_flaws
from rollback_console.audit.models import ConfigurationEvent
from rollback_console.deployments.actions import deployments, documents, freeze_windows, overrides
from rollback_console.outbox.actions import targets
from rollback_console.plans.acknowledgement import list_findings
from rollback_console.plans.actions import (
    credentials,
    decision_makers,
    delegations,
    environments,
    host_groups,
    host_keys,
    hosts,
    plans,
    secrets,
    services,
)
from rollback_console.plans.actions import host_questions as questions
from rollback_console.plans.models import (
    DecisionMaker,
    Environment,
    HostQuestion,
    Revision,
    Service,
)
from rollback_console.plans.snapshot.deployment_facts import DeploymentFacts
from rollback_console.postmortems.actions import issues
from rollback_console.proposals.actions import integrations
from rollback_console.remote.protocol import HostKeyPin
from rollback_console.rollbacks.actions import pins
from rollback_console.rollbacks.permissions import groups
from rollback_console.rollbacks.permissions.groups import rows_of_roles
from rollback_console.watch.actions import triggers
from tests import make
from tests.make import Stage

pytestmark = pytest.mark.django_db

COLUMNS = [(label, column) for label in TABLES for column in columns_of(label)]


def named() -> list[str]:
    return [flaw.what for flaw in configuration_row_flaws(rows_of_roles())]


@pytest.fixture
def whole(stage: Stage) -> Stage:
    """A console with a row in every protected table, each made by the action that makes it."""
    accept_rows(rows_of_roles(), unknown_only=True)
    by, dana = stage.cast.ada, stage.cast.dana
    other = environments.add_environment(by=by, slug="other", name="OTHER")
    service = services.add_service(by=by, slug="shop", name="Shop")
    credential = credentials.add_credential(by=by, name="second", username="deploy")
    group = host_groups.add_host_group(other, by=by, name="app")
    host = hosts.add_host(
        by=by,
        name="app-9",
        address="192.0.2.9",
        environment=other,
        credential=credential,
        groups=[group],
    )
    (key,) = host_keys.note_keys(host, [HostKeyPin("ssh-rsa", make.KEY)], by=by)
    host_keys.confirm_key(key, by=by)
    secrets.set_secret(other, by=by, name="DB", value="swordfish")
    decision_makers.name_decision_maker(other, by=by, user=dana, role="CTO", rung=1)
    delegations.delegate_right(other, by=dana, to=stage.cast.vic, hours=8)
    text = make.PLAN.replace("# Rollback Plan", "# Another Plan").encode()
    plans.import_document(text, by=by, service=service, environment=other)
    approve_question(make.requested(stage).revision, by=stage.cast.lee)
    acknowledge_first(Revision.objects.earliest("pk"), by=by)
    pins.pin(service, version="1.2.3", by=by, reason="It loses orders")
    person = people.add_person(by=by, username="kim", password="a long pass phrase 7")
    limit = ScopeLimit.of(["other"], [])
    group_actions.add_group(by=by, name="Night shift", like=groups.OPERATOR, limit=limit)
    invitations.invite_person(by=by, username="kit")
    pending_changes.propose_admin(person, by=by)
    make.token(by, name="ci", scopes=["read"])
    targets.add_target(by=by, name="chat", url="https://example.org/hook", topics=["decide"])
    issues.add_tracker(
        by=by, kind="github", project="https://192.0.78.9/acme/shop", token="ghp_example"
    )
    integrations.add_integration(by=by, name="alerts", kind="generic", environment=other)
    record_deployment(by, service, other)
    overrides.override_guard(
        by=dana, service=service, environment=other, version="1.2.3", reason="The only build"
    )
    assert named() == []
    return stage


def test_each_column_that_is_changed_in_the_database_is_named(whole: Stage) -> None:
    assert [column for column in COLUMNS if not names_a_change_of(*column)] == []


def test_each_row_that_is_added_or_removed_in_the_database_is_named(whole: Stage) -> None:
    assert [label for label in TABLES if not names_a_removal_from(label)] == []
    assert [label for label in TABLES if not names_an_addition_to(label)] == []


def test_an_act_of_somebody_honest_vouches_for_nothing_that_was_changed_before(
    whole: Stage,
) -> None:
    row = Environment.objects.get(slug="other")
    Environment.objects.filter(pk=row.pk).update(approvals_data=1)
    environments.change_environment(row, by=whole.cast.ada, zone="dmz")
    assert named() == [
        "the approvals data of the environment OTHER is not the one on record, which event "
        f"{first_event_about(row)} wrote last"
    ]


def test_what_the_events_say_of_rows_cannot_be_changed_with_them(whole: Stage) -> None:
    DecisionMaker.objects.filter(environment__slug="other").update(role="Deploy Lead")
    event = ConfigurationEvent.objects.get(kind=kinds.DECISION_MAKER_NAMED)
    key = f"plans.decisionmaker:{row_of('plans.decisionmaker').pk}"
    assert event.rows is not None
    rows = {key: {**event.rows[key], "role": "Deploy Lead"}}
    ConfigurationEvent.objects.filter(pk=event.pk).update(rows=rows)
    assert named() == []
    assert f"event {event.seq} was changed" in sentences()


def test_every_act_keeps_rows_and_events_together(whole: Stage) -> None:
    for act in ACTS:
        act(whole)
        assert named() == [], act


def test_secrets_still_compare_after_the_key_was_changed(whole: Stage, settings: Any) -> None:
    settings.AUDIT_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key of the console, as long as one should be 1234567890"
    assert named() == []
    whole.environment.secrets.model.objects.update(value="another")
    assert any("the value of the secret" in each for each in named())


def test_a_password_that_django_hashes_anew_stays_on_record(whole: Stage, settings: Any) -> None:
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.ScryptPasswordHasher",
        *settings.PASSWORD_HASHERS,
    ]
    kim = User.objects.get(username="kim")
    assert kim.check_password("a long pass phrase 7")
    assert ConfigurationEvent.objects.filter(kind=kinds.PASSWORD_REHASHED).count() == 1
    assert named() == []


def test_rows_are_accepted_on_record_as_an_alarm(whole: Stage) -> None:
    whole.environment.decision_makers.update(rung=7)
    call_command("verify_audit", "--accept-rows", stdout=StringIO())
    assert sentences() == ""
    event = ConfigurationEvent.objects.get(kind=kinds.ROWS_ACCEPTED, facts__count=2)
    assert event.door == "command line"


def test_after_an_upgrade_rows_without_an_event_are_accepted_and_changed_ones_are_not(
    whole: Stage,
) -> None:
    Environment.objects.create(slug="older", name="OLDER")
    whole.environment.decision_makers.update(rung=7)
    assert "no event tells of the environment OLDER" in sentences()
    with pytest.raises(CommandError, match="the rung of the decision maker"):
        call_command("verify_audit", "--accept-unsealed", stdout=StringIO())
    assert "OLDER" not in sentences()


def test_a_right_that_was_added_to_a_role_is_named(whole: Stage) -> None:
    viewers = Group.objects.get(name=groups.VIEWER)
    viewers.permissions.add(*Group.objects.get(name=groups.ADMIN).permissions.all())
    assert "the permissions of the group Viewer is not the one on record" in named()


def record_deployment(by: User, service: Service, environment: Environment) -> None:
    items = "- [ ] Orders arrive\n"
    for title in ("Deployment plan", "Post-deployment checklist"):
        made = deployments.record_deployment(
            by=by, service=service, environment=environment, version="2", facts=DeploymentFacts()
        )
        documents.add_document(made, by=by, data=f"# {title}\n## At once (0-15 min)\n{items}")
        items *= 2
    now = datetime.now(UTC)
    freeze_windows.add_freeze_window(
        by=by,
        environment=environment,
        reason="Quarter's end",
        starts_at=now,
        ends_at=now + timedelta(days=1),
    )
    triggers.bind_trigger(
        by=by,
        service=service,
        environment=environment,
        fields={
            "text": "Health check fails",
            "severity": "critical",
            "automatic": True,
            "kind": "http",
            "probe": {"url": "https://1.1.1.1/"},
            "every": 30,
            "failures": 3,
        },
    )


def approve_question(revision: Revision, *, by: User) -> None:
    question = HostQuestion.objects.create(
        plan=revision.plan,
        revision=revision,
        sha256="0" * 64,
        kind="page",
        host="app-1",
        address="192.0.2.1",
        account="deploy",
        at=Now(),
    )
    questions.approve_host_question(question, by=by, sha256=question.sha256)


def acknowledge_first(revision: Revision, *, by: User) -> None:
    key = next(one.key for one in list_findings(revision) if one.may_stay)
    plans.acknowledge_finding(revision, by=by, finding=key, reason="It is meant so")


def sentences() -> str:
    try:
        call_command("verify_audit", stdout=StringIO())
    except CommandError as error:
        return str(error)
    return ""


def first_event_about(row: models.Model) -> int:
    events = ConfigurationEvent.objects.filter(subject_id=str(row.pk))
    return events.filter(subject_type=row._meta.model_name).earliest("seq").seq


ACTS: list[Callable[[Stage], object]] = [
    lambda stage: environments.change_environment(
        stage.environment, by=None, readiness_rule="block"
    ),
    lambda stage: decision_makers.change_decision_maker(
        DecisionMaker.objects.filter(user=stage.cast.sam)[0], by=None, role="CTO", rung=3
    ),
    lambda stage: decision_makers.remove_decision_maker(
        DecisionMaker.objects.filter(user=stage.cast.sam)[0], by=None
    ),
    lambda stage: decision_makers.replace_policy(
        stage.environment,
        by=None,
        ladder=[
            decision_makers.LadderLine(stage.cast.lee, "Deploy Lead", 1),
            decision_makers.LadderLine(stage.cast.vic, "CTO", 2),
        ],
    ),
    lambda stage: decision_makers.replace_policy(
        stage.environment,
        by=None,
        ladder=[
            decision_makers.LadderLine(stage.cast.lee, "Deploy Lead", 1),
            decision_makers.LadderLine(stage.cast.vic, "CTO", 2),
        ],
    ),
    lambda _: delegations.revoke_delegation(row_of("plans.delegation"), by=admin()),
    lambda _: credentials.change_credential(
        row_of("plans.credential"), by=None, username="other", password="swordfish"
    ),
    lambda _: hosts.change_host(row_of("plans.host"), by=None, port=2222, groups=[]),
    lambda _: host_keys.forget_key(row_of("plans.hostkey"), by=None),
    lambda _: hosts.remove_host(row_of("plans.host"), by=None),
    lambda _: host_groups.remove_host_group(row_of("plans.hostgroup"), by=None),
    lambda _: credentials.remove_credential(row_of("plans.credential"), by=None),
    lambda stage: secrets.set_secret(
        Environment.objects.get(slug="other"), by=None, name="DB", value="another"
    ),
    lambda _: secrets.remove_secret(row_of("plans.secret"), by=None),
    lambda _: questions.withdraw_host_question(row_of("plans.hostquestion"), by=admin()),
    lambda _: plans.bind_steps(row_of("plans.revision"), by=admin(), bindings={"hosts": "app-1"}),
    lambda _: plans.withdraw_acknowledgement(
        (row := row_of("plans.acknowledgement")).revision, by=admin(), finding=row.finding
    ),
    lambda _: pins.lift_pin(row_of("rollbacks.pin"), by=admin(), reason="It was another one"),
    lambda _: pending_changes.confirm_change(row_of("access.pendingchange"), by=second()),
    lambda _: group_actions.limit_group(
        row_of("auth.group"), by=None, limit=ScopeLimit.of([], ["shop"])
    ),
    lambda _: people.grant_break_glass(row_of("auth.user"), by=admin()),
    lambda _: people.revoke_break_glass(row_of("auth.user"), by=None),
    lambda _: people.set_roles(row_of("auth.user"), by=None, roles=[groups.VIEWER]),
    lambda _: people.change_person(
        row_of("auth.user"), by=None, groups=Group.objects.all(), first_name="Kim"
    ),
    lambda _: passwords.set_password(row_of("auth.user"), by=None, password="another phrase 8"),
    lambda _: people.deactivate_person(row_of("auth.user"), by=None),
    lambda _: people.activate_person(row_of("auth.user"), by=None),
    lambda _: tokens.revoke_token(row_of("api.token"), by=None),
    lambda _: targets.change_target(
        row_of("outbox.target"),
        by=admin(),
        name="chat 2",
        url="https://example.org/other",
        topics=["decide"],
        environment=None,
        personal=False,
        is_active=False,
    ),
    lambda _: targets.renew_secret(row_of("outbox.target"), by=admin()),
    lambda _: targets.remove_target(row_of("outbox.target"), by=admin()),
    lambda _: issues.remove_tracker(row_of("postmortems.issuetracker"), by=admin()),
    lambda _: integrations.renew_secret(row_of("proposals.integration"), by=admin()),
    lambda _: integrations.change_integration(
        row_of("proposals.integration"), by=admin(), name="alerts 2", plan=None
    ),
    lambda _: integrations.remove_integration(row_of("proposals.integration"), by=admin()),
]


def row_of(label: str) -> Any:
    """The newest protected row of a table."""
    return model_of(label)._base_manager.filter(**TABLES[label].where).latest("pk")


def admin() -> User:
    return User.objects.get(username="ada")


def second() -> User:
    """Another Admin, whose account is older than a day."""
    user = people.add_person(
        by=None,
        username="bea",
        password="one more long phrase 9",
        groups=Group.objects.filter(name=groups.ADMIN),
    )
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    User.objects.filter(pk=user.pk).update(date_joined=long_ago)
    accept_rows(rows_of_roles(), unknown_only=False)
    return User.objects.get(pk=user.pk)


@contextmanager
def undone_afterwards() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def names_a_change_of(label: str, column: str) -> bool:
    """Whether a change of this column, in the newest row of its table, is named."""
    row = row_of(label)
    with undone_afterwards():
        change(row, row._meta.get_field(column))
        words = column.replace("_", " ")
        return any(f"the {words} of the {TABLES[label].noun}" in what for what in named()) or (
            column in TABLES[label].where and "is not there any more" in named()[0]
        )


def names_a_removal_from(label: str) -> bool:
    with undone_afterwards(), foreign_keys_off():
        row = row_of(label)
        model_of(label)._base_manager.filter(pk=row.pk)._raw_delete("default")
        return any(f"(number {row.pk}," in what for what in named())


def names_an_addition_to(label: str) -> bool:
    with undone_afterwards():
        row = row_of(label)
        for column in row._meta.concrete_fields:
            if column.unique or column.name in UNIQUE_WITH_ANOTHER:
                setattr(row, column.attname, other_value(row, column))
        row.pk = None
        row._state.adding = True
        row.save(force_insert=True)
        return any(
            what.startswith(f"no event tells of the {TABLES[label].noun}") for what in named()
        )


UNIQUE_WITH_ANOTHER = {
    "finding",
    "key",
    "kind",
    "name",
    "number",
    "position",
    "sha256",
    "user",
}


@contextmanager
def foreign_keys_off() -> Iterator[None]:
    """As somebody does who works in the database itself; SQLite asks at the commit alone."""
    with connection.cursor() as cursor:
        if connection.vendor == "mysql":
            cursor.execute("SET foreign_key_checks=0")
        yield
        if connection.vendor == "mysql":
            cursor.execute("SET foreign_key_checks=1")


def change(row: Any, column: Any) -> None:
    if column.many_to_many:
        related = getattr(row, column.name)
        if related.exists():
            related.clear()
        else:
            related.add(column.related_model._base_manager.earliest("pk"))
    else:
        rows = type(row)._base_manager.filter(pk=row.pk)
        rows.update(**{column.name: other_value(row, column)})


def other_value(row: Any, column: Any) -> Any:
    """Another value than the row has, that the database takes."""
    old = getattr(row, column.attname)
    if column.is_relation:
        return column.related_model._base_manager.exclude(pk=old).earliest("pk").pk
    match column:
        case models.BooleanField():
            return not old
        case models.IntegerField():
            return old + 1
        case models.DateTimeField():
            return datetime(2020, 1, 1, tzinfo=UTC)
        case models.JSONField():
            return ["another"]
        case models.UUIDField():
            return uuid4()
        case models.BinaryField():
            return b"another"
    return f"x{old}"[: column.max_length]
