"""Phrases that were replaced do not come back: on pages, in strings of the code, in docs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Each as a pattern; docs/design/wording.md says what to write instead.
GONE = (
    r"\bwaits? for a go\b",
    r"\bsay go\b",
    r"\ba word for the record\b",
    r"\bfor the record\b",
    r"\bstart it on no more hosts\b",
    r"\bfroze it anew\b",
    r"\bfreeze it anew\b",
    r"\bbreaks? glass\b",
    r"\bbroke glass\b",
    r"\bstands? higher\b",
    r"\b(?:next|first|present|up to) rung\b",
    r"\bon (?:the |your |their )?rung\b",
    r"\bapprovers?\b",
    r"\btake this\b",
    r"\basks? the hosts whether\b",
    r"\bwould it work\b",
    r"\ball quiet\b",
    r"\balerts in\b",
    r"\bhears? of\b",
    r">keep(?: it| these bindings| the rules| to it)?<",
    r"\bis kept\. it\b",
    r"\bkept as revision\b",
    r"\bword in addresses\b",
    r"\bas they sign in\b",
    r"\bis it you\b",
    r"\bsecond proof\b",
    r"\bdo not belong together\b",
    r"\bthat were too many\b",
    r"\bto check and to do\b",
    r"\bgive it to review\b",
    r"\btake over into\b",
    r"\bwhat the plan would take over\b",
    r"\bwhat people say\b",
    r">say it<",
    r"\bagree on it\b",
    r"\bwhat others are told\b",
    r"\bwhere it hurts\b",
    r"\bagainst truth\b",
    r"\bask it for its keys\b",
    r"\btrust it no longer\b",
    r"\btype its keys\b",
    r"\bwhose key nobody\b",
    r"\blend your right\b",
    r"\bwho decides in\b",
    r"\bdecides here\b",
    r"\bstands in for whom\b",
    r"\bdescribe an environment\b",
    r"\bwrite a secret\b",
    r"\bdays it lives\b",
    r"\byour answer is on record\b",
    r"\bone doing of\b",
    r"\bcut on its way\b",
    r"\btoo often\b",
    r"\b(?:is|are) told at once\b",
    r"\bmeans? nothing to the console\b",
)
PATTERN = re.compile("|".join(GONE), re.IGNORECASE)
# Where the phrase is another thing: headings that authors write, and the name of a page's file.
ELSEWHERE = ("documents/vocabulary/", "documents/parse/", "/migrations/")


def test_no_replaced_phrase_stands_in_a_template() -> None:
    pages = {each: [each.read_text()] for each in ROOT.glob("templates/**/*.html")}
    assert pages
    assert not [hit for path, texts in pages.items() for hit in _hits(path, texts)]


def test_no_replaced_phrase_stands_in_a_string_of_the_code() -> None:
    modules = [
        each
        for each in ROOT.glob("rollback_console/**/*.py")
        if not any(part in str(each) for part in ELSEWHERE)
    ]
    assert modules
    assert not [hit for path in modules for hit in _hits(path, _strings(path))]


def test_no_replaced_phrase_stands_in_a_script_of_the_pages() -> None:
    scripts = [*ROOT.glob("static/js/**/*.js")]
    assert scripts
    assert not [hit for path in scripts for hit in _hits(path, _quoted(path))]


def test_no_replaced_phrase_stands_in_the_docs() -> None:
    style = ROOT / "docs/design/wording.md"  # it quotes them
    pages = [ROOT / "README.md", *(each for each in ROOT.glob("docs/**/*.md") if each != style)]
    hits = [hit for path in pages for hit in _hits(path, [_prose(path)])]
    assert not hits


@pytest.mark.parametrize("old", ["It waits\nfor a go.", "Nobody stands higher", ">Keep it<"])
def test_a_replaced_phrase_is_found_over_line_ends_and_in_any_case(old: str) -> None:
    assert _hits(Path("page.html"), [old])


def _hits(path: Path, texts: list[str]) -> list[str]:
    return [
        f"{path}: {match.group()}"
        for text in texts
        for match in PATTERN.finditer(" ".join(text.split()))
    ]


def _strings(path: Path) -> list[str]:
    """The string literals of a module that are no docstrings, f-strings as a whole."""
    tree = ast.parse(path.read_text())
    skipped = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    skipped |= {id(part) for each in _formatted(tree) for part in each.values}
    plain = [
        each.value
        for each in ast.walk(tree)
        if isinstance(each, ast.Constant)
        and isinstance(each.value, str)
        and id(each) not in skipped
    ]
    return [*plain, *(_flat(each) for each in _formatted(tree))]


def _formatted(tree: ast.AST) -> Iterator[ast.JoinedStr]:
    return (each for each in ast.walk(tree) if isinstance(each, ast.JoinedStr))


def _flat(literal: ast.JoinedStr) -> str:
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else "…" for part in literal.values
    )


def _quoted(path: Path) -> list[str]:
    return [
        first or second
        for first, second in re.findall(r"\"([^\"\n]+)\"|`([^`]+)`", path.read_text())
    ]


def _prose(path: Path) -> str:
    """A page without its code, whose names stay as programs know them, and without its links."""
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    return re.sub(r"`[^`]*`|\]\([^)]*\)", "", text)
