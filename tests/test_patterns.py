"""No regular expression of the project takes a person's time for a text made to be slow for it.

Plans and hosts choose the texts. A line of commands has at most 2,000 characters
(documents.parse.limits): at that size work that grows with the square of the text takes
milliseconds, and work that grows with its cube takes many seconds. The bound lies far from both
and counts processor time, so it says nothing of the machine.
"""

from __future__ import annotations

import ast
import importlib
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import rollback_console
from rollback_console.documents.parse.limits import LINE
from rollback_console.plans.readiness import database_logins, step_commands

from .toolbox.pattern_texts import slow_texts

SECONDS = 1.0
_ROOT = Path(rollback_console.__file__).parent
_SEARCHING = frozenset({"search", "finditer", "findall", "sub", "subn", "split"})
_ANCHORED = frozenset({"match", "fullmatch"})
_STARTS_THINGS = {"__main__", "asgi", "celery"}


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression: where it stands, and whether it is looked for at every place of a text."""

    where: str
    pattern: re.Pattern[str]
    searched: bool


def modules() -> list[str]:
    """Every module of the project apart from migrations and what starts processes."""
    paths = [path.relative_to(_ROOT.parent).with_suffix("") for path in _ROOT.rglob("*.py")]
    kept = [path.parts for path in paths if not {"migrations", "service"} & set(path.parts)]
    named = (".".join(parts).removesuffix(".__init__") for parts in sorted(kept))
    return [name for name in named if name.rsplit(".", 1)[-1] not in _STARTS_THINGS]


def expressions() -> list[Expression]:
    """Those that modules keep in names, and those written where they are used."""
    trees = {name: ast.parse(_source(name)) for name in modules()}
    usage = _usage(trees.values())
    kept: dict[tuple[str, int], Expression] = {}
    for name, tree in trees.items():
        for each in [*_named(name, usage), *_inline(name, tree)]:
            key = (each.pattern.pattern, each.pattern.flags)
            if key not in kept or each.searched:
                kept[key] = each
    return list(kept.values())


def _source(module: str) -> str:
    path = _ROOT.parent.joinpath(*module.split("."))
    return (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text()


def _usage(trees: Iterable[ast.AST]) -> dict[str, set[str]]:
    """By name of a variable, the methods that are called on it anywhere."""
    usage: dict[str, set[str]] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                usage.setdefault(node.value.id, set()).add(node.attr)
    return usage


def _named(module: str, usage: dict[str, set[str]]) -> Iterator[Expression]:
    for name, value in vars(importlib.import_module(module)).items():
        for pattern in _patterns(value, 0):
            used = usage.get(name, set())
            anchored = value is pattern and used & _ANCHORED and not used & _SEARCHING
            yield Expression(f"{module}.{name}", pattern, not anchored)


def _patterns(value: object, depth: int) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        yield value
    elif depth < 3 and isinstance(value, tuple | list | set | frozenset | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _patterns(each, depth + 1)


def _inline(module: str, tree: ast.AST) -> Iterator[Expression]:
    """`re.search("...", text)` and the like, where the expression is a constant."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="re"), attr=method),
                args=[ast.Constant(value=str(text)), *_],
            ) if method in _SEARCHING | _ANCHORED:
                yield Expression(f"{module}:{node.lineno}", re.compile(text), method in _SEARCHING)


@pytest.mark.parametrize("size", [LINE // 2, LINE])
def test_no_expression_is_slow_for_a_text_made_to_be_slow_for_it(size: int) -> None:
    chosen = expressions()
    slow = [f"{each.where} {text[:40]!r}" for each in chosen for text in _slow(each, size)]
    assert len(chosen) > 300
    assert slow == []


def _slow(expression: Expression, size: int) -> Iterator[str]:
    run = expression.pattern.search if expression.searched else expression.pattern.match
    for text in slow_texts(expression.pattern, size):
        began = time.process_time()
        run(text)
        if time.process_time() - began > SECONDS:
            yield text
            return


STEP = 48 * 1024
"""Characters of a step's commands at most, by the least time that an expression has for them."""

READERS: dict[str, tuple[Callable[[str], object], str]] = {
    "git that fetches": (step_commands.fetches, "git "),
    "git that fetches, in one word": (step_commands.fetches, "git-"),
    "a server that is started": (database_logins.starts_server, "systemctl start "),
    "a server that is restarted": (database_logins.starts_server, "systemctl restart \t"),
}


@pytest.mark.parametrize(("read", "piece"), READERS.values(), ids=READERS)
def test_what_reads_a_whole_step_takes_no_longer_than_its_length_allows(
    read: Callable[[str], object], piece: str
) -> None:
    text = piece * (STEP // len(piece))
    began = time.process_time()
    read(text)
    assert time.process_time() - began < SECONDS / 4
