"""One fence as groups: remarks, then the commands they stand above.

A group is what lies between two runs of comments. Nothing is judged here but what is a
command and what is not: prompts come off, output falls out, here-documents, continuations
and quoted lines stay whole. A fence that does not read like commands has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from rollback_console.documents.model import Command

from ...edit.fence_attributes import Info, parse_info
from ...markdown.blocks import INDENTED, TYPED, Block, BlockKind
from ...markdown.outline import Section
from ...placeholders.find import scanned
from ...shell.command_patterns import (
    POWERSHELLS,
    SESSIONS,
    SHELLS,
    SQLS,
    not_shell,
    opens_session,
    reads_like_command,
)
from ...shell.scanner import Context
from ...vocabulary.remarks import condition_of, tidy


@dataclass(frozen=True, slots=True)
class Remark:
    """Words beside commands. `origin` is `comment`, `prose` or `heading`."""

    text: str
    line: int
    origin: str = "comment"


@dataclass(slots=True)
class CommandGroup:
    """Remarks, and the commands below them. `apart`: a blank line stands above."""

    remarks: list[Remark] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    apart: bool = False


@dataclass(slots=True)
class FenceText:
    """A fence read. `runnable` says its commands are shell text for a host; `output` are
    lines told from commands; `doubt` is a code when the text was kept but not trusted."""

    block: Block
    info: Info
    groups: list[CommandGroup]
    runnable: bool
    output: list[str] = field(default_factory=list)
    doubt: str = ""

    @property
    def commands(self) -> list[Command]:
        return [command for group in self.groups for command in group.commands]


_PROMPT = re.compile(
    r"^(?:[\w.-]+@[\w.-]+(?::[^\s$#]{0,80})?\s?)?\$[ \t]+(?=\S)"
    r"|^[\w.-]+@[\w.-]+:[^\s$#]{0,80}[#$][ \t]+"
)
_POWER_PROMPT = re.compile(r"^PS(?: [A-Za-z]:[^>\n]{0,120})?>[ \t]*")
_REPL = re.compile(
    r"^(?:>>>|\.\.\.|(?:mysql|MariaDB \[[^\]]*\]|sqlite|irb[^>]*|redis [\d.:]+|[\w.:]+)>"
    r"|\w+[=-][#>]|In \[\d+\]:)\s"
)
_MARKDOWN = re.compile(
    r"^(?:#{2,6}\s+\S|[-*+]\s+(?:\[[ xX]\]\s|\*\*)|\d{1,2}[.)]\s+\*\*|\*\*[^*]+\*\*|```|~~~"
    r"|---+\s*$|\|.*\|\s*$|>\s)"
)
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=\S*")
_ELLIPSIS = re.compile(r"^\s*(?:\.\.\.|…|\[\.\.\.\])\s*$")  # fmt: skip


def read_fence(block: Block) -> FenceText:
    """Read one fence block, once. Never raises; doubts make it not runnable."""
    if not isinstance(block.reading, FenceText):
        block.reading = _read(block)
    return block.reading


def _read(block: Block) -> FenceText:
    info = Info() if block.info in {INDENTED, TYPED} else parse_info(block.info)
    language = info.language
    if block.spared:
        return FenceText(block, info, [], runnable=False, doubt="too-much-to-read")
    if language in POWERSHELLS or language in SQLS:
        return _foreign(block, info)
    if language in SESSIONS or (language in SHELLS | {""} and _has_prompt(block.rows)):
        return _session(block, info)
    if language in SHELLS:
        return _shell(block, info, block.rows)
    if language == "" and (block.info == TYPED or _all_commands(block.rows)):
        return _shell(block, info, block.rows)
    return FenceText(block, info, [], runnable=False)


def commands_in(section: Section) -> Iterator[Command]:
    """The commands of every fence of a section and of what is below it."""
    for block in section.every_block():
        if block.kind is BlockKind.FENCE:
            yield from read_fence(block).commands


def is_ellipsis(text: str) -> bool:
    """Whether the line only says that something is left out."""
    return bool(_ELLIPSIS.match(text))


def _has_prompt(rows: list[str]) -> bool:
    return any(_PROMPT.match(row.lstrip()) for row in rows)


def _all_commands(rows: list[str]) -> bool:
    """A fence without a language counts as commands only when every line could be one."""
    text = "\n".join(rows) + "\n"
    units = list(_units(text))
    commands = [unit for _, unit in units if not _is_comment(unit)]
    if all(_ASSIGNMENT.fullmatch(unit.strip()) for unit in commands):
        return False  # lines of a settings file, which would do nothing in a shell
    return all(reads_like_command(unit) for unit in commands)


def _shell(block: Block, info: Info, rows: list[str]) -> FenceText:
    end = _end_of_commands(block, rows)
    text = "\n".join(rows[:end]) + "\n"
    groups = _groups(text, block, _language(info.language))
    fence = FenceText(block, info, groups, runnable=True, output=rows[end:])
    fence.doubt = _doubt(text, fence)
    fence.runnable = not fence.doubt
    return fence


def _language(name: str) -> str:
    """One name for each shell, whatever the fence calls it."""
    if name in {"", "bash", "shell", "zsh", "bash-script"}:
        return name if name == "zsh" else "bash"
    return "console" if name in SESSIONS else "sh"


def _end_of_commands(block: Block, rows: list[str]) -> int:
    """An unclosed fence swallows the prose behind it; that prose is not commands."""
    if block.closed:
        return len(rows)
    starts = (at for at, row in enumerate(rows) if at and _MARKDOWN.match(row))
    return next(starts, len(rows))


def _doubt(text: str, fence: FenceText) -> str:
    if not scanned(text).complete:
        return "unfinished-command"
    if any(is_ellipsis(command.text) for command in fence.commands):
        return "left-out-commands"
    if any("```" in command.text and "<<" not in command.text for command in fence.commands):
        return "unclosed-fence"
    sessions = any(opens_session(command.text) for command in fence.commands[:-1])
    if sessions or any(_REPL.match(command.text) for command in fence.commands):
        return "interactive-lines"
    if any(not_shell(command.text.split("\n")[0]) for command in fence.commands):
        return "not-shell"
    return ""


def _session(block: Block, info: Info) -> FenceText:
    """Lines with a prompt are commands, what follows without one is output."""
    if not _has_prompt(block.rows):
        if _all_commands(block.rows):
            return _shell(block, info, block.rows)
        return FenceText(block, info, [], runnable=False, doubt="no-prompt")
    kept, output = _prompted(block.rows)
    fence = _shell(block, info, kept)
    fence.output += output
    return fence


def _prompted(rows: list[str]) -> tuple[list[str], list[str]]:
    """The rows with prompts off and output blanked, and the output apart."""
    kept: list[str] = []
    output: list[str] = []
    pending: list[str] = []
    for row in rows:
        bare = row.lstrip()
        prompt = _PROMPT.match(bare)
        if prompt:
            pending = [bare[prompt.end() :]]
        elif pending and _goes_on(pending):
            pending.append(row[2:] if row.startswith("> ") else row)
        elif not bare.startswith("#"):
            output += [row] if row.strip() else []
            row = ""
        kept.append(
            pending[-1] if prompt or (pending and row and not bare.startswith("#")) else row
        )
    return kept, output


def _goes_on(pending: list[str]) -> bool:
    # Long pastes are cut off here so that output of any length stays linear.
    if len(pending) > 200:
        return False
    text = "\n".join(pending) + "\n"
    return not scanned(text).complete


def _foreign(block: Block, info: Info) -> FenceText:
    """PowerShell and SQL: kept whole and shown, never handed to a POSIX shell."""
    marker = "--" if info.language in SQLS else "#"
    groups: list[CommandGroup] = [CommandGroup()]
    prompted = any(map(_POWER_PROMPT.match, block.rows))
    for at, row in enumerate(block.rows):
        line = block.first_row + at
        if prompted and not _POWER_PROMPT.match(row):
            continue
        if row.strip().startswith(marker) or not row.strip():
            if groups[-1].commands:
                groups.append(CommandGroup())
            if row.strip():
                groups[-1].remarks.append(Remark(tidy(row), line))
        else:
            _append_row(groups[-1], row, line, info.language, block.lines[0])
    return FenceText(block, info, _filled(groups), runnable=False, doubt="other-language")


def _append_row(group: CommandGroup, row: str, line: int, language: str, fence: int) -> None:
    row = _POWER_PROMPT.sub("", row)
    last = group.commands[-1] if group.commands else None
    if last and _continues(last, language):
        text = f"{last.text}\n{row}"
        group.commands[-1] = Command(text, (last.lines[0], line), language, last.label, fence)
        return
    label = group.remarks[-1].text if group.remarks else ""
    group.commands.append(Command(row.strip(), (line, line), language, label, fence))


def _continues(last: Command, language: str) -> bool:
    end = last.text.rstrip()[-1:]
    return end != ";" if language in SQLS else end in "`|{,("


def _filled(groups: list[CommandGroup]) -> list[CommandGroup]:
    return [group for group in groups if group.remarks or group.commands]


def _groups(text: str, block: Block, language: str) -> list[CommandGroup]:
    groups: list[CommandGroup] = [CommandGroup()]
    end = block.first_row
    for offset, unit in _units(text):
        line = block.first_row + offset
        apart, end = line > end, line + unit.count("\n")
        if _is_comment(unit):
            # A remark apart from the next by a blank line speaks for the whole fence.
            if groups[-1].commands or apart:
                groups.append(CommandGroup(apart=apart))
            groups[-1].remarks.append(Remark(tidy(unit), line))
        elif remark := _remark_behind(unit, line):
            command = _command(unit, line, language, groups[-1], block)
            groups += [CommandGroup([*groups[-1].remarks, remark], [command]), CommandGroup()]
        else:
            groups[-1].commands.append(_command(unit, line, language, groups[-1], block))
    return _filled(groups)


def _remark_behind(unit: str, line: int) -> Remark | None:
    """A comment behind a command that says when it is meant."""
    if "#" not in unit:
        return None
    bare = unit.rstrip()
    last = scanned(bare).segments[-1:]
    if not last or last[0].context is not Context.COMMENT:
        return None
    text = tidy(bare[last[0].start :])
    return Remark(text, line + unit.count("\n")) if condition_of(text) else None


def _command(unit: str, line: int, language: str, group: CommandGroup, block: Block) -> Command:
    lead = len(unit) - len(unit.lstrip("\n"))
    text = unit.strip("\n").rstrip()
    label = group.remarks[-1].text if group.remarks else ""
    last = line + lead + text.count("\n")
    return Command(text.lstrip(" \t"), (line + lead, last), language, label, block.lines[0])


def _is_comment(unit: str) -> bool:
    return unit.lstrip().startswith("#")


def _units(text: str) -> Iterator[tuple[int, str]]:
    """Complete commands and comment lines with the 0-based line each begins on."""
    start = line = 0
    for end in (*scanned(text).ends, len(text)):
        unit = text[start : end + 1]
        if unit.strip():
            yield line, unit
        line += unit.count("\n")
        start = end + 1
