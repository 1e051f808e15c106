"""The servers of the live room, a token, and the command line as a process."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rollback_console.access import tokens
from tests import make
from tests.live.conftest import redis, web
from tests.live.rows import Rows
from tests.live.servers import ROOT, Console, Process, empty

__all__ = ["redis", "web"]

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def rows(web: Console, redis: Process, django_db_blocker: object) -> Iterator[Rows]:
    """An empty console: these tests bring whole teams, whose names are the same each time."""
    empty(web)
    made = Rows(web.file, redis.port, django_db_blocker)
    yield made
    made.close()


@pytest.fixture
def token_file(rows: Rows, tmp_path: Path) -> Path:
    """A token of an operator, for everything."""
    return made(rows, tmp_path, tokens.SCOPES)


def made(rows: Rows, folder: Path, scopes: tuple[str, ...]) -> Path:
    """A file with a token of a new operator."""
    person = rows.person(operates=True)
    _, secret = rows.do(make.token, person, name="terminal", scopes=scopes, days=1)
    file = folder / "token"
    file.write_text(f"{secret}\n")
    return file


@pytest.fixture
def start(web: Console, token_file: Path) -> Iterator[Start]:
    """Starts a verb; `server` and `token` stand in for the real ones."""
    started: list[subprocess.Popen[str]] = []

    def begin(
        verb: str, number: int, *more: str, server: str = "", token: Path = token_file
    ) -> subprocess.Popen[str]:
        argv = [sys.executable, "-m", "rollback_console", verb, str(number)]
        argv += ["--server", server or web.url, "--token-file", str(token), *more]
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(argv, cwd=ROOT, stdout=pipe, stderr=pipe, text=True))
        return started[-1]

    yield begin
    for each in started:
        each.kill()
        each.communicate()


PATIENCE = 120
"""Seconds; far more than any machine needs."""


def said(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Exit code, standard output and standard error, once it has ended."""
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def read_until(process: subprocess.Popen[str], text: str) -> str:
    """Standard output up to the line that holds the text. Whoever never says it is ended."""
    assert process.stdout
    lines: list[str] = []
    patience = threading.Timer(PATIENCE, process.kill)
    patience.start()
    try:
        for line in process.stdout:
            lines.append(line)
            if text in line:
                return "".join(lines)
    finally:
        patience.cancel()
    raise AssertionError(f"It ended without saying {text!r}: {lines}")
