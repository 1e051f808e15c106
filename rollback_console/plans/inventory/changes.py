"""What differs from an approved snapshot, in words: what was changed, by whom, how long ago.

Who changed it is said only where the record of the configuration holds the very change: what was
written past the console is nobody's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from rollback_console.audit.fields import fingerprint
from rollback_console.audit.models import ConfigurationEvent
from rollback_console.common.people import display_name
from rollback_console.engine.snapshot import HostSpec, JumpSpec, Snapshot

from ..errors import HostRefused
from ..models import Host, Secret
from .digests import digest_secret
from .host_specs import confirmed_keys, host_spec, known_hosts, list_jumps


def changes_of_host(approved: HostSpec, host: Host | None, *, begun: bool = False) -> list[str]:
    """What differs from the approved host, as sentences that say who changed it and when."""
    if host is None:
        return [f"The host {approved.name} was removed after this was approved."]
    if not confirmed_keys(host):
        return [f"No key of the host {approved.name} is confirmed any more."]
    try:
        now = host_spec(host, _digests(approved))
    except HostRefused as error:
        return [str(error)]
    if begun or not approved.login:  # frozen before logins and routes were
        now = replace(now, login=approved.login, route=approved.route)
    if not approved.environment:
        now = replace(now, environment="")
    return _differences(host, approved, now)


def changes_of_secrets(approved: Mapping[str, str], rows: Mapping[str, Secret]) -> list[str]:
    """Which secrets have another value than the approved one, as sentences."""
    return [
        _secret_change(row)
        for name, row in sorted(rows.items())
        if name in approved and digest_secret(row, {approved[name]}) != approved[name]
    ]


def changes_since(approved: Snapshot) -> list[str]:
    """What is not as approved of hosts, of the ways to them, and of secrets, as sentences."""
    hosts = known_hosts(host.name for host in approved.hosts)
    changes = [
        sentence
        for each in approved.hosts
        for sentence in changes_of_host(each, hosts.get(each.name))
    ]
    secrets = Secret.objects.filter(
        environment__slug=approved.environment, name__in=approved.secrets
    ).select_related("environment")
    rows = {row.name: row for row in secrets}
    removed = [f"The secret {name} was removed." for name in sorted(approved.secrets.keys() - rows)]
    return [*changes, *removed, *changes_of_secrets(approved.secrets, rows)]


def _digests(approved: HostSpec) -> frozenset[str]:
    """The digests of the logins to a host and on the way to it."""
    return frozenset({approved.login, *(each.login for each in approved.route)} - {""})


def _differences(host: Host, approved: HostSpec, now: HostSpec) -> list[str]:
    name = approved.name
    sentences = [*_plain_changes(host, approved, now)]
    if approved.environment != now.environment:
        what = f"{name} was moved from {approved.environment} to {now.environment}"
        sentences.append(_sentence(what, _change_of(host, "environment", str(host.environment))))
    if [each.name for each in approved.route] != [each.name for each in now.route] or (
        approved.jump != now.jump
    ):
        what = f"The way to {name} was changed: {_way(approved)}, and now {_way(now)}"
        sentences.append(_sentence(what, _change_of(host, "jump", str(host.jump))))
        return sentences
    # What was frozen before there were routes has none to compare.
    for before, after, jump in zip(approved.route, now.route, list_jumps(host), strict=False):
        sentences += _plain_changes(jump, before, after)
    return sentences


def _plain_changes(
    host: Host, approved: HostSpec | JumpSpec, now: HostSpec | JumpSpec
) -> Iterator[str]:
    name = approved.name
    for field in ("address", "port"):
        old, new = getattr(approved, field), getattr(now, field)
        if old != new:
            what = f"The {field} of {name} was changed from {old} to {new}"
            yield _sentence(what, _change_of(host, field, str(new)))
    if approved.username != now.username:
        what = f"The account on {name} was changed from {approved.username} to {now.username}"
        yield _sentence(what, _login_change(host))
    elif approved.login != now.login:
        yield _sentence(f"The credential of {name} was changed", _login_change(host))
    if approved.fingerprints != now.fingerprints:
        yield _sentence(f"The confirmed host keys of {name} were changed", _key_change(host))


def _secret_change(row: Secret) -> str:
    what = f"The secret {row.name} of {row.environment} was changed"
    events = _events("secret", row.pk)
    match = next((e for e in events if _holds(e, "value", fingerprint(row.value))), None)
    return _sentence(what, match)


def _way(host: HostSpec) -> str:
    return " then ".join(each.name for each in reversed(host.route)) or host.jump or "directly"


def _change_of(host: Host, field: str, value: str) -> ConfigurationEvent | None:
    return next((each for each in _events("host", host.pk) if _holds(each, field, value)), None)


def _login_change(host: Host) -> ConfigurationEvent | None:
    """Another credential of the host, or other contents of its credential: the later of both."""
    credential = host.credential
    other = _change_of(host, "credential", str(credential))
    contents = next(
        (
            event
            for event in _events("credential", credential.pk)
            if all(
                pair[1] in {getattr(credential, field, None), fingerprint(_text(credential, field))}
                for field, pair in event.changes.items()
            )
        ),
        None,
    )
    both = [each for each in (other, contents) if each is not None]
    return max(both, key=lambda event: event.seq, default=None)


def _text(row: object, field: str) -> str:
    value = getattr(row, field, "")
    return value if isinstance(value, str) else ""


def _key_change(host: Host) -> ConfigurationEvent | None:
    events = ConfigurationEvent.objects.filter(kind__startswith="host_key.").order_by("-seq")[:_FEW]
    named = {host.name, str(host)}
    return next((each for each in events if each.facts.get("host") in named), None)


def _events(subject_type: str, key: int) -> list[ConfigurationEvent]:
    rows = ConfigurationEvent.objects.filter(subject_type=subject_type, subject_id=str(key))
    return list(rows.order_by("-seq")[:_FEW])


_FEW = 20


def _holds(event: ConfigurationEvent, field: str, value: str) -> bool:
    """Whether the event made the field what it is now."""
    pair = event.changes.get(field)
    return bool(pair) and str(pair[1]) == value


def _sentence(what: str, event: ConfigurationEvent | None) -> str:
    if event is None:
        return f"{what}."
    name = display_name(event.by)
    return f"{what} by {name or event.by_name or event.door}, {_ago(event.at)}."


def _ago(at: datetime) -> str:
    minutes = int((datetime.now(UTC) - at) / timedelta(minutes=1))
    for size, unit in ((24 * 60, "day"), (60, "hour"), (1, "minute")):
        if (number := minutes // size) > 0:
            return f"{number} {unit}{'s' * (number > 1)} ago"
    return "just now"
