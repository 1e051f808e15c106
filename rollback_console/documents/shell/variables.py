"""Shell variables a text reads without ever setting them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..placeholders.find import scanned
from .memo import remember_short
from .scanner import Context, Scan

# Set by every login or by the shell itself.
STANDARD = frozenset(
    """
    HOME PATH USER PWD OLDPWD SHELL LOGNAME LANG LC_ALL LC_CTYPE TERM TMPDIR TZ IFS PS1 PS2 PS4
    UID EUID PPID HOSTNAME RANDOM SECONDS LINENO OPTARG OPTIND BASHPID BASH BASH_VERSION
    BASH_SOURCE FUNCNAME PIPESTATUS REPLY MAIL SHLVL EDITOR VISUAL PAGER DISPLAY
    """.split()  # noqa: SIM905 - a word list
)
_REFERENCE = re.compile(
    r"\\.|\$(?:(?P<plain>[A-Za-z_]\w*)"
    r"|\{(?P<length>#)?(?P<braced>[A-Za-z_]\w*)(?P<default>:?[-=?+])?)",
    re.S,
)
_ASSIGNED = re.compile(
    r"(?:^|[\s;&|(`])(?:(?:export|local|declare|readonly"
    r"|typeset)\s+(?:-\w+\s+)*)?([A-Za-z_]\w*)\+?="
    r"|\bfor\s+([A-Za-z_]\w*)\b|\bselect\s+([A-Za-z_]\w*)\s+in\b|\bgetopts\s+\S+\s+([A-Za-z_]\w*)"
)
_READ = re.compile(
    r"\b(?:read|mapfile|readarray)\s+((?:-\w+\s+(?:\"[^\"\n]*\"\s+"
    r"|'[^'\n]*'\s+)?)*)([A-Za-z_][\w \t]*)"
)
_SILENT = {Context.SINGLE, Context.COMMENT, Context.QUOTED_HEREDOC, Context.ANSI_C}


@remember_short
def free_variables(text: str) -> frozenset[str]:
    """Names referenced as `$NAME` or `${NAME}` but assigned nowhere in `text`.

    Left out: what every shell sets (`HOME`, `PATH`, ...), and what has a default
    (`${NAME:-x}`). A variable that an inner quoted script sets itself may still be listed.
    """
    if "$" not in text:
        return frozenset()
    read = scanned(text)
    return frozenset(_referenced(text, read)) - frozenset(_assigned(text, read)) - STANDARD


def wants_arguments(text: str) -> bool:
    """Whether the text reads `$1`, `$2`, `$@`: a script's arguments, which a step has not."""
    if "$" not in text or "()" in text or "function " in text:
        return False
    return bool(_ARGUMENT.search(_kept(text, scanned(text), _SILENT)))


_ARGUMENT = re.compile(r"(?<!\\)\$(?:[1-9]|@|\{[1-9@])")


def assigned_variables(text: str) -> frozenset[str]:
    """Names this text gives a value to."""
    return frozenset(_assigned(text, scanned(text)))


def _referenced(text: str, read: Scan) -> Iterator[str]:
    for match in _REFERENCE.finditer(_kept(text, read, _SILENT)):
        name = match["plain"] or match["braced"]
        if name and not (match["default"] and match["default"][-1] in "-=+"):
            yield name


def _assigned(text: str, read: Scan) -> Iterator[str]:
    kept = _kept(text, read, {Context.COMMENT, Context.HEREDOC, *_SILENT - {Context.SINGLE}})
    for match in _ASSIGNED.finditer(kept):
        yield next(name for name in match.groups() if name)
    for match in _READ.finditer(kept):
        yield from match[2].split()


def _kept(text: str, read: Scan, without: set[Context]) -> str:
    """The text with the segments of some contexts blanked out, offsets held."""
    return "".join(
        " " * (segment.end - segment.start)
        if segment.context in without
        else text[segment.start : segment.end]
        for segment in read.segments
    )
