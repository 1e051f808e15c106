"""Commands as one script, with every placeholder a reference to an environment variable.

A value never becomes shell text: the script holds `"${NAME}"` and the value travels beside
it. What the reference looks like depends on how the shell sees the place it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rollback_console.documents.errors import Unrenderable
from rollback_console.documents.model import Command

from ..placeholders.find import PlaceholderUse, find_uses
from .command_patterns import POWERSHELLS, SQLS
from .scanner import Context
from .variables import free_variables


@dataclass(frozen=True, slots=True)
class Script:
    """Shell text that may run, and what it needs.

    `environment_names` are the parameters put in for placeholders, in the order they first
    appear; `variables` are those the author's text reads but nobody sets. `words` are parameters that
    begin a word of a command, where a dash would make the value an option. `inner` are those whose value
    a second interpreter reads again (`ssh host "..."`, `psql -c "..."`): give them only
    values of letters, digits and `._/:@+-`. `shell` is `sh`, or `bash` where only bash can
    read the text.
    """

    text: str
    environment_names: tuple[str, ...]
    variables: tuple[str, ...] = ()
    inner: frozenset[str] = frozenset()
    shell: str = "sh"
    words: frozenset[str] = frozenset()


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_AFTER_SPACE = re.compile(r"(?:^|\s)\Z")
_AFTER_QUOTE = re.compile(r"(?:^|\s)[\"']\Z")
_SHELL = r"(?:/\S*/)?(?:ba|da|z|k|a)?sh\b"
_INNER_ANYWHERE = re.compile(
    r"\b(?:ssh|eval|xargs|parallel|watch|su|runuser|expect|at|trap|make|gmake|sed|gsed|ansible(?:-playbook)?"
    r"|ed|ex|gdb|tmux|screen|let)\s"
    rf"|\|&?\s*(?:sudo\s+(?:-\S+\s+)*(?:\w+\s+)?)?{_SHELL}"  # what is printed is run
    rf"|(?:^|[\s;&|]){_SHELL}[^\n;&|]*<<"  # so is a here-document
    r"|\bsudo\s+(?:-u\s+\S+\s+|-\w+\s+){0,5}-(?:\w*[is]\w*|-login|-shell)\b"  # by the login shell
    r"|\bperl\b[^\n]*\s-\w*e\b"
    r"|\[\[[^\n]*\s-(?:eq|ne|lt|le|gt|ge)\s"  # bash computes with a name, and a name can hold a command
    r"|\bhelm\b[^\n]*\s--set|\bkubectl\b[^\n]*\spatch\b",
    re.MULTILINE,
)
_CLIENT = re.compile(r"\b(?:psql|mysql|mariadb)\s")
_FILE_OF = re.compile(r"(?<![<>&\d])[<>]\s*$")
_INNER_QUOTED = re.compile(
    r"\b(?:sqlcmd|mongo|mongosh|redis-cli|sqlite3|cqlsh|awk|jq)\b"
    r"|\b(?:sh|bash|dash|zsh|ksh|python[\d.]*|perl|ruby|node|php|artisan)\b[^\n]*\s-\w*[ecr]\b"
    r"|\b(?:rails runner|manage\.py shell)\b"
)
_BASH_ONLY = re.compile(
    r"\[\[|\bsource\s|<\(|>\(|\bset -[a-z]*o pipefail|\bdeclare\b|\bmapfile\b|\breadarray\b|&>"
    r"|<<<|\$'"
    r"|\{\d+\.\.\d+\}|\blocal\s+-|\w=\(|\bfunction\s+\w|\$\{\w+(?:\^|,|//?|:\d|\[)|\bshopt\b"
)


def render_script(
    commands: Sequence[Command], parameters: Mapping[str, str], *, stop_on_error: bool = True
) -> Script:
    """One script of these commands, each on its own lines, in order.

    `parameters` maps each placeholder's `unit` (or its text) to the name of the environment
    variable that holds its value. With `stop_on_error` the first command that fails ends
    the script with its status. Raises Unrenderable, with a sentence, for a command
    that is not for a POSIX shell, a placeholder without a parameter, and one that stands
    where no value can be put in safely.
    """
    _refuse_foreign(commands)
    texts = [render_text(command.text, parameters) for command in commands]
    text = "\n".join((["set -e"] if stop_on_error else []) + texts) + "\n"
    used = [use for command in commands for use in find_uses(command.text)]
    names = tuple(dict.fromkeys(_name_for(use, parameters) for use in used))
    return Script(
        text,
        names,
        tuple(sorted(free_variables(text) - set(names))),
        frozenset(_inner(commands, parameters)),
        "bash" if any(needs_bash(command.text) for command in commands) else "sh",
        frozenset(
            _name_for(use, parameters)
            for command in commands
            for use in find_uses(command.text)
            if _begins_word(use, command.text)
        ),
    )


def render_text(text: str, parameters: Mapping[str, str]) -> str:
    """Shell text with every placeholder replaced; comments are left alone.

    Raises Unrenderable as `render_script` does.
    """
    pieces: list[str] = []
    done = 0
    for use in find_uses(text):
        pieces += [text[done : use.start], _reference(use, _name_for(use, parameters), text)]
        done = use.end
    return "".join([*pieces, text[done:]])


def needs_bash(text: str) -> bool:
    """Whether only bash can read this shell text."""
    return bool(_BASH_ONLY.search(text))


def _refuse_foreign(commands: Sequence[Command]) -> None:
    for command in commands:
        if command.language in SQLS | POWERSHELLS:
            raise Unrenderable(
                f"Line {command.lines[0]} is {command.language}, which the host's shell cannot run."
                " Do this step by hand, or write it as a shell command in the plan."
            )


def _name_for(use: PlaceholderUse, parameters: Mapping[str, str]) -> str:
    name = parameters.get(use.unit)
    if not name:
        raise Unrenderable(f"Nothing says yet what goes in the place of {use.unit}.")
    if not _NAME.fullmatch(name):
        raise Unrenderable(f"{name} cannot be the name of an environment variable.")
    return name


_REFUSED = {
    Context.QUOTED_HEREDOC: "a quoted here-document, where the shell puts no values in",
    Context.PARAMETER: "a ${...} expansion",
    Context.ARITHMETIC: "an arithmetic expression, which would compute with it",
    Context.ANSI_C: "a $'...' string",
}


def _reference(use: PlaceholderUse, name: str, text: str) -> str:
    where = _REFUSED.get(use.context)
    if use.context is Context.BACKTICK and use.nested:
        where = "backticks inside quotes"
    if where:
        raise Unrenderable(
            f"{use.unit} stands inside {where}. Rewrite that line in the plan without it."
        )
    if use.head and not use.unit.startswith(("/", "./", "../", "~/")):
        raise Unrenderable(
            f"{use.unit} stands where a command's name goes. Write the command in the plan."
        )
    return _quoted(use.context, name)


def _quoted(context: Context, name: str) -> str:
    if context in {Context.DOUBLE, Context.HEREDOC}:
        return "${" + name + "}"
    reference = '"${' + name + '}"'
    return f"'{reference}'" if context is Context.SINGLE else reference


def reads_twice(use: PlaceholderUse, text: str) -> bool:
    """Whether the value at this place is read again as text of a second program."""
    if _INNER_ANYWHERE.search(text):
        return True
    # The shell opens `< file` itself; a client never sees its name.
    if _CLIENT.search(text) and not _FILE_OF.search(text[: use.start]):
        return True
    quoted = use.context in {Context.DOUBLE, Context.SINGLE, Context.HEREDOC}
    return quoted and bool(_INNER_QUOTED.search(text))


def _begins_word(use: PlaceholderUse, text: str) -> bool:
    quoted = use.context in {Context.DOUBLE, Context.SINGLE}
    before = _AFTER_QUOTE if quoted else _AFTER_SPACE
    return use.context is not Context.HEREDOC and bool(
        before.search(text, max(use.start - 2, 0), use.start)
    )


def _inner(commands: Sequence[Command], parameters: Mapping[str, str]) -> Iterator[str]:
    for command in commands:
        for use in find_uses(command.text):
            if reads_twice(use, command.text):
                yield _name_for(use, parameters)
        if any(each.search(command.text) for each in (_INNER_ANYWHERE, _CLIENT, _INNER_QUOTED)):
            yield from free_variables(command.text)
