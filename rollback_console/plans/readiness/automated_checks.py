"""Checks that answer themselves: from a plan's head into what is approved, and from a host's
answer into a verdict with its evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rollback_console.common.host_numbers import first_number, read_number
from rollback_console.documents.markdown.folded_text import fold, slug
from rollback_console.documents.model import Check
from rollback_console.documents.plan_config import CheckConfig
from rollback_console.engine.snapshot import CheckSpec
from rollback_console.remote.protocol import Answer
from rollback_console.remote.shell_text import AS_A_STEP, enter_folder

from .log_lines import MOST_BYTES, LogLines, lines_since, read_head
from .probe_scripts import shell

MOST_ENTRIES = 4000
"""How many entries of a journal are read."""

# What the console's own text could not do is said by name on standard error: an exit code alone
# could be that of a program it started.
_MARK = "rollback-console-check: "
_IN = f"""\
cannot() {{ echo "{_MARK}$1" >&2; exit 99; }}
{enter_folder(otherwise="cannot enter")}
"""
# Neither way follows to another address, nor speaks anything but HTTP.
_HTTP = """\
case $2 in
[Hh][Tt][Tt][Pp]://* | [Hh][Tt][Tt][Pp][Ss]://*) ;;
*) cannot speak ;;
esac
if command -v curl >/dev/null; then
  curl -q -sS -g -m 10 --proto '=http,https' -o - -w '\\n%{http_code}' -- "$2"
elif command -v python3 >/dev/null; then
  python3 - "$2" <<'END'
import sys, urllib.error, urllib.request
class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None
try:
    answer = urllib.request.build_opener(Stay).open(sys.argv[1], timeout=10)
except urllib.error.HTTPError as error:
    answer = error
sys.stdout.buffer.write(answer.read(1000000))
print(f"\\n{answer.status}")
END
else cannot ask; fi"""
# Of a file: a line with its size, when it was written last, when the one before it was, the
# host's clock and zone; then its end. The console finds out which lines came since the start.
_LOG = f"""\
case $2 in
/*) [ -f "$2" ] && [ -r "$2" ] || cannot read
    size=$(wc -c <"$2") && written=$(date -r "$2" +%s) && now=$(date '+%s %z') || cannot date
    rotated=$(date -r "$2.1" +%s 2>/dev/null) || rotated=0
    echo $size $written $rotated $now
    tail -c {MOST_BYTES} -- "$2" ;;
*) command -v journalctl >/dev/null || cannot journal
   loaded=$(systemctl show --property=LoadState -- "$2" 2>/dev/null) || cannot journal
   [ "$loaded" != LoadState=not-found ] || cannot unit
   LC_ALL=C exec journalctl --no-pager --output=short-iso --since="@$3" --unit="$2" \
     --lines={MOST_ENTRIES} ;;
esac"""
_SCRIPTS = {
    "http": _IN + _HTTP,
    "log": _IN + _LOG,
    "command": _IN + f'text=$2; {AS_A_STEP}exec "$@" "$text" 2>&1',
}
_CANNOT = {
    "enter": "Its folder cannot be entered.",
    "speak": "Only http and https addresses are opened.",
    "ask": "The host has neither curl nor python3 to ask with.",
    "read": "The log cannot be read.",
    "date": "The host cannot say when the log was written.",
    "journal": "The host has no journal.",
    "unit": "The host has no such unit.",
}
# What journalctl says on standard error, and ends with 0.
_JOURNAL_DOUBTS = {
    "not seeing messages": "The account may not read the journal of this unit.",
    "insufficient permissions": "The account may not read the journal.",
    "No journal files": "The host keeps no journal.",
}


@dataclass(frozen=True, slots=True)
class CheckObservation:
    """What one look at a check showed: `evidence` is what a person reads."""

    well: bool
    evidence: str


def build_checklist(own: Sequence[Check], looks: Sequence[CheckConfig]) -> list[CheckSpec]:
    """The plan's checklist, each item with the look of the head that answers it.

    A look whose words stand in no item is an item of its own. Hosts are filled in later.
    """
    by_text = {fold(look.text): look for look in looks}
    checklist = []
    for check in own:
        match = next((text for text in by_text if _stands_in(text, fold(check.text))), None)
        look = by_text.pop(match) if match else None
        checklist.append(_spec(check.key, check.text, look))
    rest = enumerate(by_text.values(), start=1)
    return [
        *checklist,
        *(_spec(f"look-{n}-{slug(each.text)[:40]}", each.text, each) for n, each in rest),
    ]


def _stands_in(text: str, item: str) -> bool:
    """Whether these words stand in an item, as whole words."""
    return bool(re.search(rf"(?<!\w){re.escape(text)}(?!\w)", item))


def check_command(check: CheckSpec, started: int) -> list[str]:
    """How a host is asked; `started` is when the rollback did, in seconds since 1970."""
    script = _SCRIPTS[check.look]
    return list(shell(check.user, script, check.cwd, check.target, str(started)))


def interpret_check(
    check: CheckSpec, answer: Answer, started: int = 0, now: float = 0
) -> CheckObservation:
    """What the host's answer means for the check.

    `started` is when the rollback did, `now` the console's clock when the answer came: a host's
    own clock may be off. What cannot be told holds for nothing: it waits for a person.
    """
    errors = answer.errors.decode(errors="replace").strip().rpartition("\n")[2]
    if answer.exit_code == 99 and errors.startswith(_MARK):
        reason = errors.removeprefix(_MARK)
        return CheckObservation(False, _CANNOT.get(reason, f"It could not be asked: {reason}."))
    text = answer.output.decode(errors="replace")
    if check.look == "log" and answer.exit_code == 0:
        log = _log_lines(check, answer, text, started, now)
        if log.doubt:
            return CheckObservation(False, f"Not answered: {log.doubt}")
        text = "\n".join(log.lines)
    problems = list(_problems(check, answer, text))
    return CheckObservation(not problems, " ".join(problems) or _evidence(check, text))


def _log_lines(check: CheckSpec, answer: Answer, text: str, started: int, now: float) -> LogLines:
    if not check.target.startswith("/"):
        return _journal_lines(text, answer.errors.decode(errors="replace"))
    head, _, rest = text.partition("\n")
    if (file := read_head(head)) is None:
        return LogLines(doubt="The host did not say how long the log is.")
    off = int(file.now - now) if now else 0
    return lines_since(file, rest, started + off)


def _journal_lines(text: str, errors: str) -> LogLines:
    lines = tuple(line for line in text.splitlines() if not line.startswith("-- "))
    for sign, doubt in _JOURNAL_DOUBTS.items():
        if sign in errors:
            return LogLines(doubt=doubt)
    if len(lines) >= MOST_ENTRIES or len(text) >= MOST_BYTES:
        return LogLines(doubt="More was written since the start than is read of a journal.")
    return LogLines(lines)


def _spec(key: str, text: str, look: CheckConfig | None) -> CheckSpec:
    if look is None:
        return CheckSpec(key, text)
    return CheckSpec(
        key[:80],
        text,
        look=look.kind,
        target=look.target,
        status=look.status,
        holds=look.holds,
        without=look.without,
        at_least=look.at_least,
        at_most=look.at_most,
        cwd=look.runs_on.cwd,
        user=look.runs_on.user,
    )


def _problems(check: CheckSpec, answer: Answer, text: str) -> Iterator[str]:
    if answer.exit_code != 0:
        lines = (answer.errors or answer.output).decode(errors="replace").strip().splitlines()
        yield f"It ended with {answer.exit_code}: {lines[-1][:200] if lines else 'no output'}."
        return
    if check.look == "http" and (wrong := _status(check, text)):
        yield wrong
    if check.holds and check.holds not in text:
        yield f"“{check.holds}” is not in what it says."
    for each in check.without:
        if line := next((line for line in text.splitlines() if each in line), ""):
            yield f"“{each}” stands in it: {line.strip()[:200]}"
    if check.at_least is not None or check.at_most is not None:
        yield from _bounds(check, text)


def _status(check: CheckSpec, text: str) -> str:
    status = read_number(_last_line(text))
    if status is None:
        return "Its status could not be read."
    good = status == check.status if check.status else 200 <= status < 400
    return "" if good else f"It answers {status}, not {check.status or 'below 400'}."


def _bounds(check: CheckSpec, text: str) -> Iterator[str]:
    number = first_number(text)
    if number is None:
        yield "It printed no number."
    elif check.at_least is not None and number < check.at_least:
        yield f"{number} is fewer than {check.at_least}."
    elif check.at_most is not None and number > check.at_most:
        yield f"{number} is more than {check.at_most}."


def _counted(text: str) -> str:
    count = len(text.splitlines())
    return f"{count} line was written" if count == 1 else f"{count} lines were written"


def _last_line(text: str) -> str:
    return text.rstrip().rpartition("\n")[2].strip()


def _evidence(check: CheckSpec, text: str) -> str:
    if check.look == "http":
        return f"{check.target} answers {_last_line(text)}."
    if check.look == "log":
        return f"{_counted(text)} since the start, and nothing that speaks against it."
    lines = text.strip().splitlines()
    return lines[0][:200] if lines else "It ended without an error."
