"""`python -m rollback_console VERB`: `up`, `web`, `worker`, `sweeper`, `demo` and others."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from rollback_console.cli import check, deployed
from rollback_console.cli import commands as terminal
from rollback_console.demo.errors import DemoUnavailable
from rollback_console.demo.layout import Layout
from rollback_console.demo.state import State
from rollback_console.local.data_dir import FolderTaken
from rollback_console.local.errors import DatabaseAway
from rollback_console.local.healthcheck import healthy
from rollback_console.local.options import Options, from_environment
from rollback_console.processes import commands
from rollback_console.processes.broker import NoBroker
from rollback_console.processes.ports import PortTaken

SENTENCES = (ImproperlyConfigured, DatabaseAway, DemoUnavailable, FolderTaken, NoBroker, PortTaken)


def main() -> int:
    """Do what the command line says; what goes wrong is a sentence and exit code 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollback_console.settings")
    arguments = _parser().parse_args()
    if arguments.verb == "check":
        return check.check(arguments)
    if arguments.verb == "deployed":
        return deployed.record(arguments)
    if arguments.verb in terminal.VERBS:
        return terminal.run(arguments)
    try:
        if arguments.verb == "alive":
            return _alive(arguments.role, from_environment())
        return VERBS[arguments.verb][0](from_environment())
    except SENTENCES as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _up(options: Options) -> int:
    from rollback_console.local.up import up

    return up(options)


def _prepare(options: Options) -> int:
    from rollback_console.local.prepare import prepare

    return prepare(options)


def _web(options: Options) -> int:
    return _become(commands.web(options.host, options.port, options.web_workers))


def _worker(options: Options) -> int:
    return _become(commands.worker(settings.WORKER_QUEUES))


def _sweeper(options: Options) -> int:
    import django
    from django.core.management import call_command

    import rollback_console.celery  # noqa: F401  what it hands on goes to that broker

    django.setup()
    call_command("sweep")
    return 0


def _demo(options: Options) -> int:
    from rollback_console.demo.host import serve

    layout = Layout(options.data / "demo")
    state = State.load(layout)
    if state is None:
        raise DemoUnavailable("No demo host was built here yet. Run: make run")
    serve(layout, state)
    return 0


def _alive(role: str, options: Options) -> int:
    """0 when one of that role spoke on this host within 30 seconds, else 1; `web` is asked."""
    if role == "web":
        return 0 if healthy(options) else 1
    import django

    django.setup()
    from rollback_console.rollbacks.queries import health

    return 0 if health.seen_here(role) else 1


def _become(argv: list[str]) -> int:
    """One process, not two: signals reach the program itself. Settings are read first, so
    that a bad one is a sentence and not the program's own complaint."""
    settings.DATABASES  # noqa: B018 - reading is the point
    os.execv(argv[0], argv)  # noqa: S606 - our own argument list, no shell


VERBS: dict[str, tuple[Callable[[Options], int], str]] = {
    "up": (_up, "everything on this machine, with a demo, until Ctrl-C"),
    "web": (_web, "pages, API and sockets"),
    "worker": (_worker, "drives rollbacks"),
    "sweeper": (_sweeper, "finds rollbacks that nobody drives"),
    "demo": (_demo, "the demo host alone"),
    "prepare": (_prepare, "make the tables and, unless DEMO=0, the demo"),
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m rollback_console",
        description="The Rollback Console's processes.",
        epilog="Settings come from the environment: HOST, PORT, DATA_DIR, DATABASE_URL, "
        "REDIS_URL, DEMO=0, RESET=1 and those in docs/settings.md.",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="COMMAND")
    for name, (_, what) in VERBS.items():
        verbs.add_parser(name, help=what, description=what)
    terminal.add(verbs)
    check.add_options(verbs.add_parser("check", help=check.HELP, description=check.HELP))
    deployed.add_options(
        verbs.add_parser("deployed", help=deployed.HELP, description=deployed.HELP)
    )
    what = "exit with 0 if one of that role is alive on this host: for health checks"
    alive = verbs.add_parser("alive", help=what, description=what)
    alive.add_argument("role", choices=["web", "worker", "sweeper"])
    return parser


if __name__ == "__main__":
    sys.exit(main())
