"""Checks that answer themselves: from a plan's head into what is approved, and from a host's
answer into a verdict with its evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rollback_console.documents.markdown.folded_text import fold, slug
from rollback_console.documents.model import Check
from rollback_console.documents.plan_config import CheckConfig
from rollback_console.engine.snapshot import CheckSpec
from rollback_console.remote.protocol import Answer

_IN = 'cd "${1:-.}" 2>/dev/null || exit 90; '
_HTTP = """\
if command -v curl >/dev/null; then
  curl -sS -m 10 -o - -w '\\n%{http_code}' -- "$2"
elif command -v python3 >/dev/null; then
  python3 - "$2" <<'END'
import sys, urllib.error, urllib.request
try:
    said = urllib.request.urlopen(sys.argv[1], timeout=10)
except urllib.error.HTTPError as error:
    said = error
sys.stdout.buffer.write(said.read(1000000))
print(f"\\n{said.status}")
END
else exit 91; fi"""
# Lines without a time of their own belong to the last that had one.
_LOG = """\
case $2 in
/*) [ -r "$2" ] || exit 92
    since=$(date -d "@$3" '+%Y-%m-%d %H:%M:%S') || exit 93
    tail -c 1000000 -- "$2" | awk -v since="$since" '
      { t = substr($0, 1, 20); sub(/^\\[/, "", t); t = substr(t, 1, 19); sub("T", " ", t) }
      t ~ /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9]/ { on = (t >= since) }
      on' ;;
*) command -v journalctl >/dev/null || exit 94
   journalctl --quiet --no-pager --output=short-iso --since="@$3" --unit="$2" | tail -c 1000000 ;;
esac"""
_SCRIPTS = {"http": _IN + _HTTP, "log": _IN + _LOG, "command": _IN + 'exec sh -c "$2" 2>&1'}
_CANNOT = {
    90: "Its folder cannot be entered.",
    91: "The host has neither curl nor python3 to ask with.",
    92: "The log cannot be read.",
    93: "The host's date cannot tell the start.",
    94: "The host has no journal.",
}
_NUMBER = re.compile(r"-?\d+")


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look saw: `evidence` is what a person reads."""

    well: bool
    evidence: str


def items(own: Sequence[Check], looks: Sequence[CheckConfig]) -> list[CheckSpec]:
    """The plan's checklist, each item with the look of the head that answers it.

    A look whose words stand in no item is an item of its own. Hosts are filled in later.
    """
    by_text = {fold(look.text): look for look in looks}
    found = []
    for check in own:
        match = next((text for text in by_text if text in fold(check.text)), None)
        look = by_text.pop(match) if match else None
        found.append(_spec(check.key, check.text, look))
    rest = enumerate(by_text.values(), start=1)
    return [
        *found,
        *(_spec(f"look-{n}-{slug(each.text)[:40]}", each.text, each) for n, each in rest),
    ]


def argv(check: CheckSpec, started: int) -> list[str]:
    """How a host is asked; `started` is when the rollback did, in seconds since 1970."""
    account = ["sudo", "-n", "-u", check.user] if check.user else []
    return [*account, "sh", "-c", _SCRIPTS[check.look], "sh", check.cwd, check.target, str(started)]


def seen(check: CheckSpec, answer: Answer) -> Seen:
    """What the host's answer means for the check."""
    if answer.exit_code in _CANNOT and check.look != "command":
        return Seen(False, _CANNOT[answer.exit_code])
    text = answer.output.decode(errors="replace")
    problems = list(_problems(check, answer, text))
    return Seen(not problems, " ".join(problems) or _evidence(check, text))


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
        cwd=look.place.cwd,
        user=look.place.user,
    )


def _problems(check: CheckSpec, answer: Answer, text: str) -> Iterator[str]:
    if answer.exit_code != 0:
        said = (answer.errors or answer.output).decode(errors="replace").strip().splitlines()
        yield f"It ended with {answer.exit_code}: {said[-1][:200] if said else 'nothing said'}."
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
    status = int((_NUMBER.findall(text.rpartition("\n")[2]) or ["0"])[0])
    good = status == check.status if check.status else 200 <= status < 400
    return "" if good else f"It answers {status}, not {check.status or 'below 400'}."


def _bounds(check: CheckSpec, text: str) -> Iterator[str]:
    found = _NUMBER.search(text)
    if found is None:
        yield "It printed no number."
    elif check.at_least is not None and int(found[0]) < check.at_least:
        yield f"{found[0]} is fewer than {check.at_least}."
    elif check.at_most is not None and int(found[0]) > check.at_most:
        yield f"{found[0]} is more than {check.at_most}."


def _evidence(check: CheckSpec, text: str) -> str:
    if check.look == "http":
        return f"{check.target} answers {text.rpartition(chr(10))[2].strip()}."
    if check.look == "log":
        return f"{len(text.splitlines())} lines since the start, nothing of that in them."
    lines = text.strip().splitlines()
    return lines[0][:200] if lines else "It ended without an error."
