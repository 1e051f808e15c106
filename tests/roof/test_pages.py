"""The pages in docs/: commands that are marked so are run, and links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rollback_console.local.options import ROOT

PAGES = sorted([*(ROOT / "docs").glob("*.md"), ROOT / "README.md"])
RUNNABLE = re.compile(r"^```console runnable\n(.*?)^```$", re.M | re.S)


def commands(page: Path) -> list[str]:
    """Lines behind a prompt, in order."""
    blocks = RUNNABLE.findall(page.read_text())
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=lambda p: p.name)
def test_each_command_that_is_marked_so_works(page: Path, tmp_path: Path) -> None:
    """In one empty console a page, from top to bottom."""
    env = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DATA_DIR": str(tmp_path),
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
    }
    for command in commands(page):
        done = subprocess.run(
            ["sh", "-c", command], cwd=ROOT, env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def test_there_are_commands_to_run() -> None:
    assert len(commands(ROOT / "docs/admin.md")) >= 7


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
        waiting = {found for page in waiting for found in linked(page)} - seen
    assert [page.name for page in PAGES if page not in seen] == []


def linked(page: Path) -> set[Path]:
    targets = re.findall(r"\]\(([^)#\s]+\.md)(?:#[^)]*)?\)", page.read_text())
    return {(page.parent / target).resolve() for target in targets}
