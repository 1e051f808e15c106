"""Builds the demo host once: two releases, rows from before and after the deploy, a dump."""

from __future__ import annotations

import json
import shlex
import shutil
import sys

from rollback_console.processes.ports import free_port

from . import repository
from .errors import DemoUnavailable
from .layout import Layout
from .run import call
from .ssh import keys
from .ssh.account import account
from .state import State
from .supervisor.units import Unit

DUMP = "pre-deploy-1.5.0.sqlite3"


def build(layout: Layout) -> State:
    """The host as it stands after the bad deploy; what is there already is kept.

    Raises DemoUnavailable when this machine lacks something.
    """
    if state := State.load(layout):
        return state
    if why := unavailable():
        raise DemoUnavailable(why)
    for folder in (layout.home, layout.ssh):
        shutil.rmtree(folder, ignore_errors=True)
    _lay_out(layout)
    state = State(free_port(), free_port(), account())
    _deploy(layout)
    _units(layout, state)
    state.save(layout)
    return state


def unavailable() -> str:
    """Why no demo host can be built here, as a sentence, or ""."""
    if sys.platform != "linux":
        return "The demo host needs Linux, so the console runs without it."
    if not shutil.which("git"):
        return (
            "The demo host needs git, which is not installed here, so the console runs without "
            "it. Install git (on Debian: apt install git) and run this again."
        )
    return ""


def _lay_out(layout: Layout) -> None:
    layout.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for folder in (layout.home, layout.data, layout.backups, layout.bin, layout.logs):
        folder.mkdir()
    for name, argv in layout.programs().items():
        program = layout.bin / name
        program.write_text(f'#!/bin/sh\nexec {shlex.join(argv)} "$@"\n')
        program.chmod(0o755)
    keys.make_keys(layout)


def _deploy(layout: Layout) -> None:
    """What the team did: 1.4.0 at work, then a dump, then 1.5.0 and its migration."""
    rows = json.loads((repository.TEMPLATES / "bookings.json").read_text())
    repository.make_repository(layout)
    _manage(layout, "migrate", "--no-input")
    _manage(layout, "take_bookings", text=json.dumps(rows["before"]))
    _manage(layout, "dump", str(layout.backups / DUMP))
    repository.git(layout, "checkout", "-q", repository.NEW)
    _manage(layout, "migrate", "--no-input")
    _manage(layout, "take_bookings", text=json.dumps(rows["since"]))


def _manage(layout: Layout, *words: str, text: str = "") -> None:
    python = str(layout.bin / "python")
    env = layout.environment()
    call([python, "manage.py", *words], env=env, cwd=layout.app, text=text)


def _units(layout: Layout, state: State) -> None:
    unit = Unit(
        name="bookings",
        argv=[
            *(str(layout.bin / "python"), "-m", "gunicorn", "config.wsgi"),
            *("--bind", f"127.0.0.1:{state.service_port}"),
            *("--workers", "1", "--threads", "4", "--graceful-timeout", "3"),
            "--no-control-socket",
        ],
        folder=str(layout.app),
        port=state.service_port,
        enabled=True,
    )
    unit.save(layout)
