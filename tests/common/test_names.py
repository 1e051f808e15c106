"""One meaning a name, and folders that can be taken in at a glance."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ROOT / "rollback_console"
BANNED = {"found", "told", "said", "wanted", "heard", "asked"}
"""Names that say that something was had, not what it is."""
PUBLIC = {"asked of DeciderOut"}
"""Fields of the API, which keep their names."""
FRAMEWORK = {"Command", "Migration"}
"""Class names that Django looks for in many modules."""
MOST_MODULES = 14


@pytest.mark.parametrize("folder", ["rollback_console", "tests", "benchmarks"])
def test_names_say_what_they_hold(folder: str) -> None:
    banned = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path, tree in modules(ROOT / folder)
        for name, line in names(tree)
        if name in BANNED
    ]
    assert not banned


def test_a_class_name_means_one_thing() -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    for path, tree in modules(PRODUCT):
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and node.name not in FRAMEWORK:
                homes[node.name].append(str(path.relative_to(ROOT)))
    assert {name: paths for name, paths in homes.items() if len(paths) > 1} == {}


def test_no_module_stands_in_front_of_another() -> None:
    """Only the `__init__` of a package, and what Django looks for in `models`, pass names on."""
    fronts = {
        str(path.relative_to(ROOT)): both
        for path, tree in modules(PRODUCT)
        if path.name not in {"__init__.py", "models.py"} and (both := imported(tree) & public(tree))
    }
    assert fronts == {}


def test_a_folder_holds_about_a_dozen_modules() -> None:
    held = Counter(path.parent for path, _ in modules(PRODUCT) if path.name != "__init__.py")
    large = {str(folder.relative_to(ROOT)): n for folder, n in held.items() if n > MOST_MODULES}
    assert large == {}


def modules(folder: Path) -> Iterator[tuple[Path, ast.Module]]:
    """Every module below, with what it says, but for migrations and the demo's own service."""
    for path in sorted(folder.rglob("*.py")):
        if not {"migrations", "service"} & set(path.parts):
            yield path, ast.parse(path.read_text())


def names(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every variable, parameter and field that is given a name, with its line."""
    public_fields = {
        id(part.target)
        for each in ast.walk(tree)
        if isinstance(each, ast.ClassDef)
        for part in each.body
        if isinstance(part, ast.AnnAssign)
        and f"{ast.unparse(part.target)} of {each.name}" in PUBLIC
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            if id(node) not in public_fields:
                yield node.id, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno


def imported(tree: ast.Module) -> set[str]:
    """The names that a module takes from others."""
    taken = [each for each in tree.body if isinstance(each, ast.ImportFrom)]
    return {alias.asname or alias.name for each in taken for alias in each.names}


def public(tree: ast.Module) -> set[str]:
    """What `__all__` offers."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return set()
