"""The pages in docs/: each command is run here or listed with what runs it, and links lead on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollback_console.local.options import ROOT
from tests.documentation import PAGES, Block, blocks
from tests.local.console import place_tables

from .elsewhere import TABLE

SHELL = {"sh", "console", "bash", "shell"}
LISTED = {(each.page, each.heading) for each in TABLE}


def written(page: Path) -> Iterator[Block]:
    """The blocks of a page that somebody would type into a shell."""
    return (block for block in blocks(page) if SHELL & set(block.words[:1]))


def scripts(page: Path) -> list[str]:
    """What is marked as runnable, in order: a whole `sh` block, a line behind each prompt."""
    marked = [block for block in written(page) if "runnable" in block.words]
    return [
        script
        for block in marked
        for script in ([block.text] if block.words[0] == "sh" else _prompted(block.text))
    ]


def _prompted(text: str) -> list[str]:
    return [line[2:] for line in text.splitlines() if line.startswith("$ ")]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A console's folder with its tables and people of the demo, to copy."""
    folder = tmp_path_factory.mktemp("tables") / "data"
    place_tables(folder)
    fill = "import django; django.setup()\nfrom tests import make; make.cast()\n"
    run(fill, folder, python=True)
    run("python manage.py verify_audit --accept-unsealed", folder)  # the cast has no events
    return folder


def run(script: str, folder: Path, *, python: bool = False) -> None:
    env = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DJANGO_SETTINGS_MODULE": "rollback_console.settings",
        "DATA_DIR": str(folder),
        "HOME": str(folder.parent),
        "LANG": "C.UTF-8",
    }
    words = [sys.executable, "-c"] if python else ["sh", "-euc"]
    done = subprocess.run([*words, script], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"


@pytest.mark.parametrize("page", [page for page in PAGES if scripts(page)], ids=lambda p: p.name)
def test_each_command_that_is_marked_so_works(page: Path, tables: Path, tmp_path: Path) -> None:
    """In one small console a page, from top to bottom; PLAN.md is the demo's plan."""
    shutil.copytree(tables, tmp_path / "data")
    plan = ROOT / "rollback_console/demo/plan.md"
    for script in scripts(page):
        run(script.replace("PLAN.md", str(plan)), tmp_path / "data")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_command_that_is_not_is_listed_with_what_runs_it(page: Path) -> None:
    unmarked = [block for block in written(page) if "runnable" not in block.words]
    unknown = [
        f"{block.page}:{block.line}: mark it runnable, or list it in tests/docs/elsewhere.py"
        for block in unmarked
        if (block.page, block.heading) not in LISTED
    ]
    assert unknown == []


def test_the_list_names_what_there_is_and_tests_that_are_there() -> None:
    there = {(block.page, block.heading) for page in PAGES for block in written(page)}
    assert LISTED - there == set()
    assert [each for each in TABLE if not (ROOT / "tests" / each.test).exists()] == []
    assert [each for each in TABLE if not each.why.endswith(".")] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_command_hides_in_an_indented_block(page: Path) -> None:
    """Those are not fenced, so nobody would notice that nothing runs them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S)
    commands = r"^ {4}(?:\$ |sudo |make |python3? |docker |systemctl |curl |sh |cp |mariadb|pip )"
    assert re.findall(commands + r".*$", text, re.M) == []


def test_there_are_commands_to_run() -> None:
    assert len(scripts(ROOT / "docs/admin.md")) >= 7


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), target


def test_every_page_can_be_reached_from_the_first() -> None:
    seen: set[Path] = set()
    waiting = {ROOT / "README.md"}
    while waiting:
        seen |= waiting
        waiting = {page_linked for page in waiting for page_linked in linked(page)} - seen
    assert [page.name for page in PAGES if page not in seen] == []


def linked(page: Path) -> set[Path]:
    targets = re.findall(r"\]\(([^)#\s]+\.md)(?:#[^)]*)?\)", page.read_text())
    return {(page.parent / target).resolve() for target in targets}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_file_that_a_page_names_is_there(page: Path) -> None:
    named = re.findall(r"`((?:rollback_console|tests|scripts)/[\w/.-]*)`", page.read_text())
    assert [name for name in named if not (ROOT / name).exists()] == []
