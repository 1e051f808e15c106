"""What can be asked of a host beforehand, without changing anything on it.

A probe is an argument list; a value is one of its arguments, never shell text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from rollback_console.documents.shell.command_patterns import bare, pieces, reads_like_command
from rollback_console.documents.shell.render import needs_bash
from rollback_console.engine.snapshot import Snapshot, StepSpec
from rollback_console.remote.protocol import Answer

from ..data_loss.migrations import words_of
from . import automated_checks

LEAST_SPACE = 256 * 1024 * 1024
"""Bytes that must be free where a step works; less is reported."""


class Verdict(StrEnum):
    """`unknown`: the host could not tell, which is neither good nor bad."""

    READY = "ready"
    NOT_READY = "not_ready"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Probe:
    """One question to one host about one step; `subject` is what it is about."""

    host: str
    position: int
    kind: str
    subject: str
    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the answer means: `detail` is a sentence, or a measure such as a size."""

    verdict: Verdict
    detail: str


_IN = 'cd "${1:-.}" 2>/dev/null || exit 90; '
# The nearest folder there is must be writable, with room for twice the newest dump.
_KEEP = (
    'd=$2; while [ ! -d "$d" ]; do d=$(dirname "$d"); done; [ -w "$d" ] || exit 1; '
    'df -Pk "$d" | tail -n 1; '
    'last=$(ls -t "$2"/*.dump 2>/dev/null | head -n 1); [ -z "$last" ] || wc -c <"$last"'
)
# A link as the runner makes them, and gone again: it takes no data block, so this is no write.
_RUNNER = (
    'd=$HOME/.local/state/rollback-console; mkdir -p "$d" 2>/dev/null && [ -w "$d" ] || '
    'd=/var/tmp; l=$d/.rollback-console-probe-$$; ln -s probe "$l" && rm -f "$l" && echo "$d"'
)
_SCRIPTS = {
    "folder": _IN + "pwd",
    "space": _IN + "df -Pk . | tail -n 1",
    "keep": _KEEP,
    "tool": _IN + 'command -v "$2"',
    "sudo": 'shift; sudo -n "$@" >/dev/null 2>&1 || '
    'sudo -n -l 2>/dev/null | grep -q "NOPASSWD: ALL"',
    "user": 'sudo -n -u "$2" true',
    "repository": _IN + '[ -z "$(git status --porcelain --untracked-files=no || echo none)" ]',
    "runner": _RUNNER,
    "commit": _IN + 'git rev-parse --verify --quiet "$2^{commit}"',
    "tag": _IN
    + 'git rev-parse --verify --quiet "refs/tags/$2^{commit}" || '
    + 'git ls-remote --exit-code --tags origin "refs/tags/$2"',
    "file": _IN + '[ -s "$2" ] || exit 1; wc -c <"$2"; date -r "$2" +%s; sha256sum -- "$2"',
    "directory": _IN + '[ -d "$2" ]',
    "unit": 'command -v systemctl >/dev/null || exit 91; systemctl cat -- "$2"',
    "migration": _IN
    + 'find . -path "*/migrations/$2*.py" -not -path "*/node_modules/*" | head -n 3 | grep .',
}
_MISSING = {
    "folder": "There is no folder {subject}, or it may not be entered.",
    "tool": "{subject} is not installed for this account.",
    "sudo": "This account may not run {subject} by sudo without a password.",
    "user": "This account may not become {subject} by sudo without a password.",
    "repository": "{subject} is no git repository, or holds changes that nobody committed.",
    "runner": "Nothing can be written where the runner keeps its logs.",
    "commit": "The commit {subject} is not in the repository there.",
    "tag": "The tag {subject} is neither there nor at origin.",
    "file": "There is no file {subject}, or it is empty.",
    "directory": "There is no folder {subject}.",
    "unit": "systemd knows no unit {subject}.",
    "migration": "No migration there begins with {subject}.",
    "keep": "No dump can be written to {subject}.",
    "space": "The free space could not be read.",
}
_NO_DATABASE = (
    "The database of {subject} does not answer from here{said}. Start it, or correct its address "
    "or this account's login."
)
_CANNOT_TELL = {90: "The step's folder cannot be entered.", 91: "This host has no systemd."}
# Part of every shell, so there is nothing to find.
_BUILT_IN = re.compile(
    r"cd|echo|exit|export|set|unset|true|false|if|then|fi|for|while|until|do|done|case|test|read"
    r"|printf|source|eval|exec|trap|wait|return|local|declare|type|command|alias|history"
)
_CHECKOUT = re.compile(r"\bgit\s+(?:checkout|reset|switch|revert)\b")
_UNIT = re.compile(
    r"\bsystemctl\s+(?:start|stop|restart|reload|status|is-active)\s+([\w@.:-]+)(?=\s*(?:$|[;&|]))",
    re.MULTILINE,
)
_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*|/[\w./+-]+")


def probes(snapshot: Snapshot, kinds: Mapping[str, str]) -> list[Probe]:
    """Everything worth asking before this runs, once per host.

    `kinds` maps parameter names to their kinds (documents.model.PlaceholderKind).
    """
    found: dict[tuple[str, str, str], Probe] = {}
    for probe in _health(snapshot):
        found[probe.host, probe.kind, probe.subject] = probe
    for step in snapshot.steps:
        for probe in _of_step(snapshot, step, kinds):
            found.setdefault((probe.host, probe.kind, probe.subject), probe)
    return list(found.values())


def _health(snapshot: Snapshot) -> Iterator[Probe]:
    for check in snapshot.checks:
        if check.look == "http":
            for host in check.hosts:
                yield Probe(host, 0, "health", check.target, tuple(automated_checks.argv(check, 0)))


def reading(probe: Probe, answer: Answer) -> Reading:
    """What a host's answer to a probe means."""
    if probe.kind == "health":
        return _answering(probe, answer)
    if probe.kind == "database":
        return _signing_in(probe, answer)
    if answer.exit_code in _CANNOT_TELL and probe.kind != "folder":
        return Reading(Verdict.UNKNOWN, _CANNOT_TELL[answer.exit_code])
    if answer.exit_code != 0:
        return Reading(Verdict.NOT_READY, _MISSING[probe.kind].format(subject=probe.subject))
    text = answer.output.decode(errors="replace").strip()
    match probe.kind:
        case "space":
            return _space(text, LEAST_SPACE)
        case "keep":
            return _keep(text)
        case "file":
            return _file(text)
        case _:
            return Reading(Verdict.READY, text.splitlines()[0][:200] if text else "Yes.")


def _of_step(snapshot: Snapshot, step: StepSpec, kinds: Mapping[str, str]) -> Iterator[Probe]:
    wanted = [
        *((("keep", step.keeps),) if step.keeps else ()),
        ("folder", step.cwd or "~"),
        ("space", step.cwd or "~"),
        ("runner", "~"),
        *((("user", step.user),) if step.user else ()),
        *((("repository", step.cwd or "~"),) if _moves_code(step.script) else ()),
        *(("unit", unit) for unit in dict.fromkeys(_UNIT.findall(step.script))),
        *(("tool", tool) for tool in _tools(step.script)),
        *([("tool", "bash")] if needs_bash(step.script) else []),
        *((kinds[name], snapshot.parameters[name]) for name in step.environment if name in kinds),
    ]
    for host in step.hosts:
        for kind, subject in wanted:
            if kind in _SCRIPTS and subject:
                argv = ("sh", "-c", _SCRIPTS[kind], "sh", step.cwd, subject)
                yield Probe(host, step.position, kind, subject, argv)
        for words in _by_sudo(step.script, snapshot.parameters):
            listed = ("sh", "-c", _SCRIPTS["sudo"], "sh", step.cwd, *_listed(words))
            yield Probe(host, step.position, "sudo", " ".join(words), listed)


def _moves_code(script: str) -> bool:
    return bool(_CHECKOUT.search(script)) and not re.search(r"(?m)^\s*cd\s", script)


def _listed(words: list[str]) -> list[str]:
    """`sudo -l` for exactly these words: whose account comes before, what runs after."""
    own = words[:2] if words[:1] == ["-u"] else []
    return [*own, "-l", *words[len(own) :]]


def _tools(script: str) -> list[str]:
    return _programs(bare(line) for line in _commands(script))


def _by_sudo(script: str, values: Mapping[str, str]) -> list[list[str]]:
    """What runs by sudo, word for word; only the program where a shell would do more."""
    found = {}
    for line in _commands(script):
        if line.startswith("sudo "):
            words = [word for word in words_of(line, values)[1:] if word != "-n"]
            bare = words or _programs([line[len("sudo") :]])[:1]
            found[" ".join(bare)] = bare
    return [words for words in found.values() if words]


def _commands(script: str) -> list[str]:
    """Lines that are commands: here-documents and comments hold words that are no programs."""
    return [line.strip() for line in pieces(script) if reads_like_command(line)]


def _programs(commands: Iterable[str]) -> list[str]:
    names: dict[str, None] = {}
    for command in commands:
        words = command.split()
        while words and (re.match(r"\w+=", words[0]) or words[0].startswith("-")):
            words.pop(0)
        if words and _WORD.fullmatch(words[0]) and not _BUILT_IN.fullmatch(words[0]):
            names[words[0]] = None
    return list(names)


def _answering(probe: Probe, answer: Answer) -> Reading:
    """A page that is down is what a rollback is for: it only has to be one that answers."""
    status = answer.output.decode(errors="replace").rpartition("\n")[2].strip()
    if answer.exit_code != 0 or not status.isdigit():
        return Reading(Verdict.UNKNOWN, f"{probe.subject} does not answer now.")
    return Reading(Verdict.READY, f"It answers {status} now.")


def _signing_in(probe: Probe, answer: Answer) -> Reading:
    if answer.exit_code in {90, 126, 127}:
        why = "the client is not there" if answer.exit_code > 90 else _CANNOT_TELL[90].lower()
        return Reading(Verdict.UNKNOWN, f"Nobody could ask {probe.subject}: {why.rstrip('.')}.")
    if answer.exit_code == 0:
        return Reading(Verdict.READY, f"The database of {probe.subject} answers.")
    lines = (answer.errors or answer.output).decode(errors="replace").strip().splitlines()
    said = f" ({lines[-1].strip()[:200]})" if lines else ""
    return Reading(Verdict.NOT_READY, _NO_DATABASE.format(subject=probe.subject, said=said))


def _keep(text: str) -> Reading:
    lines = text.splitlines()
    newest = int(lines[1]) if len(lines) > 1 and lines[1].strip().isdigit() else 0
    return _space(lines[0], max(LEAST_SPACE, 2 * newest))


def _space(text: str, least: int) -> Reading:
    fields = text.split()
    if len(fields) < 4 or not fields[3].isdigit():
        return Reading(Verdict.UNKNOWN, _MISSING["space"])
    free = int(fields[3]) * 1024
    verdict = Verdict.READY if free >= least else Verdict.NOT_READY
    return Reading(verdict, f"{size(free)} free.")


def _file(text: str) -> Reading:
    lines = text.splitlines()
    if len(lines) < 3:
        return Reading(Verdict.READY, "It is there.")
    written = datetime.fromtimestamp(int(lines[1]), UTC)
    digest = lines[2].split()[0]
    detail = f"{size(int(lines[0]))}, written {written:%Y-%m-%d %H:%M} UTC, SHA-256 {digest}."
    return Reading(Verdict.READY, detail)


def size(count: int) -> str:
    """Bytes for people, in binary units."""
    value, units = float(count), ["bytes", "KiB", "MiB", "GiB", "TiB"]
    while value >= 1024 and len(units) > 1:
        value /= 1024
        units.pop(0)
    return f"{value:.0f} {units[0]}" if units[0] == "bytes" else f"{value:.1f} {units[0]}"
