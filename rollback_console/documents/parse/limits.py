"""How much of a document is read, so that no text of any shape takes longer than a person waits.

What lies beyond is kept byte for byte and reported, and a plan not read to its end runs
nothing: half a plan is not what its author meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from rollback_console.documents.model import Procedure, StepKind

from ..edit.fence_attributes import parse_info
from ..markdown.blocks import INDENTED, Block, BlockKind
from ..shell.command_patterns import POWERSHELLS, SESSIONS, SHELLS, SQLS

LINES = 4_000
SHELL = 48 * 1024
LINE = 2_000
"""Characters of one line of commands. Nobody reads a longer one, and some of the searches for what
could go wrong take time that grows with the square of a line's length."""
_COMMANDS = SHELLS | SESSIONS | POWERSHELLS | SQLS | {"", INDENTED}


def readable(lines: Sequence[str]) -> int:
    """How many of these lines are read: up to the 4,000th that is not blank."""
    filled = 0
    for at, line in enumerate(lines):
        filled += bool(line.strip())
        if filled > LINES:
            return at
    return len(lines)


def spare(blocks: Iterable[Block]) -> None:
    """Mark as too much to read: fences beyond 48 KiB of commands, or with a line nobody reads."""
    total = 0
    for block in blocks:
        if block.kind is BlockKind.FENCE and parse_info(block.info).language in _COMMANDS:
            total += sum(map(len, block.rows))
            block.spared = total > SHELL or any(len(row) > LINE for row in block.rows)


def make_procedure_manual(procedure: Procedure) -> Procedure:
    """The same with nothing that runs: a person reads the source and does it."""
    steps = (replace(s, kind=StepKind.MANUAL) if s.runs else s for s in procedure.steps)
    return replace(procedure, steps=tuple(steps))
