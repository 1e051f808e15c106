"""The programs that a step's commands name, read off its text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from rollback_console.documents.shell.command_patterns import bare, pieces, reads_like_command
from rollback_console.remote.shell_text import ACCOUNT_NAME

from ..data_loss.migrations import words_of

# Part of every shell, so there is nothing to look for.
_BUILT_IN = re.compile(
    r"cd|echo|exit|export|set|unset|true|false|if|then|fi|for|while|until|do|done|case|test|read"
    r"|printf|source|eval|exec|trap|wait|return|local|declare|type|command|alias|history"
)
_CHECKOUT = re.compile(r"\bgit\s+(?:checkout|reset|switch|revert)\b")
_COMMAND_ENDS = re.compile(r"[\n;&|]")
_GIT = re.compile(r"\bgit\b")
_FETCH = re.compile(r"\s(?:fetch|pull|clone|remote)\b")
_UNIT = re.compile(
    r"\bsystemctl\s+(?:start|stop|restart|reload|status|is-active)\s+([\w@.:-]+)(?=\s*(?:$|[;&|]))",
    re.MULTILINE,
)
_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*|/[\w./+-]+")


def is_account(name: str) -> bool:
    """Whether `name` is an account's name, and not an option, a number or something else."""
    return bool(ACCOUNT_NAME.fullmatch(name))


def tools(script: str) -> list[str]:
    """Programs that the commands of `script` start, none twice."""
    return _programs(bare(line) for line in _commands(script))


def units(script: str) -> list[str]:
    """Units of systemd that `script` starts, stops or looks at, none twice."""
    return list(dict.fromkeys(_UNIT.findall(script)))


def moves_code(script: str) -> bool:
    """Whether git checks something out in the folder that the step begins in."""
    return bool(_CHECKOUT.search(script)) and not re.search(r"(?m)^\s*cd\s", script)


def fetches(script: str) -> bool:
    """Whether git may bring commits or tags from elsewhere."""
    commands = ((each, _GIT.search(each)) for each in _COMMAND_ENDS.split(script))
    return any(git and _FETCH.search(each, git.end()) for each, git in commands)


def sudo_commands(script: str, values: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """What runs by sudo, as (account, words), none twice; "" is root.

    Only the program is given where a shell would do more with the words.
    """
    by_text: dict[str, tuple[str, list[str]]] = {}
    for line in _commands(script):
        if line.startswith("sudo "):
            words = [word for word in words_of(line, values)[1:] if word != "-n"]
            account, words = _target(words or line.split()[1:])
            command = words if words_of(line, values) else _programs([" ".join(words)])[:1]
            if command and not command[0].startswith("-") and (not account or is_account(account)):
                by_text[" ".join([account, *command])] = (account, command)
    return list(by_text.values())


def _target(words: list[str]) -> tuple[str, list[str]]:
    """The account that sudo is told to take, and the words after it."""
    if words[:1] in (["-u"], ["--user"]) and len(words) > 1:
        return words[1], words[2:]
    if words and words[0].startswith("--user="):
        return words[0].partition("=")[2], words[1:]
    return "", words


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
