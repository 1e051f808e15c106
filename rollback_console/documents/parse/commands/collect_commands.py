"""Every command-like line of a document, once, with what stands around it.

Nothing is judged here. A line counts whether or not anything will run it: the lines of fences,
sessions and lines typed as they are, code of a known program inside a sentence, and cells of a
table. A compound command, a here-document and a continued line are one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from rollback_console.documents.model import Command, Lines

from ...markdown.blocks import Block, BlockKind
from ...markdown.folded_text import plain
from ...markdown.inline_commands import code_spans, command_of_cell, split_session
from ...markdown.outline import Section
from ...shell.command_patterns import reads_like_command
from .fences import is_ellipsis, read_fence


class Source(StrEnum):
    """Where a command-like line was written."""

    FENCE = "fence"
    SENTENCE = "sentence"
    CELL = "cell"
    SPARED = "spared"


@dataclass(frozen=True, slots=True)
class CommandLine:
    """One command-like line. `path` holds the sections around it, the outermost first; `above`
    is the text just above its block, `remark` the comment just above it in its fence, `fence` the
    line that begins on."""

    text: str
    lines: Lines
    source: Source
    path: tuple[Section, ...]
    above: str = ""
    remark: str = ""
    language: str = ""
    fence: int = 0


def collect(root: Section) -> Iterator[CommandLine]:
    """All of them, in source order within each section."""
    waiting: list[tuple[Section, tuple[Section, ...]]] = [(root, (root,))]
    while waiting:
        section, path = waiting.pop()
        above = ""
        if section.heading:
            yield from _spans(section.heading.text, section.line, path, "")
        for block in section.blocks:
            yield from _of_block(block, path, above)
            above = plain(block.text) if block.text.strip() else above
        waiting += [(child, (*path, child)) for child in reversed(section.children)]


def _of_block(block: Block, path: tuple[Section, ...], above: str) -> Iterator[CommandLine]:
    if block.kind is BlockKind.FENCE:
        yield from _fence(block, path, above)
    elif block.kind is BlockKind.TABLE:
        for line, cells in block.table:
            for cell in cells:
                yield from _cell(cell, line, path)
    elif block.kind in {BlockKind.PARAGRAPH, BlockKind.ITEM, BlockKind.HEADING}:
        words, session = split_session(block)
        yield from _spans(words.text, words.lines[0], path, above)
        if session:
            yield from _fence(session, path, plain(words.text) or above)


def _fence(block: Block, path: tuple[Section, ...], above: str) -> Iterator[CommandLine]:
    if block.spared:
        text = "\n".join(block.rows)
        yield CommandLine(text, block.lines, Source.SPARED, path, above)
        return
    fence = read_fence(block)
    for command in fence.commands:
        if not is_ellipsis(command.text):
            yield _line(command, path, above)
    if not fence.groups and not fence.info.language:
        for command in _alone(block):
            yield _line(command, path, above)


def _line(command: Command, path: tuple[Section, ...], above: str) -> CommandLine:
    return CommandLine(
        command.text,
        command.lines,
        Source.FENCE,
        path,
        above,
        command.label,
        command.language,
        command.fence,
    )


def _alone(block: Block) -> Iterator[Command]:
    """Lines that read like commands among others that do not."""
    for at, row in enumerate(block.rows):
        text = row.strip()
        if " " in text and reads_like_command(text) and not text.endswith((".", ":", ",")):
            yield Command(text, (block.first_row + at,) * 2, "")


def _spans(text: str, line: int, path: tuple[Section, ...], above: str) -> Iterator[CommandLine]:
    for offset, code in code_spans(text):
        if " " in code and reads_like_command(code):
            yield CommandLine(code, (line + offset,) * 2, Source.SENTENCE, path, above)


def _cell(cell: str, line: int, path: tuple[Section, ...]) -> Iterator[CommandLine]:
    whole = command_of_cell(cell, line)
    if whole and " " in whole[0].text:
        yield CommandLine(whole[0].text, (line, line), Source.CELL, path)
    else:
        yield from _spans(cell, line, path, "")
