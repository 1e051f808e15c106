"""Rights that one Admin proposes and another one confirms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Unpack, cast

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from rollback_console.audit import kinds
from rollback_console.audit.integrity.row_ledger import added, changed
from rollback_console.audit.record import record_change
from rollback_console.plans.actions.credentials import change_credential
from rollback_console.plans.actions.decision_makers import (
    change_decision_maker,
    name_decision_maker,
)
from rollback_console.plans.actions.environments import change_environment
from rollback_console.plans.actions.host_keys import confirm_key, require_reason
from rollback_console.plans.actions.hosts import HostFields, add_host, change_host, remove_host
from rollback_console.plans.actions.second_admin import is_second, rules_of
from rollback_console.plans.models import Credential, Environment, Host, HostGroup, HostKey
from rollback_console.plans.permission import require_admin
from rollback_console.rollbacks import db_clock

from ..errors import AccessError
from ..models import PendingChange
from ..scope_limits import ScopeLimit
from .groups import limit_group
from .passwords import check_password_rules, set_password_hash
from .people import activate_person, grant_break_glass, make_admin, rename_person
from .second_factors import reset_second_factor

LIFE = timedelta(days=7)


def open_changes() -> QuerySet[PendingChange]:
    """Those that wait for a second Admin, the newest first."""
    rows = PendingChange.objects.filter(state=PendingChange.OPEN, expires_at__gt=Now())
    return rows.select_related("subject", "environment", "proposed_by")


def propose_break_glass(person: User, *, by: User) -> PendingChange:
    """That a person may start without approval. Nobody proposes themselves."""
    if by.pk == person.pk:
        raise AccessError("Another Admin must give you that right.")
    return _propose(PendingChange.BREAK_GLASS, person, by=by)


def propose_decision_maker(
    environment: Environment, *, by: User, user: User, role: str, rung: int
) -> PendingChange:
    """That a person decides in an environment."""
    details = {"role": role, "rung": rung}
    return _propose(
        PendingChange.DECISION_MAKER, user, by=by, environment=environment, details=details
    )


def propose_password(person: User, *, by: User, password: str) -> PendingChange:
    """That a person gets a new password; only its hash is kept. Raises WeakPassword."""
    check_password_rules(password, person)
    return _propose(
        PendingChange.PASSWORD, person, by=by, details={"hash": make_password(password)}
    )


def propose_admin(person: User, *, by: User) -> PendingChange:
    """That a person becomes Admin."""
    return _propose(PendingChange.ADMIN, person, by=by)


def propose_second_factor_reset(person: User, *, by: User) -> PendingChange:
    """That a person loses their second factor."""
    if by.pk == person.pk:
        raise AccessError("Another Admin must reset your second factor.")
    return _propose(PendingChange.SECOND_FACTOR, person, by=by)


def propose_activation(person: User, *, by: User) -> PendingChange:
    """That a person who was deactivated signs in again."""
    return _propose(PendingChange.ACTIVATION, person, by=by)


def propose_rules(environment: Environment, *, by: User, **rules: Any) -> PendingChange:
    """That other rules of approval hold there; `rules` are those of `rules_of` that differ."""
    row = Environment.objects.get(pk=environment.pk)
    details = {**rules_of(row), **rules}
    return _propose(PendingChange.RULES, by, by=by, environment=row, details=details)


def propose_names(person: User, *, by: User, **names: str) -> PendingChange:
    """That somebody who can ease an approval signs in, or is told, under another name."""
    return _propose(PendingChange.NAMES, person, by=by, details=names)


def propose_host(
    *,
    by: User,
    host: Host | None = None,
    groups: Iterable[HostGroup] | None = None,
    **fields: Unpack[HostFields],
) -> PendingChange:
    """That a machine of stricter rules is added, or reached otherwise; `fields` are those of it."""
    name = host.name if host else fields["name"]
    details: dict[str, Any] = {
        "act": "change" if host else "add",
        "host": host.pk if host else None,
        "fields": {key: getattr(value, "pk", value) for key, value in fields.items()},
        "groups": None if groups is None else [group.pk for group in groups],
        "sentence": f"the host {name} is {'changed' if host else 'added'}: {_host_words(fields)}",
    }
    environment = fields["environment"]
    return _propose(PendingChange.HOST, by, by=by, environment=environment, details=details)


def propose_host_removal(host: Host, *, by: User) -> PendingChange:
    """That a host of stricter rules is removed."""
    sentence = f"the host {host} is removed from {host.environment}"
    details = {"act": "remove", "host": host.pk, "sentence": sentence}
    return _propose(PendingChange.HOST, by, by=by, environment=host.environment, details=details)


def propose_host_key(key: HostKey, *, by: User, reason: str = "") -> PendingChange:
    """That a key of a machine of stricter rules is trusted for another host.

    Raises KeyWasRemoved where `confirm_key` would.
    """
    sentence = f"{key.fingerprint} is confirmed as {key.host}"
    details = {"act": "key", "key": key.pk, "sentence": sentence}
    if facts := require_reason(key, reason):
        details |= facts
        details["sentence"] = f"{sentence}, although it was removed before: {facts['reason']}"
    environment = key.host.environment
    return _propose(PendingChange.HOST, by, by=by, environment=environment, details=details)


def propose_account(credential: Credential, *, by: User, username: str) -> PendingChange:
    """That a credential of machines of stricter rules signs in to another account."""
    host = credential.hosts.filter(environment__second_admin=True).first()
    sentence = f"{credential.name} signs in as {username}, no longer as {credential.username}"
    details = {
        "act": "account",
        "credential": credential.pk,
        "username": username,
        "sentence": sentence,
    }
    environment = host.environment if host else None
    return _propose(PendingChange.HOST, by, by=by, environment=environment, details=details)


def propose_limit(group: Group, *, by: User, limit: ScopeLimit) -> PendingChange:
    """That a group which may start without approval holds elsewhere too."""
    details = {
        "group": group.pk,
        "environments": list(limit.environments),
        "services": list(limit.services),
        "sentence": f"{group}, which may start rollbacks without approval, holds in: {limit}",
    }
    return _propose(PendingChange.LIMIT, by, by=by, details=details)


@transaction.atomic
def confirm_change(change: PendingChange, *, by: User) -> PendingChange:
    """Do it. Neither who proposed it nor whom it is for confirms it. Raises AccessError."""
    row = _decide(change, PendingChange.CONFIRMED, by=by)
    _carry_out(row, confirmed_by=by)
    record_change(
        kinds.RIGHT_CONFIRMED,
        by=by,
        subject=_about(row),
        change=row.sentence,
        proposed_by=row.proposed_by.get_username(),
        rows=[changed(row, "state", "decided_by", "decided_at", "details")],
    )
    return row


@transaction.atomic
def refuse_change(change: PendingChange, *, by: User) -> PendingChange:
    """It does not happen; who proposed it may take it back so too."""
    row = _decide(change, PendingChange.REFUSED, by=by)
    rows, about = [changed(row, "state", "decided_by", "decided_at")], _about(row)
    record_change(kinds.RIGHT_REFUSED, by=by, subject=about, change=row.sentence, rows=rows)
    return row


@transaction.atomic
def _propose(
    kind: str,
    person: User,
    *,
    by: User,
    environment: Environment | None = None,
    details: dict[str, Any] | None = None,
) -> PendingChange:
    require_admin(by)
    change = PendingChange.objects.create(
        kind=kind,
        subject=person,
        environment=environment,
        details=details or {},
        proposed_by=by,
        proposed_at=Now(),
        expires_at=db_clock.later(LIFE),
    )
    change.refresh_from_db()
    facts: dict[str, Any] = {"change": change.sentence, "rows": [added(change)]}
    record_change(kinds.RIGHT_PROPOSED, by=by, subject=_about(change), **facts)
    return change


def _about(change: PendingChange) -> User | Environment | None:
    of_place = change.kind in {PendingChange.RULES, PendingChange.HOST}
    return change.environment if of_place else change.subject


def _decide(change: PendingChange, state: str, *, by: User) -> PendingChange:
    require_admin(by)
    concerned = {change.proposed_by_id, change.subject_id}
    if state == PendingChange.CONFIRMED and by.pk in concerned:
        raise AccessError("An Admin who neither proposed this nor gains by it must confirm it.")
    if state == PendingChange.CONFIRMED and not is_second(change.proposed_by, by):
        raise AccessError(
            "Your account is younger than a day, or its password or second factor was reset "
            "within a day: another Admin must confirm this."
        )
    rows = open_changes().filter(pk=change.pk)
    if not rows.update(state=state, decided_by=by, decided_at=Now()):
        raise AccessError("This was decided already, or waited for more than a week.")
    return PendingChange.objects.select_related("subject", "environment", "proposed_by").get(
        pk=change.pk
    )


def _carry_out(row: PendingChange, *, confirmed_by: User) -> None:
    person, proposer = row.subject, row.proposed_by
    require_admin(proposer)
    if row.kind == PendingChange.BREAK_GLASS:
        grant_break_glass(person, by=proposer, confirmed_by=confirmed_by)
    elif row.kind == PendingChange.ADMIN:
        make_admin(person, by=proposer, confirmed_by=confirmed_by)
    elif row.kind == PendingChange.SECOND_FACTOR:
        reset_second_factor(person, by=proposer, confirmed_by=confirmed_by)
    elif row.kind == PendingChange.PASSWORD:
        set_password_hash(person, row.details["hash"], by=proposer, confirmed_by=confirmed_by)
        PendingChange.objects.filter(pk=row.pk).update(details={})
    elif row.kind == PendingChange.ACTIVATION:
        activate_person(person, by=proposer, confirmed_by=confirmed_by)
    elif row.kind == PendingChange.HOST:
        _carry_out_host(row.details, by=proposer, confirmed_by=confirmed_by)
    elif row.kind == PendingChange.LIMIT:
        _carry_out_limit(row.details, by=proposer, confirmed_by=confirmed_by)
    elif row.kind == PendingChange.NAMES:
        rename_person(person, by=proposer, confirmed_by=confirmed_by, **row.details)
    elif row.kind == PendingChange.RULES:
        assert row.environment is not None  # noqa: S101  every change of that kind has one
        change_environment(row.environment, by=proposer, confirmed_by=confirmed_by, **row.details)
    else:
        assert row.environment is not None  # noqa: S101  every change of that kind has one
        _carry_out_decision_maker(row, row.environment, confirmed_by=confirmed_by)


def _carry_out_limit(details: Mapping[str, Any], *, by: User, confirmed_by: User) -> None:
    group = Group.objects.filter(pk=details["group"]).first()
    if group is None:
        raise AccessError("The group is gone.")
    limit = ScopeLimit.of(details["environments"], details["services"])
    limit_group(group, by=by, limit=limit, confirmed_by=confirmed_by)


def _carry_out_decision_maker(
    row: PendingChange, environment: Environment, *, confirmed_by: User
) -> None:
    """A new line of the ladder, or another role of somebody who stands there already."""
    by, person = row.proposed_by, row.subject
    maker = environment.decision_makers.filter(user=person).first()
    if maker is None:
        name_decision_maker(
            environment, by=by, user=person, confirmed_by=confirmed_by, **row.details
        )
    else:
        change_decision_maker(maker, by=by, confirmed_by=confirmed_by, **row.details)


def _carry_out_host(details: Mapping[str, Any], *, by: User, confirmed_by: User) -> None:
    """The rows may have gone meanwhile: then a sentence says so."""
    try:
        _write_host(details, by=by, confirmed_by=confirmed_by)
    except (
        Credential.DoesNotExist,
        Host.DoesNotExist,
        HostKey.DoesNotExist,
        KeyError,
    ) as error:
        raise AccessError("What this is about is gone: propose it anew.") from error


def _write_host(details: Mapping[str, Any], *, by: User, confirmed_by: User) -> None:
    if details["act"] == "key":
        key, reason = HostKey.objects.get(pk=details["key"]), details.get("reason", "")
        confirm_key(key, by=by, confirmed_by=confirmed_by, reason=reason)
    elif details["act"] == "account":
        credential = Credential.objects.get(pk=details["credential"])
        username = details["username"]
        change_credential(credential, by=by, confirmed_by=confirmed_by, username=username)
    elif details["act"] == "remove":
        remove_host(Host.objects.get(pk=details["host"]), by=by, confirmed_by=confirmed_by)
    else:
        fields, chosen = _host_fields(details["fields"]), details["groups"]
        if not str(details["sentence"]).endswith(f": {_host_words(fields)}"):
            raise AccessError(
                "What this names was changed since, such as the account of its credential: "
                "propose it anew."
            )
        groups = None if chosen is None else HostGroup.objects.filter(pk__in=chosen)
        if details["act"] == "add":
            add_host(by=by, confirmed_by=confirmed_by, groups=groups or (), **fields)
        else:
            host = Host.objects.get(pk=details["host"])
            change_host(host, by=by, confirmed_by=confirmed_by, groups=groups, **fields)


def _host_fields(kept: Mapping[str, Any]) -> HostFields:
    """Rows where the proposal holds their keys. Raises KeyError for one that is gone."""
    models: dict[str, Any] = {"environment": Environment, "credential": Credential, "jump": Host}
    fields = {
        name: models[name].objects.in_bulk([value])[value] if name in models and value else value
        for name, value in kept.items()
    }
    return cast(HostFields, fields)


def _host_words(fields: Mapping[str, Any]) -> str:
    names = ("address", "port", "environment", "credential", "jump")
    return ", ".join(f"{name} {fields[name]}" for name in names if fields.get(name))
