"""A document made true: every difference through the action that a page would call, in one
transaction, each on record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db import transaction

from rollback_console.access.actions import people
from rollback_console.access.errors import AccessError
from rollback_console.audit import kinds
from rollback_console.audit.record import record_change
from rollback_console.common.permission import may_do
from rollback_console.plans.actions import (
    credentials,
    decision_makers,
    environments,
    host_groups,
    host_keys,
    hosts,
    services,
)
from rollback_console.plans.actions import secrets as environment_secrets
from rollback_console.plans.actions.decision_makers import LadderLine
from rollback_console.plans.actions.hosts import HostFields
from rollback_console.plans.errors import PlanError
from rollback_console.plans.models import Credential, Environment, Host, HostGroup, Secret
from rollback_console.remote.keys import read_host_keys
from rollback_console.rollbacks.queries import lists

from .changes import ConfigurationChange, compare, mark_removals
from .document import (
    Configuration,
    ConfigurationError,
    CredentialEntry,
    EnvironmentEntry,
    HostEntry,
    PersonEntry,
)
from .export import RULES, SECRET_PARTS, export_configuration
from .secret_values import SecretValues, resolve_secrets


def preview_configuration(
    desired: Configuration, *, may_read: bool, prune: bool = False
) -> list[ConfigurationChange]:
    """What applying would change, in the order it would. Raises ConfigurationError.

    Without `may_read`, for a caller from elsewhere, every secret with a value counts as a change.
    """
    resolved, _ = resolve_secrets(desired, may_read=may_read, compare=may_read)
    changes = compare(export_configuration(), resolved)
    return mark_removals(changes) if prune else changes


@transaction.atomic
def apply_configuration(
    desired: Configuration, *, by: User | None, may_read: bool, prune: bool = False
) -> list[ConfigurationChange]:
    """Make the console what the document says, all or nothing; returns what that was.

    With `prune`, hosts, host groups, secrets and credentials that the document lacks are removed;
    services, environments and people stay: what ran belongs to them. Raises ConfigurationError,
    and PermissionDenied for who is no Admin.
    """
    if by is not None and not may_do(by, "plans.change_environment"):
        raise PermissionDenied("You may not apply a configuration. Ask an Admin.")
    resolved, values = resolve_secrets(desired, may_read=may_read)
    changes = compare(export_configuration(), resolved)
    changes = mark_removals(changes) if prune else changes
    writer = _Writer(resolved, values, by)
    try:
        writer.write(changes)
        writer.prune(changes)
    except (PlanError, AccessError, ValueError) as error:
        raise ConfigurationError([f"{writer.now}: {error}"]) from error
    _record(changes, by)
    return changes


def _record(changes: Sequence[ConfigurationChange], by: User | None) -> None:
    written = [change for change in changes if change.action != "left-over"]
    if written:
        record_change(kinds.CONFIGURATION_APPLIED, by=by, subject=None, changes=len(written))


@dataclass(slots=True)
class _Writer:
    """Carries changes out; `now` names what is being written, for the sentence of a failure."""

    desired: Configuration
    values: SecretValues
    by: User | None
    now: str = "The document"

    def write(self, changes: Sequence[ConfigurationChange]) -> None:
        """In the order of the sections; who decides comes last, when everybody is there."""
        self._each(changes, "services", self._service)
        self._each(changes, "credentials", self._credential)
        self._each(changes, "people", self._person)
        self._each(changes, "environments", self._environment)
        self._each(changes, "environments", self._rehearsed)
        self._each(changes, "secrets", self._secret)
        self._each(changes, "host_groups", self._group)
        self._each(_jumps_first(changes, self.desired), "hosts", self._host)
        self._each(changes, "environments", self._decision_makers)

    def prune(self, changes: Sequence[ConfigurationChange]) -> None:
        """Remove what the document lacks, in reverse: hosts before the groups they stand in."""
        left = [change for change in changes if change.action == "remove"]
        remove = {
            "hosts": self._remove_host,
            "host_groups": self._remove_group,
            "secrets": self._remove_secret,
            "credentials": self._remove_credential,
        }
        for section, act in remove.items():
            for change in left if section != "hosts" else _jumps_last(left):
                if change.section == section:
                    self.now = f"{section} {change.key}"
                    act(change.key)

    def _remove_host(self, name: str) -> None:
        host = Host.objects.get(name=name)
        if needing := lists.needing(host):
            numbers = ", ".join(map(str, needing))
            raise PlanError(f"It is needed by what is not over yet: rollback {numbers}.")
        hosts.remove_host(host, by=self.by)

    def _remove_group(self, key: str) -> None:
        slug, name = key.split("/")
        group = HostGroup.objects.get(environment__slug=slug, name=name)
        host_groups.remove_host_group(group, by=self.by)

    def _remove_secret(self, key: str) -> None:
        slug, name = key.split("/")
        secret = Secret.objects.get(environment__slug=slug, name=name)
        environment_secrets.remove_secret(secret, by=self.by)

    def _remove_credential(self, name: str) -> None:
        credentials.remove_credential(Credential.objects.get(name=name), by=self.by)

    def _each(
        self,
        changes: Iterable[ConfigurationChange],
        section: str,
        write: Callable[[ConfigurationChange], None],
    ) -> None:
        for change in changes:
            if change.section == section and change.action in {"add", "change"}:
                self.now = f"{section} {change.key}"
                write(change)

    def _service(self, change: ConfigurationChange) -> None:
        name = self.desired.services[change.key].name
        if change.action == "add":
            services.add_service(by=self.by, slug=change.key, name=name)
        else:
            raise PlanError("A service cannot be renamed: rollbacks are on record under its name.")

    def _credential(self, change: ConfigurationChange) -> None:
        entry: CredentialEntry = self.desired.credentials[change.key]
        parts: Any = {"username": entry.username, "certificate": entry.certificate}
        for part in SECRET_PARTS:
            if (change.key, part) in self.values.credentials:
                parts[part] = self.values.credentials[change.key, part]
            elif getattr(entry, part) is None:
                parts[part] = ""
        if change.action == "add":
            credentials.add_credential(by=self.by, name=change.key, **parts)
            return
        row = Credential.objects.get(name=change.key)
        credentials.change_credential(row, by=self.by, **parts)

    def _person(self, change: ConfigurationChange) -> None:
        entry: PersonEntry = self.desired.people[change.key]
        groups = self._groups(entry)
        names = {name: getattr(entry, name) for name in ("first_name", "last_name", "email")}
        if change.action == "add":
            # They choose a password behind an invitation, or sign in through the provider.
            people.add_person(
                by=self.by, username=change.key, password=None, groups=groups, **names
            )
            return
        person = User.objects.get(username=change.key)
        people.change_person(person, by=self.by, groups=groups, **names)

    def _groups(self, entry: PersonEntry) -> list[Group]:
        rows = {group.name: group for group in Group.objects.filter(name__in=entry.groups)}
        if missing := sorted(set(entry.groups) - rows.keys()):
            known = ", ".join(Group.objects.order_by("name").values_list("name", flat=True))
            raise PlanError(f"There is no group {', '.join(missing)}. Groups here are: {known}.")
        return list(rows.values())

    def _environment(self, change: ConfigurationChange) -> None:
        entry: EnvironmentEntry = self.desired.environments[change.key]
        rules = {name: getattr(entry, name) for name in RULES if name in change.fields}
        if change.action == "add":
            rules = {name: getattr(entry, name) for name in RULES}
            environments.add_environment(by=self.by, slug=change.key, **rules)
        elif rules:
            environments.change_environment(_environment(change.key), by=self.by, **rules)

    def _rehearsed(self, change: ConfigurationChange) -> None:
        """Names another environment, which may be new itself."""
        if "rehearses" in change.fields:
            slug = self.desired.environments[change.key].rehearses
            environments.change_environment(
                _environment(change.key),
                by=self.by,
                rehearses=_environment(slug) if slug else None,
            )

    def _secret(self, change: ConfigurationChange) -> None:
        slug, name = change.key.split("/")
        value = self.values.environments[slug, name]
        environment_secrets.set_secret(_environment(slug), by=self.by, name=name, value=value)

    def _group(self, change: ConfigurationChange) -> None:
        slug, name = change.key.split("/")
        host_groups.add_host_group(_environment(slug), by=self.by, name=name)

    def _decision_makers(self, change: ConfigurationChange) -> None:
        if "decision_makers" not in change.fields:
            return
        if change.action == "add" and not self.desired.environments[change.key].decision_makers:
            return
        lines = [
            LadderLine(_person(each.person), each.role, each.level)
            for each in self.desired.environments[change.key].decision_makers
        ]
        decision_makers.replace_policy(_environment(change.key), by=self.by, ladder=lines)

    def _host(self, change: ConfigurationChange) -> None:
        entry: HostEntry = self.desired.hosts[change.key]
        environment = _environment(entry.environment)
        fields = HostFields(
            environment=environment,
            address=entry.address,
            port=entry.port,
            credential=_find(Credential, "credential", name=entry.credential),
            jump=_find(Host, "host", name=entry.jump) if entry.jump else None,
            runner=entry.runner,
            older_algorithms=entry.older_algorithms,
        )
        groups = HostGroup.objects.filter(environment=environment, name__in=entry.groups)
        if change.action == "add":
            fields |= HostFields(name=change.key)
            host = hosts.add_host(by=self.by, groups=groups, **fields)
        else:
            row = Host.objects.get(name=change.key)
            host = hosts.change_host(row, by=self.by, groups=groups, **fields)
        self._keys(host, entry)

    def _keys(self, host: Host, entry: HostEntry) -> None:
        """Exactly the keys of the document are trusted: whoever wrote it has compared them."""
        if entry.keys is None:
            return
        pins = read_host_keys("\n".join(entry.keys)) if entry.keys else []
        for key in host_keys.note_keys(host, pins, by=self.by):
            if key.confirmed_at is None:
                host_keys.confirm_key(key, by=self.by)
        desired = {(pin.type, pin.key) for pin in pins}
        for key in host.keys.exclude(confirmed_at=None):
            if (key.type, key.key) not in desired:
                host_keys.forget_key(key, by=self.by)


def _environment(slug: str) -> Environment:
    environment: Environment = _find(Environment, "environment", slug=slug)
    return environment


def _person(username: str) -> User:
    person: User = _find(User, "person", username=username)
    return person


def _find(model: Any, what: str, **named: str) -> Any:
    row = model.objects.filter(**named).first()
    if row is None:
        name = next(iter(named.values()))
        raise PlanError(f"There is no {what} {name}: add it to the document, or correct the name.")
    return row


def _jumps_last(changes: Sequence[ConfigurationChange]) -> list[ConfigurationChange]:
    """Hosts that others are reached through after those others."""
    jumps = set(Host.objects.exclude(jump=None).values_list("jump__name", flat=True))
    return sorted(changes, key=lambda change: change.key in jumps)


def _jumps_first(
    changes: Sequence[ConfigurationChange], desired: Configuration
) -> list[ConfigurationChange]:
    """Hosts after those they are reached through; a loop is refused when it is saved."""

    def depth(key: str, seen: frozenset[str]) -> int:
        jump = desired.hosts[key].jump if key in desired.hosts else None
        return 0 if jump is None or jump in seen else 1 + depth(jump, seen | {jump})

    return sorted(changes, key=lambda change: depth(change.key, frozenset({change.key})))
