"""`up`: everything the console needs, on one machine, until Ctrl-C."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from rollback_console.demo.layout import Layout
from rollback_console.demo.state import State
from rollback_console.processes import broker, commands
from rollback_console.processes.child import Child, print_line
from rollback_console.processes.ports import PortTaken, answers, is_free
from rollback_console.processes.supervisor import Supervisor

from . import data_dir
from .banner import greet
from .healthcheck import healthy
from .options import Options

# Celery's advice to a worker of root: right for a server, of no use to who tries it in a container.
QUIET = "ignore:You're running the worker with superuser privileges"


def up(options: Options) -> int:
    """Start and keep everything; an exit code. Raises FolderTaken, PortTaken and NoBroker."""
    lock = data_dir.claim(options.data)
    with lock:
        data_dir.sign(lock, os.getpid())
        _check_port(options)
        if options.reset:
            data_dir.empty(options.data)
        return _run(options)


def _run(options: Options) -> int:
    env = _environment(options)
    return Supervisor(_stages(options, env), announce=lambda: greet(options)).run()


def _stages(options: Options, env: dict[str, str]) -> Iterator[list[Child]]:
    """Each stage is made when the one before it stands."""
    if not options.redis_url:
        child, env["REDIS_URL"] = broker.embedded(options.data / "valkey", env)
        yield [child]
    print_line("up", f"Preparing the database{' and the demo' if options.demo else ''} ...")
    yield [Child("prepare", commands.ourselves("prepare"), _prepares(options, env), once=True)]
    yield [*_demo(options, env), *_console(options, env)]


def _prepares(options: Options, env: dict[str, str]) -> dict[str, str]:
    """The demo's own people and plans are no news to whoever looks for its address."""
    return {"LOG_LEVEL": "WARNING", **env} if options.demo else env


def _check_port(options: Options) -> None:
    try:
        free = is_free(options.host, options.port)
    except OSError as error:
        raise PortTaken(
            f"Nothing can listen on {options.host}, port {options.port}: {error.strerror}. "
            "Set HOST and PORT to others."
        ) from error
    if not free:
        raise PortTaken(
            f"Port {options.port} on {options.host} is taken. Stop what listens there, or "
            f"choose another: make run PORT={options.port + 1}"
        )


def _environment(options: Options) -> dict[str, str]:
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "rollback_console.settings",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": ",".join(filter(None, [os.environ.get("PYTHONWARNINGS"), QUIET])),
        "DATA_DIR": str(options.data),
        "BASE_URL": options.address,
    }


def _demo(options: Options, env: Mapping[str, str]) -> list[Child]:
    state = State.load(Layout(options.data / "demo")) if options.demo else None
    if state is None:
        return []
    return [
        Child(
            "demo",
            commands.ourselves("demo"),
            env,
            up=lambda: answers("127.0.0.1", state.ssh_port),
        )
    ]


def _console(options: Options, env: Mapping[str, str]) -> list[Child]:
    serve = commands.web(options.host, options.port, options.web_workers)
    return [
        Child("worker", commands.worker(), env),
        Child("sweeper", commands.ourselves("sweeper"), env),
        Child("web", serve, env, up=lambda: healthy(options)),
    ]
