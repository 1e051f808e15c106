"""From a host's answer to a probe to what it means, in a sentence."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from rollback_console.common.host_numbers import read_number
from rollback_console.remote.protocol import Answer, RunnerKind
from rollback_console.remote.shell_text import CANNOT_ENTER

from .probe_scripts import UNREADABLE
from .probes import Probe, ProbeAnswer, ProbeVerdict

LEAST_SPACE = 256 * 1024 * 1024
"""Bytes that must be free where a step works; less is reported."""

OLDEST_PYTHON = (3, 6)
"""The oldest that the console's agent runs on."""

_NO_PYTHON = (
    "This host is to run commands by Python and has no Python 3.6 or newer. Install it, or let an "
    "Admin choose another runner on the host's page."
)
_LAST_SECOND = 253_402_300_799  # of the year 9999
_FAILED = {
    "folder": "There is no folder {subject}, or it may not be entered.",
    "tool": "{subject} is not installed for this account.",
    "sudo": "This account may not run {subject} by sudo.",
    "user": "This account may not become {subject} by sudo without a password.",
    "repository": "{subject} is no git repository, or holds changes that nobody committed.",
    "runner": "Nothing can be written where the runner keeps its logs.",
    "commit": "The commit {subject} is not in the repository there.",
    "tag": "The tag {subject} is not in the repository there.",
    "origin": "The tag {subject} is neither there nor at origin.",
    "file": "There is no file {subject}, or it is empty.",
    "directory": "There is no folder {subject}.",
    "unreadable": "{subject} may not be read by this account.",
    "unit": "systemd knows no unit {subject}.",
    "migration": "No migration there begins with {subject}.",
    "keep": "No dump can be written to {subject}.",
    "space": "The free space could not be read.",
}
_NO_DATABASE = (
    "The database of {subject} does not answer from here{reason}. Start it, or correct its address "
    "or this account's login."
)
_UNANSWERED = {
    CANNOT_ENTER: "The step's folder cannot be entered.",
    91: "This host has no systemd that answers.",
    95: "It is in no folder whose files may be measured. An Admin can name one in the "
    "environment's settings.",
}
# The last line of `df -P`: blocks, used, available, capacity, mount point. What comes before them
# is the device, whose name may hold spaces; the reserve of root can make what is left negative.
_DF = re.compile(r"\s\d+\s+-?\d+\s+(-?\d+)\s+(?:\d+%|-)\s+(/.*)$", re.MULTILINE)
_NOBODY = "It could not be asked: the program that answers ended with {code}."
_WHY_NOT_TRIED = {
    3: "the client made no attempt",
    CANNOT_ENTER: "the step's folder cannot be entered",
    124: "it took too long",
    126: "the client is not there",
    127: "the client is not there",
}
_REFUSAL = re.compile(
    rb"(?m)^sudo: |is not in the sudoers|is not allowed to (?:run|execute)|may not run sudo"
)
_PASSWD = re.compile(r"(?<!NO)PASSWD:")
_OF_ONE = re.compile(r"\s*Defaults\s*[!>:@]")
# One line of `sudo -l`: "(deploy : deploy) NOPASSWD: /usr/bin/id, /usr/bin/ls".
_SUDO_RULE = re.compile(r"\s+\(([^)]*)\)\s+(.*)")
# Signing in failed because the console asks without the password or the method the step has.
_NOT_TRIED = re.compile(
    r"fe_sendauth: no password supplied|authentication method requirement|"
    r"[Pp]lugin \S+ (?:could not|cannot) be loaded",
)


def interpret_answer(
    probe: Probe, answer: Answer, runner: RunnerKind = RunnerKind.AUTO
) -> ProbeAnswer:
    """What a host's answer to a probe means. `runner` is what is to run commands there."""
    if probe.kind == "health":
        return _page(probe, answer)
    if probe.kind == "database":
        return _database(probe, answer)
    if probe.account and probe.kind != "user" and _sudo_refused(answer):
        reason = f"This account may not become {probe.account} by sudo, so nobody could ask."
        return ProbeAnswer(ProbeVerdict.UNKNOWN, reason)
    if answer.exit_code in _UNANSWERED and probe.kind != "folder":
        return ProbeAnswer(ProbeVerdict.UNKNOWN, _UNANSWERED[answer.exit_code])
    if _nobody_answered(probe, answer.exit_code):
        return ProbeAnswer(ProbeVerdict.UNKNOWN, _NOBODY.format(code=answer.exit_code))
    if answer.exit_code != 0:
        return _failed(probe, answer.exit_code)
    text = answer.output.decode(errors="replace").strip()
    match probe.kind:
        case "space":
            return _space(probe.subject, text, LEAST_SPACE)
        case "keep":
            return _keep(probe.subject, text)
        case "file":
            return _file(text)
        case "sudo":
            return _sudo(probe, text)
        case "unit":
            return _unit(probe, text)
        case "runner":
            return _runner(text, runner)
        case _:
            return ProbeAnswer(ProbeVerdict.READY, text.splitlines()[0][:200] if text else "Yes.")


def size(count: int) -> str:
    """Bytes for people, in binary units."""
    value, units = float(count), ["bytes", "KiB", "MiB", "GiB", "TiB"]
    while value >= 1024 and len(units) > 1:
        value /= 1024
        units.pop(0)
    return f"{value:.0f} {units[0]}" if units[0] == "bytes" else f"{value:.1f} {units[0]}"


def _failed(probe: Probe, code: int) -> ProbeAnswer:
    unreadable = probe.kind == "file" and code == UNREADABLE
    sentence = _FAILED["unreadable" if unreadable else probe.kind].format(subject=probe.subject)
    if probe.settles:
        return ProbeAnswer(ProbeVerdict.NOT_READY, sentence)
    return ProbeAnswer(ProbeVerdict.UNKNOWN, f"{sentence} The steps fetch, so origin may have it.")


def _runner(text: str, runner: RunnerKind) -> ProbeAnswer:
    """The folder of the runner's logs, and a line with the version of Python if there is one."""
    folder, _, version = text.partition("\n")
    major, minor = (read_number(word) or 0 for word in [*version.split(), "", ""][:2])
    if runner is not RunnerKind.SHELL and (major, minor) >= OLDEST_PYTHON:
        carrier = f"Python {major}.{minor} runs commands"
    elif runner is RunnerKind.PYTHON:
        return ProbeAnswer(ProbeVerdict.NOT_READY, _NO_PYTHON)
    else:
        carrier = "The host's shell runs commands"
    return ProbeAnswer(ProbeVerdict.READY, f"{carrier} and keeps their logs in {folder[:200]}.")


def _sudo_refused(answer: Answer) -> bool:
    return answer.exit_code == 1 and bool(_REFUSAL.search(answer.errors))


def _nobody_answered(probe: Probe, code: int) -> bool:
    """Whether an exit code says that a program could not be asked, and nothing of the answer.

    A shell may leave with 127 for a tool that is not there: that is the answer.
    """
    if code < 124:  # of timeout; then: not to be run, not there, what git says, killed
        return probe.kind == "origin" and code not in {0, 2}
    return not (probe.kind == "tool" and code == 127)


def _page(probe: Probe, answer: Answer) -> ProbeAnswer:
    """A page that is down is what a rollback is for: it only has to be one that answers."""
    status = read_number(answer.output.decode(errors="replace").rstrip().rpartition("\n")[2])
    if answer.exit_code != 0 or status is None:
        return ProbeAnswer(ProbeVerdict.UNKNOWN, f"{probe.subject} does not answer now.")
    return ProbeAnswer(ProbeVerdict.READY, f"It answers {status} now.")


def _database(probe: Probe, answer: Answer) -> ProbeAnswer:
    if answer.exit_code in {3, 90} or answer.exit_code >= 124:
        reason = _WHY_NOT_TRIED.get(answer.exit_code, f"it ended with {answer.exit_code}")
        sentence = f"Nobody could ask {probe.subject}: {reason.rstrip('.')}."
        return ProbeAnswer(ProbeVerdict.UNKNOWN, sentence)
    if answer.exit_code == 0:
        return ProbeAnswer(ProbeVerdict.READY, f"The database of {probe.subject} answers.")
    lines = (answer.errors or answer.output).decode(errors="replace").strip().splitlines()
    last = lines[-1].strip()[:200] if lines else ""
    if _NOT_TRIED.search(last):
        return ProbeAnswer(ProbeVerdict.UNKNOWN, f"{probe.subject} was not signed in to: {last}.")
    reason = f" ({last})" if last else ""
    return ProbeAnswer(
        ProbeVerdict.NOT_READY, _NO_DATABASE.format(subject=probe.subject, reason=reason)
    )


def _keep(folder: str, text: str) -> ProbeAnswer:
    lines = text.splitlines()
    if not lines:
        return ProbeAnswer(ProbeVerdict.UNKNOWN, _FAILED["space"])
    newest = read_number(lines[1]) if len(lines) > 1 else 0
    if newest is None:
        return ProbeAnswer(ProbeVerdict.UNKNOWN, "The size of the newest dump could not be read.")
    return _space(folder, lines[0], max(LEAST_SPACE, 2 * newest))


def _space(folder: str, text: str, least: int) -> ProbeAnswer:
    fields = _DF.search(text)
    available = read_number(fields[1].removeprefix("-")) if fields else None
    if fields is None or available is None:
        return ProbeAnswer(ProbeVerdict.UNKNOWN, _FAILED["space"])
    free = 0 if fields[1].startswith("-") else available * 1024
    where = f"{size(free)} free in {folder}, on {fields[2]}"
    if free >= least:
        return ProbeAnswer(ProbeVerdict.READY, f"{where}.")
    return ProbeAnswer(ProbeVerdict.NOT_READY, f"{where}; {size(least)} are needed.")


def _file(text: str) -> ProbeAnswer:
    lines = text.splitlines()
    count, seconds = (read_number(line) for line in [*lines, "", ""][:2])
    if count is None or seconds is None or seconds > _LAST_SECOND:
        return ProbeAnswer(ProbeVerdict.READY, "It is there.")
    written = datetime.fromtimestamp(seconds, UTC)
    return ProbeAnswer(ProbeVerdict.READY, f"{size(count)}, written {written:%Y-%m-%d %H:%M} UTC.")


def _sudo(probe: Probe, listing: str) -> ProbeAnswer:
    """`sudo -l COMMAND` said that it is allowed; these are all rules of the account."""
    if listing == "root" or _is_never_asked(listing):
        return ProbeAnswer(ProbeVerdict.READY, "Allowed without a password.")
    words = probe.subject.split()
    target = words[1] if words[:1] == ["-u"] else "root"
    rules = [match for line in listing.splitlines() if (match := _SUDO_RULE.match(line))]
    own = [rule[2] for rule in rules if _is_for(rule[1], target)]
    asks_some = bool(_PASSWD.search(listing))
    if own and all("NOPASSWD:" in rule for rule in own) and not asks_some:
        return ProbeAnswer(ProbeVerdict.READY, "Allowed without a password.")
    if own and not any("NOPASSWD:" in rule for rule in own) and "!authenticate" not in listing:
        sentence = f"This account may run {probe.subject} by sudo only with a password."
        return ProbeAnswer(ProbeVerdict.NOT_READY, sentence)
    sentence = "sudo allows it; whether without a password cannot be told from its rules."
    return ProbeAnswer(ProbeVerdict.UNKNOWN, sentence)


def _is_never_asked(listing: str) -> bool:
    """Whether a default that holds for everything says so; one for a single command does not."""
    defaults = [line for line in listing.splitlines() if not _OF_ONE.match(line)]
    words = re.split(r"[\s,]+", " ".join(defaults))
    return "!authenticate" in words and "authenticate" not in words


def _unit(probe: Probe, state: str) -> ProbeAnswer:
    """A unit that systemd knows and cannot start is no unit to rely on."""
    if state == "loaded":
        return ProbeAnswer(ProbeVerdict.READY, "loaded")
    if state in {"masked", "bad-setting", "error"}:
        sentence = f"systemd cannot start {probe.subject}: the unit is {state}."
        return ProbeAnswer(ProbeVerdict.NOT_READY, sentence)
    return ProbeAnswer(ProbeVerdict.UNKNOWN, f"systemd says “{state[:40]}” of {probe.subject}.")


def _is_for(accounts: str, target: str) -> bool:
    names = re.split(r"[\s,]+", accounts.partition(":")[0].strip())
    return bool({target, "ALL"} & set(names))
