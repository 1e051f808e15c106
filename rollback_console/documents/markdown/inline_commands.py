"""Commands written inside a sentence or a table cell, where the author plainly means to run them.

"Revert the API: `railway rollback`" and "Run `helm rollback x 1`" do; "check that `kubectl
get pods` shows Running" and anything negated do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rollback_console.documents.model import Command

from ..shell.command_patterns import reads_like_command
from ..shell.memo import remember_short
from ..vocabulary.remarks import is_negated
from .blocks import TYPED, Block, BlockKind
from .folded_text import fold

_CODE = re.compile(r"(?<!`)(`{1,2})(?!`)([^`\n]{3,400})\1(?!`)")
_MOST = 2_000
_RUN = re.compile(
    r"(?:^|[\s,;(])(?:run|execute|use|using|with|via|by running|issue|type|enter|ejecutar?"
    r"|correr|executer|lancer"
    r"|ausfuhren|mit|执行|运行|使用|نفذ|شغل)\s*:?$"
)
_LOOKS = re.compile(
    r"\b(?:check|verify|confirm|ensure|make sure|see|should|look|inspect|comprobar|verificar"
    r"|verifier|prufen)\b|检查|确认|تحقق"
)


def code_spans(text: str) -> Iterator[tuple[int, str]]:
    """The code in a sentence, each with the 0-based line of the text it stands on."""
    line = counted = 0
    for match in _CODE.finditer(text):
        line, counted = line + text.count("\n", counted, match.start()), match.start()
        yield line, match[2].strip()


def commands_of_item(block: Block) -> list[Command]:
    """The command a list item tells to run: one code span with nothing but words before it."""
    code, offset = _command_in(block.text)
    line = block.lines[0] + offset
    return [Command(code, (line, line))] if code else []


@remember_short
def _command_in(text: str) -> tuple[str, int]:
    """The command a text tells to run and the 0-based line it stands on; "" where there is none."""
    spans = list(_CODE.finditer(text))
    if len(spans) != 1:
        return "", 0
    before, after = text[: spans[0].start()], text[spans[0].end() :]
    code = spans[0][2].strip()
    return (code, before.count("\n")) if _is_told(before, code, after) else ("", 0)


def command_of_cell(cell: str, line: int, *, introduced: bool = False) -> list[Command]:
    """The command a table cell consists of; a cell with an odd backtick was cut at a pipe.

    `told`: the column is headed "Command", so code in it is one whatever its program.
    """
    match = _CODE.fullmatch(cell.strip())
    text = match[2].strip() if match else cell.strip()
    if len(text) > _MOST or "`" in text:
        return []
    meant = introduced and match and re.match(r"[a-z][\w.-]* \S", text)
    return [Command(text, (line, line))] if meant or reads_like_command(text) else []


_PROMPT = re.compile(r"\s*\$ \S")


# Programs whose names also begin sentences: only an option, a path or a value makes them typed.
_WORDY = frozenset(
    """test time make find file host type history at cut sort top free watch date id mount less more head tail service
    render cap goose migrate forever flux atlas vault consul command source set read return exit patch touch mail
    split join wait screen link function local fly sam hey salt puppet diff who kill cat echo env do done then if
    for while until else case export alias stat chat sleep true false go play install build""".split()  # noqa: SIM905
)
_OPTION = re.compile(r"\s-{1,2}\w|\S/\S|\s[./~]\S|=|[|<>$&;]|\s\S+[.:]\S")
_SENTENCE = re.compile(
    r"[.!?,:;]$|\s(?:the|a|an|is|are|was|be|and|or|to|that|this|it|with|of|you|we|all|if|not|will|should|from|for|in|on)\s"
)


def is_typed(row: str) -> bool:
    """Whether a line outside of any fence is a command as somebody would type it."""
    text = row.strip()
    word = text.split(" ", 1)[0]
    if " " not in text or "`" in text or not reads_like_command(text):
        return False
    if word.lower() in _WORDY:
        return bool(_OPTION.search(text)) and not _SENTENCE.search(text)
    return not _SENTENCE.search(text) or bool(re.search(r"\s-{1,2}\w", text))


def split_session(block: Block) -> tuple[Block, Block | None]:
    """The words of a paragraph or item, and the lines from its first `$ ` on as a session; or a
    paragraph of nothing but lines as they are typed."""
    rows = block.text.split("\n")
    if block.kind is BlockKind.PARAGRAPH and all(map(is_typed, rows)):
        typed = Block(BlockKind.FENCE, block.lines, info=TYPED, rows=rows, depth=block.depth)
        return Block(block.kind, (block.lines[0],) * 2, ""), typed
    at = next((at for at, row in enumerate(rows) if _PROMPT.match(row)), None)
    if at is None:
        return block, None
    line = block.lines[0] + at
    words = Block(block.kind, (block.lines[0], max(block.lines[0], line - 1)), "\n".join(rows[:at]))
    session = Block(
        BlockKind.FENCE,
        (line - 1, block.lines[1]),
        info="console",
        rows=rows[at:],
        depth=block.depth,
    )
    return words, session


def _is_told(before: str, code: str, after: str) -> bool:
    lead = fold(before)
    told_to_run = bool(_RUN.search(lead))
    known = reads_like_command(code) or (told_to_run and bool(re.match(r"[a-z./~]", code)))
    if not known or " " not in code or is_negated(before + after):
        return False
    if re.sub(r"\([^()]*\)|[\s.;,。]", "", after):
        return False
    introduced = before.rstrip().endswith((":", "\uff1a", "→", "-", "–", "—")) or told_to_run
    return not before.strip() or (introduced and not _LOOKS.search(lead))
