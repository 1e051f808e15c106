"""Shell variables a text reads without ever setting them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..placeholders.find import scanned
from .memo import remember_short
from .scanner import Context, Scan

# Set by sshd or by the shell itself, without a terminal and without a login. What a terminal, a
# login or the settings of a host add (LANG, TZ, TMPDIR, EDITOR) may be there or not.
STANDARD = frozenset(
    """
    HOME PATH USER PWD OLDPWD SHELL LOGNAME TERM IFS PS4
    UID EUID PPID HOSTNAME RANDOM SECONDS LINENO OPTARG OPTIND BASHPID BASH BASH_VERSION
    BASH_SOURCE FUNCNAME PIPESTATUS REPLY SHLVL
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
_VALUE = re.compile(r"(?:\"(?:\\.|[^\"\\])*\"|\\.|[^\s;&|\"\\()])*")
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
    assigned = {name: at for at, name in reversed(_assignments(text, read))}
    set_first = assigned.keys() - _added(text, read, assigned).keys()
    return frozenset(_referenced(text, read)) - set_first - STANDARD


def added_variables(text: str) -> dict[str, str]:
    """Names that are added to before anything sets them, and the value: `X=/x:$X`."""
    if "$" not in text:
        return {}
    read = scanned(text)
    assigned = {name: at for at, name in reversed(_assignments(text, read))}
    added = _added(text, read, assigned)
    return {name: value for name, value in added.items() if name not in STANDARD}


def with_default(name: str, value: str) -> str:
    """The value with `${NAME:-}` for every reference to NAME, which may then be unset."""
    return re.sub(rf"\$(?:{name}\b|\{{{name}\}})", f"${{{name}:-}}", value)


def wants_arguments(text: str) -> bool:
    """Whether the text reads `$1`, `$2`, `$@`: a script's arguments, which a step has not."""
    if "$" not in text or "()" in text or "function " in text:
        return False
    return bool(_ARGUMENT.search(_kept(text, scanned(text), _SILENT)))


_ARGUMENT = re.compile(r"(?<!\\)\$(?:[1-9]|@|\{[1-9@])")


def assigned_variables(text: str) -> frozenset[str]:
    """Names this text gives a value to."""
    return frozenset(name for _, name in _assignments(text, scanned(text)))


def _referenced(text: str, read: Scan) -> Iterator[str]:
    for match in _REFERENCE.finditer(_kept(text, read, _SILENT)):
        name = match["plain"] or match["braced"]
        if name and not (match["default"] and match["default"][-1] in "-=+"):
            yield name


def _assignments(text: str, read: Scan) -> list[tuple[int, str]]:
    """Where each name gets a value, in order: the end of the name's assignment, and the name."""
    kept = _kept(text, read, {Context.COMMENT, Context.HEREDOC, *_SILENT - {Context.SINGLE}})
    places = [
        (match.end(), next(name for name in match.groups() if name))
        for match in _ASSIGNED.finditer(kept)
    ]
    places += [(match.end(), name) for match in _READ.finditer(kept) for name in match[2].split()]
    return sorted(places)


def _added(text: str, read: Scan, first: Mapping[str, int]) -> dict[str, str]:
    """Of the names with the place of their first value: those whose value holds themselves."""
    kept = _kept(text, read, _SILENT)
    added: dict[str, str] = {}
    for name, at in first.items():
        value = _VALUE.match(kept, at)
        if value and with_default(name, value[0]) != value[0]:
            added[name] = value[0]
    return added


def _kept(text: str, read: Scan, without: set[Context]) -> str:
    """The text with the segments of some contexts blanked out, offsets held."""
    return "".join(
        " " * (segment.end - segment.start)
        if segment.context in without
        else text[segment.start : segment.end]
        for segment in read.segments
    )
