"""Pipes whose last command stops reading early, so that the one before it dies of SIGPIPE.

In bash a step runs with `pipefail`: such a pipe then ends with 141 although its last command
succeeded (bash manual, "Pipelines"; signal 13 and 128).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rollback_console.documents.model import Command, Finding, Fix, Severity, Step

from ..placeholders.collect import commands_of
from ..shell.scanner import Context, scan
from .fixes import replace_in

_ARGUMENTS = r"(?:'[^'\n]*'|\"[^\"\n]*\"|>&\d|[^|;&()`\n'\"#\\])*"
_READER = re.compile(
    r"\|[ \t]*(?P<reader>"
    r"head\b" + _ARGUMENTS + r"|[ef]?grep(?=[ \t](?:" + _ARGUMENTS + r"[ \t])?"
    r"(?:-[a-zA-Z]*[qm]|--quiet|--silent|--max-count))" + _ARGUMENTS + r"|sed\b(?=[^|;&\n]*"
    r"(?:\dq\b|\bq['\"]|;[ \t]*q\b))"
    + _ARGUMENTS
    + r"|awk\b(?=[^|\n]*\bexit\b)"
    + _ARGUMENTS
    + r")"
)
# What writes all it has at once, before its reader can be gone.
_SHORT = re.compile(
    r"(?:echo|printf|ls(?!\s+(?:\S+\s+)*-\w*R)|date|hostname|whoami|id|pwd|basename|dirname|uname"
    r"|stat|wc|readlink|head|tail\s+-n?\s*\d{1,2})\b"
)
_BEFORE = re.compile(r"[^|;&\n(){`]*\Z")
_OFF = re.compile(r"\bset\s+\+\w*o\s+pipefail\b")
# What has no rest to be read, and what lets the command before a pipe fail.
_NEVER_ENDS = re.compile(r"/dev/(?:u?random|zero)|\byes\b|\s-\w*[fF]\b|--follow\b|\bwhile\b")
_MAY_FAIL = re.compile(r"\|\|\s*(?:true|:)\s*;?\s*\}\s*\Z")
_NO_END_MESSAGE = (
    "“{reader}” stops reading early, and the command before it may write for ever: that one is ended"
    " by SIGPIPE, so the step fails with exit code 141 (steps run with pipefail). Let it end: write"
    " {{ COMMAND || true; }} before the pipe."
)
_ENDLESS = re.compile(r"(?<![\w{./-])(yes(?:[ \t]+[^|;&\s]+)?)[ \t]*\|(?!\|)")
_ENDLESS_MESSAGE = (
    "yes never ends by itself: it is ended by SIGPIPE, so the step fails with exit code 141 although"
    " the command after it succeeded (steps run with pipefail). Give that command the option that"
    " answers it, or let yes end: { yes || true; } | ..."
)
_MESSAGE = (
    "“{reader}” stops reading early: when the command before it has more to write, that one is"
    " ended by SIGPIPE and the step fails with exit code 141 (steps run with pipefail). Read the"
    " rest too: {{ {reader} && cat >/dev/null; }}."
)


def early_reader_findings(step: Step, command: Command, rows: Sequence[str]) -> Iterator[Finding]:
    """One finding for each pipe of a step's command that may end with 141."""
    if step.settings.strict == "no" or "|" not in command.text:
        return
    if any(_OFF.search(each.text) for each in commands_of(step)):
        return
    for endless in _endless(command.text):
        yield Finding(
            Severity.WARNING,
            "reader-stops-early",
            command.lines[0] + command.text.count("\n", 0, endless.start()),
            _ENDLESS_MESSAGE,
            step.key,
            replace_in(command, rows, endless[0], f"{{ {endless[1]} || true; }} |", "Let yes end"),
        )
    for reader, line, ends in _readers(command.text):
        yield Finding(
            Severity.WARNING,
            "reader-stops-early",
            command.lines[0] + line,
            (_MESSAGE if ends else _NO_END_MESSAGE).format(reader=reader),
            step.key,
            _read_the_rest(command, rows, reader) if ends else None,
        )


def _endless(text: str) -> Iterator[re.Match[str]]:
    heads = set(scan(text).heads)
    return (match for match in _ENDLESS.finditer(text) if match.start() in heads)


def _readers(text: str) -> Iterator[tuple[str, int, bool]]:
    """Each with its line, and whether what it reads ever ends."""
    shell = [each for each in scan(text).segments if each.context is Context.PLAIN]
    for match in _READER.finditer(text):
        here = any(each.start <= match.start() < each.end for each in shell)
        if here and text[match.start() - 1 : match.start()] != "|":
            before = text[max(0, match.start() - 500) : match.start()]
            if not _is_safe(before):
                line = text.count("\n", 0, match.start())
                yield match["reader"].strip(), line, not _NEVER_ENDS.search(before)


def _is_safe(before: str) -> bool:
    """Whether what stands before a pipe writes all at once, or may be ended early."""
    last = _BEFORE.search(before)
    return bool(_MAY_FAIL.search(before) or (last and _SHORT.match(last[0].strip())))


def _read_the_rest(command: Command, rows: Sequence[str], reader: str) -> Fix | None:
    new = f"{{ {reader} && cat >/dev/null; }}"
    return replace_in(command, rows, reader, new, "Read the rest too")
