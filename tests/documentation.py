"""The pages in docs/ as tests read them: headings, and the code blocks under each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("[A-Z]*.md")])
_FENCE = re.compile(r"^```(.*)$")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: `words` behind its fence, as `console runnable`; `line` counts from 1."""

    page: str
    heading: str
    line: int
    words: tuple[str, ...]
    text: str


def blocks(page: Path) -> Iterator[Block]:
    """Every fenced block of a page, in order."""
    heading, opened, lines = "", None, list[str]()
    for number, line in enumerate(page.read_text().splitlines(), start=1):
        fence = _FENCE.match(line)
        if fence and opened is None:
            opened, lines = (number, tuple(fence[1].split())), []
        elif fence and opened is not None:
            yield Block(page.name, heading, opened[0], opened[1], "\n".join(lines) + "\n")
            opened = None
        elif opened is not None:
            lines.append(line)
        elif line.startswith("#"):
            heading = line.lstrip("#").strip()


def shell(name: str, heading: str) -> str:
    """The shell text under a heading of docs/`name`. Fails when there is none."""
    commands = [
        block.text
        for block in blocks(DOCS / name)
        if block.heading == heading and block.words[:1] == ("sh",)
    ]
    assert commands, f"docs/{name} has no shell text under {heading}."
    return "".join(commands)
