"""What was approved, frozen: canonical JSON and its SHA-256.

A snapshot holds names of secrets, never their values.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property, lru_cache
from typing import Any, Self

KINDS = frozenset({"command", "manual"})
ON_FAILURE = frozenset({"pause", "continue", "abort"})


@dataclass(frozen=True, slots=True)
class JumpSpec:
    """A host on the way to another, as approved; its fields are those of HostSpec."""

    name: str
    address: str
    port: int
    username: str
    fingerprints: tuple[str, ...]
    login: str = ""


@dataclass(frozen=True, slots=True)
class HostSpec:
    """A host as approved: `fingerprints` are SHA256:… of its confirmed keys, sorted.

    `login` is a keyed digest of the credential, which shows a change and nothing else; `route`
    are the jump hosts, the nearest to the host first. Both are empty in what was frozen before
    there were any.
    """

    name: str
    address: str
    port: int
    username: str
    fingerprints: tuple[str, ...]
    jump: str = ""
    environment: str = ""
    login: str = ""
    route: tuple[JumpSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class StepSpec:
    """One step as approved.

    `position` counts from 1, and `label` is the number that people know it by: the author's, with
    a letter for what the console put behind it; "" in what was frozen before there was one.
    `kind` is command or manual. `hosts` are HostSpec names (empty for a manual step).
    `environment` and `secrets` name the parameters and secrets it may read. `time_limit` and
    `retry_delay` are seconds; `rolling` is how many hosts may work at once, 0 for all; `retry` is
    how often a failed attempt is repeated unasked. `canary`: one host goes first, then a person
    is asked. `expect` is text the output must hold. `undo` is the position of the step that
    undoes this one, 0 for none; such a step is `standby`: it runs only when a person asks for it.
    `idempotent`: the plan says that running it again does no harm. `keeps` is the folder in which
    a step leaves a dump of the database, "" for every other step. `restores`: it puts back the
    dump that this rollback itself has on record, whose path, size and checksum it is given when
    it is launched. `strict`: its shell fails at an unset variable and where any part of a pipe
    fails. `login`: its shell first reads what a login reads.
    """

    position: int
    title: str
    kind: str = "command"
    script: str = ""
    instructions: str = ""
    hosts: tuple[str, ...] = ()
    cwd: str = ""
    user: str = ""
    environment: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    time_limit: int = 3600
    on_failure: str = "pause"
    retry: int = 0
    retry_delay: int = 5
    rolling: int = 0
    canary: bool = False
    expect: str = ""
    undo: int = 0
    standby: bool = False
    idempotent: bool = False
    gate: bool = False
    destructive: bool = False
    keeps: str = ""
    restores: bool = False
    strict: bool = True
    login: bool = False
    condition: str = ""
    warnings: tuple[str, ...] = ()
    source: str = ""
    label: str = ""

    @property
    def number(self) -> str:
        """What people call it: the author's number, or `3a` for what stands behind step 3."""
        return self.label or str(self.position)


@dataclass(frozen=True, slots=True)
class CheckSpec:
    """One verification item, answered after the last step.

    A person answers it, or where `look` is http, log or command the console does, by looking
    at `target` on every host of `hosts`; the rest is documents.plan_config.CheckConfig.
    """

    key: str
    text: str
    look: str = ""
    target: str = ""
    status: int = 0
    holds: str = ""
    without: tuple[str, ...] = ()
    at_least: int | None = None
    at_most: int | None = None
    hosts: tuple[str, ...] = ()
    cwd: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class PolicySpec:
    """Who must agree: `quorum` people, one of them of `required_role` where that is set.

    Expiries are minutes: unanswered requests after `request_expires`, unstarted approvals
    after `start_expires`; the next rung is asked each `escalate_after`. `second_person`: what
    goes past approved steps, or opens a destructive one, takes two people.
    """

    quorum: int = 1
    required_role: str = ""
    request_expires: int = 60
    start_expires: int = 60
    escalate_after: int = 10
    second_person: bool = False


@dataclass(frozen=True)
class Snapshot:
    """Everything that decides what will run. Two equal snapshots have one hash.

    `time_limit` is seconds for the whole rollback, from its start; 0 for none. When it has
    passed, nothing more starts before a person allows more time. Steps before `start_at` are
    not run: they were, by the rollback of the number `continues`. Automated checks have to
    hold for `settle` seconds. `secrets` holds, by name, a keyed digest of the value of each
    secret that a step reads.
    """

    plan: str
    revision: int
    revision_sha256: str
    title: str
    service: str
    environment: str
    production: bool
    procedure: str
    steps: tuple[StepSpec, ...]
    hosts: tuple[HostSpec, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)
    checks: tuple[CheckSpec, ...] = ()
    policy: PolicySpec = PolicySpec()
    time_limit: int = 0
    start_at: int = 1
    continues: int = 0
    settle: int = 0
    secrets: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Canonical JSON: sorted keys, no spaces, UTF-8 text kept as it is."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @property
    def sha256(self) -> str:
        """SHA-256 of the canonical JSON, in hexadecimal."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The snapshot written by `to_json`. Raises ValueError for anything else."""
        try:
            raw = json.loads(text)
            return cls(
                **{
                    **raw,
                    "steps": tuple(_tuples(StepSpec, each) for each in raw["steps"]),
                    "hosts": tuple(_host(each) for each in raw["hosts"]),
                    "checks": tuple(_tuples(CheckSpec, each) for each in raw["checks"]),
                    "policy": _tuples(PolicySpec, raw["policy"]),
                }
            )
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"This is not a snapshot: {error}") from error

    def host(self, name: str) -> HostSpec:
        """The host of that name. Raises KeyError when the snapshot has none."""
        return self._hosts_by_name[name]

    @cached_property
    def _hosts_by_name(self) -> dict[str, HostSpec]:
        """Made once: a step on thousands of hosts asks for each of them."""
        return {host.name: host for host in self.hosts}

    @property
    def digests(self) -> frozenset[str]:
        """Every keyed digest it holds."""
        logins = {host.login for host in self.hosts}
        on_the_way = {jump.login for host in self.hosts for jump in host.route}
        return frozenset({*logins, *on_the_way, *self.secrets.values()} - {""})

    def step(self, position: int) -> StepSpec:
        """The step at `position`, counted from 1."""
        return self.steps[position - 1]

    @property
    def start_number(self) -> str:
        """What people call the step that is the first to run."""
        return self.number_of(self.start_at)

    def number_of(self, position: int) -> str:
        """What people call the step at `position`; the position itself where there is none."""
        known = 1 <= position <= len(self.steps)
        return self.step(position).number if known else str(position)


parse_snapshot = lru_cache(maxsize=256)(Snapshot.from_json)
"""`Snapshot.from_json`, once a text."""


def difference(old: Snapshot, new: Snapshot) -> list[tuple[str, Any, Any]]:
    """What changed, as (dotted path, old, new), in the order of the paths; empty only for snapshots
    of one hash."""
    before, after = _by_path(old), _by_path(new)
    changes = [
        (path, before.get((path, count)), after.get((path, count)))
        for path, count in sorted(before.keys() | after.keys())
        if before.get((path, count), _ABSENT) != after.get((path, count), _ABSENT)
    ]
    return changes or _moved("hosts", old.hosts, new.hosts) + _moved(
        "checks", old.checks, new.checks
    )


_ABSENT = object()


def _by_path(snapshot: Snapshot) -> dict[tuple[str, int], Any]:
    """Each value by its path and how often that path came before: nothing keeps two hosts of a
    snapshot from having one name."""
    counts: Counter[str] = Counter()
    values: dict[tuple[str, int], Any] = {}
    for path, value in _flat(json.loads(snapshot.to_json())):
        values[path, counts[path]] = value
        counts[path] += 1
    return values


def _moved(path: str, old: tuple[Any, ...], new: tuple[Any, ...]) -> list[tuple[str, Any, Any]]:
    """The order alone, where everything else is the same."""
    before, after = ([name for name, _ in _named(each)] for each in _listed(old, new))
    return [(path, before, after)] if before != after else []


def _listed(*parts: tuple[Any, ...]) -> list[list[dict[str, Any]]]:
    return [[asdict(each) for each in part] for part in parts]


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict | list) or not value:
        yield path, value
        return
    for key, inner in value.items() if isinstance(value, dict) else _named(value):
        yield from _flat(inner, f"{path}.{key}" if path else str(key))


def _named(values: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Hosts by their name and checks by their key, so that a path names what it is about."""
    for number, value in enumerate(values, start=1):
        names = value if isinstance(value, dict) else {}
        yield names.get("name") or names.get("key") or number, value


def _host(raw: dict[str, Any]) -> HostSpec:
    route = tuple(_tuples(JumpSpec, each) for each in raw.get("route", ()))
    return _tuples(HostSpec, {**raw, "route": route})  # type: ignore[no-any-return]


def _tuples(kind: type[Any], raw: dict[str, Any]) -> Any:
    known = {each.name for each in fields(kind)}
    return kind(
        **{
            key: tuple(value) if isinstance(value, list) else value
            for key, value in raw.items()
            if key in known
        }
    )
