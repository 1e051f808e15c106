"""The questions that a snapshot raises: what is asked of which host, as whom, and how.

A probe is an argument list; a value is one of its arguments, never shell text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from rollback_console.documents.shell.render import needs_bash
from rollback_console.engine.snapshot import Snapshot, StepSpec

from . import automated_checks, step_commands
from .probe_scripts import HOST_QUESTIONS, PLAIN, shell
from .targets import Targets

_FILES = frozenset({"keep", "migration"})
"""Kinds that tell of files in folders of the plan: plain below a folder that an Admin named."""


class ProbeVerdict(StrEnum):
    """`unknown`: the host could not tell, which is neither good nor bad."""

    READY = "ready"
    NOT_READY = "not_ready"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Probe:
    """One question to one host about one step; `subject` is what it is about.

    `argv` asks it as `account` ("" is the one that signs in) in `folder`; `server` is where it
    connects to. It `needs_approval` when it runs, opens or reads something that the plan names.
    A `refusal` says why it is never asked. `settles` is false where a "no" decides nothing.
    """

    host: str
    position: int
    kind: str
    subject: str
    argv: tuple[str, ...] = ()
    account: str = ""
    folder: str = ""
    server: str = ""
    needs_approval: bool = False
    refusal: str = ""
    settles: bool = True


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """What a host's answer means: `detail` is a sentence, or a measure such as a size."""

    verdict: ProbeVerdict
    detail: str


def probes(snapshot: Snapshot, kinds: Mapping[str, str], targets: Targets) -> list[Probe]:
    """Everything worth asking before this runs, once per host and account.

    `kinds` maps parameter names to their kinds (documents.model.PlaceholderKind).
    """
    by_subject: dict[tuple[str, str, str, str], Probe] = {}
    for probe in _page_probes(snapshot, targets):
        by_subject[probe.host, probe.kind, probe.subject, probe.account] = probe
    fetches = any(step_commands.fetches(step.script) for step in snapshot.steps)
    for step in snapshot.steps:
        for probe in _StepProbes(snapshot, step, kinds, targets, fetches).all():
            by_subject.setdefault((probe.host, probe.kind, probe.subject, probe.account), probe)
    return list(by_subject.values())


def _page_probes(snapshot: Snapshot, targets: Targets) -> Iterator[Probe]:
    for check in snapshot.checks:
        if check.look == "http":
            refusal = targets.page_refusal(check.target)
            for host in check.hosts:
                yield Probe(
                    host,
                    0,
                    "health",
                    check.target,
                    tuple(automated_checks.check_command(check, 0)),
                    account=check.user,
                    folder=check.cwd,
                    server=check.target,
                    needs_approval=True,
                    refusal=refusal,
                )


@dataclass(frozen=True, slots=True)
class _StepProbes:
    """The questions of one step, on each of its hosts."""

    snapshot: Snapshot
    step: StepSpec
    kinds: Mapping[str, str]
    targets: Targets
    fetches: bool

    def all(self) -> Iterator[Probe]:
        for host in self.step.hosts:
            for kind, subject in self._subjects():
                if subject and (kind in PLAIN or kind in HOST_QUESTIONS):
                    yield self._probe(host, kind, subject)
            yield from self._sudo(host)

    def _subjects(self) -> list[tuple[str, str]]:
        step, values = self.step, self.snapshot.parameters
        named = [
            (self.kinds[name], values[name]) for name in step.environment if name in self.kinds
        ]
        tags = [subject for kind, subject in named if kind == "tag"]
        return [
            *((("keep", step.keeps),) if step.keeps else ()),
            ("folder", step.cwd or "~"),
            ("space", step.cwd or "~"),
            ("runner", "~"),
            *((("user", step.user),) if step.user else ()),
            *((("repository", step.cwd or "~"),) if step_commands.moves_code(step.script) else ()),
            *(("unit", unit) for unit in step_commands.units(step.script)),
            *(("tool", tool) for tool in step_commands.tools(step.script)),
            *([("tool", "bash")] if needs_bash(step.script) else []),
            *named,
            *(("origin", tag) for tag in tags if self.fetches),
        ]

    def _probe(self, host: str, kind: str, subject: str) -> Probe:
        # The runner is the signing-in account's, whoever runs the step.
        account = "" if kind == "runner" else self.step.user
        script = HOST_QUESTIONS.get(kind) or PLAIN[kind]
        plain = kind not in HOST_QUESTIONS and self._may_tell_of_files(kind, subject)
        more = self.targets.folders if kind == "file" or (kind in _FILES and plain) else ()
        return Probe(
            host,
            self.step.position,
            kind,
            subject,
            shell(account, script, self.step.cwd, subject, *more),
            account=account,
            folder=self.step.cwd,
            server="origin" if kind == "origin" else "",
            needs_approval=not plain,
            refusal=_account_refusal(account) or self._file_refusal(kind, subject),
            settles=not (kind == "tag" and self.fetches)
            and not self._found_by_login(kind, subject),
        )

    def _found_by_login(self, kind: str, subject: str) -> bool:
        """Whether the step finds the program by a PATH that only its login shell has."""
        return kind == "tool" and self.step.login and "/" not in subject

    def _may_tell_of_files(self, kind: str, subject: str) -> bool:
        """Whether what is asked about lies where an Admin lets anybody measure files."""
        folder = {"keep": subject, "migration": self.step.cwd}.get(kind)
        return folder is None or self.targets.holds(folder)

    def _file_refusal(self, kind: str, subject: str) -> str:
        if kind != "file" or self.targets.folders:
            return ""
        return (
            f"{subject} is in no folder whose files may be measured in {self.targets.environment}. "
            "An Admin can name one in the environment's settings."
        )

    def _sudo(self, host: str) -> Iterator[Probe]:
        step = self.step
        for account, words in step_commands.sudo_commands(step.script, self.snapshot.parameters):
            target = ["-u", account] if account else []
            yield Probe(
                host,
                step.position,
                "sudo",
                " ".join([*target, *words]),
                shell(step.user, PLAIN["sudo"], step.cwd, *target, "--", *words),
                account=step.user,
                folder=step.cwd,
                refusal=_account_refusal(step.user),
            )


def _account_refusal(account: str) -> str:
    if not account or step_commands.is_account(account):
        return ""
    return f"“{account}” is no account's name."
