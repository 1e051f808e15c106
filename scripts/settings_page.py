"""Writes the defaults in docs/settings.md from the code that reads them.

A default that the code computes keeps the words that stand on the page. With --check nothing is
written: exits with 1 and names what differs.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/settings.md"
READERS = ("settings.py", "config/oidc.py", "local/options.py")
NAME = re.compile(r"[A-Z][A-Z0-9_]+")
ROW = re.compile(r"^\| `(?P<name>[A-Z][A-Z0-9_]+)` \| (?P<default>[^|]*) \|", re.MULTILINE)


def defaults() -> dict[str, str]:
    """Each literal default as the page writes it; what is computed is left out."""
    trees = [ast.parse((ROOT / "rollback_console" / name).read_text()) for name in READERS]
    return dict(each for tree in trees for each in _read(tree))


def page(text: str) -> str:
    """The page with the code's defaults; words behind one stay."""
    known = defaults()

    def row(match: re.Match[str]) -> str:
        name, told = match["name"], match["default"]
        rest = re.sub(r"^`[^`]*`", "", told)
        kept = f"`{known[name]}`{rest}" if name in known and told.startswith("`") else told
        return f"| `{name}` | {kept} |"

    return ROW.sub(row, text)


def main() -> int:
    """Write the page, or with --check compare it."""
    text = PAGE.read_text()
    new = page(text)
    if "--check" not in sys.argv:
        PAGE.write_text(new)
        return 0
    wrong = [line for line in new.splitlines() if line not in text.splitlines()]
    sys.stdout.writelines(f"{line}\n" for line in wrong)
    return 1 if wrong else 0


def _read(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := _named(node)):
            given = _given(node)
            if isinstance(given, ast.Constant) and given.value not in ("", None):
                yield name, _said(given.value)


def _named(call: ast.Call) -> str:
    """The variable that a call reads; "" for any other call."""
    first = call.args[0] if call.args else None
    name = str(first.value) if isinstance(first, ast.Constant) else ""
    return name if NAME.fullmatch(name) else ""


def _given(call: ast.Call) -> ast.expr | None:
    named = [each.value for each in call.keywords if each.arg == "default"]
    no = ast.Constant(value=False) if getattr(call.func, "id", "") == "yes_no" else None
    return next(iter([*call.args[1:2], *named]), no)


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


if __name__ == "__main__":
    sys.exit(main())
