"""A console of its own for a fault: database, broker, people, and processes that can die.

The test works on the same database through the ORM of its own process, so that what it
asks and what the console's processes see is one truth.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

from celery import current_app
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User, update_last_login
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections, transaction
from kombu import Connection

from rollback_console.plans.models import DecisionMaker, Environment, Service
from rollback_console.processes import commands
from rollback_console.processes.ports import free_port
from rollback_console.processes.process_tree import spawn
from rollback_console.remote.protocol import HostAddress
from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.models import ProcessSeen, Rollback
from tests import make, tally
from tests.servers import MariaDb
from tests.toolbox.database import migrated_file
from tests.toolbox.waiting import until

from .web import Web

ROOT = Path(__file__).resolve().parents[2]
QUICK = {"LEASE_SECONDS": "3", "SLICE_SECONDS": "20", "SWEEP_SECONDS": "1", "CONNECT_SECONDS": "10"}
"""The promises with shorter times: what takes 20 seconds in production takes 3 here."""

UNCHANGED: Mapping[str, str] = MappingProxyType({})

ENDED_TASK = re.compile(r"Task rollbacks\.advance\[[-\w]+\] (succeeded|raised)")

started: list[Process] = []
"""Every process of every console of these tests, for whoever clears up."""

_numbers = itertools.count(1)


@dataclass
class Process:
    """One process of the console; `kill` is what the kernel does to it, `end` is a deploy."""

    name: str
    child: subprocess.Popen[bytes]
    log: Path
    queue: str = ""

    @property
    def pid(self) -> int:
        return self.child.pid

    @property
    def running(self) -> bool:
        return self.child.poll() is None

    def kill(self) -> None:
        tally.struck("kills")
        self.clear()

    def clear(self) -> None:
        """End it without a count: its test is over."""
        self.child.kill()
        self.child.wait()

    def end(self) -> int:
        """Its exit code after SIGTERM."""
        self.child.terminate()
        return self.child.wait(timeout=60)

    def freeze(self) -> None:
        self.child.send_signal(signal.SIGSTOP)
        tally.struck("freezes")

    def thaw(self) -> None:
        self.child.send_signal(signal.SIGCONT)

    def died(self) -> bool:
        """Whether it killed itself at its failpoint, however long it takes to come there."""
        until(
            lambda: not self.running,
            f"{self.name} reaches its failpoint",
            details=self.said,
            hopeless=self._has_done_its_task,
        )
        tally.struck("kills")
        return self.child.returncode == -signal.SIGKILL

    def _has_done_its_task(self) -> bool:
        """A worker of one message that got to its end passes no failpoint any more."""
        return (
            bool(self.queue) and ENDED_TASK.search(self.log.read_text(errors="replace")) is not None
        )

    def said(self) -> str:
        return self.log.read_text(errors="replace")[-6000:]


@dataclass
class Console:
    """Processes that share `database_url` and `redis_url`; `people` is the cast."""

    folder: Path
    database_url: str
    redis_url: str
    environment: dict[str, str] = field(default_factory=dict)
    processes: list[Process] = field(default_factory=list)
    people: make.Cast | None = None

    def worker(
        self,
        queue: str = "rollbacks",
        variables: Mapping[str, str] = UNCHANGED,
        *,
        awaited: bool = True,
        **more: str,
    ) -> Process:
        """A Celery worker that takes from `queue`, ready to work."""
        name = f"worker-{next(_numbers)}"
        argv = [*commands.worker(), "--hostname", f"{name}@%h", "--queues", queue]
        return self._heard(self.start(name, argv, **variables, **more), awaited)

    def doomed(self, where: str, **more: str) -> Process:
        """A worker that dies at `name:visit`, on a queue of its own: what it leaves is nobody's."""
        queue = f"doomed-{next(_numbers)}"
        process = self.worker(queue, {**crash(where), **more})
        process.queue = queue
        return process

    def sweeper(
        self, variables: Mapping[str, str] = UNCHANGED, *, awaited: bool = True, **more: str
    ) -> Process:
        """A sweeper that has swept."""
        argv = [sys.executable, "manage.py", "sweep"]
        name = f"sweeper-{next(_numbers)}"
        return self._heard(self.start(name, argv, **variables, **more), awaited)

    def web(self, **more: str) -> Web:
        """A web process that answers."""
        port = free_port()
        argv = [sys.executable, "-m", "uvicorn", "rollback_console.asgi:application"]
        argv += ["--port", str(port), "--lifespan", "off", "--log-level", "warning"]
        process = self.start(f"web-{port}", argv, BASE_URL=f"http://127.0.0.1:{port}", **more)
        web = Web(port, process)
        until(web.answers, "the web process answers", details=process.said)
        return web

    def start(self, name: str, argv: list[str], **more: str) -> Process:
        """Any program in the console's environment."""
        log = self.folder / f"{name}.log"
        with log.open("wb") as output:
            child = spawn(argv, env=self.variables(**more), output=output, cwd=ROOT)
        self.processes.append(process := Process(name, child, log))
        started.append(process)
        return process

    def heard(self, process: Process) -> None:
        """Wait until the database knows that this worker or sweeper is alive."""
        seen = ProcessSeen.objects.filter(name__endswith=f":{process.pid}")
        until(
            lambda: seen.exists() or not process.running,
            f"{process.name} is alive",
            details=process.said,
        )
        assert process.running, process.said()

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """One management command."""
        argv = [sys.executable, "manage.py", *words]
        variables = self.variables()
        return subprocess.run(argv, cwd=ROOT, env=variables, capture_output=True, text=True)

    def variables(self, **more: str) -> dict[str, str]:
        """What its processes find in their environment."""
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "DJANGO_SETTINGS_MODULE": "rollback_console.settings",
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "DATA_DIR": str(self.folder),
            "SECRET_KEY": settings.SECRET_KEY,
            "MASTER_KEYS": ",".join(settings.MASTER_KEYS),
            **QUICK,
            **self.environment,
            **more,
        }

    def place(self, address: HostAddress | None, **fields: Any) -> make.Stage:
        """An environment of its own with its service and one host: `lee` and `sam` decide."""
        number = next(_numbers)
        self.people = people = self.people or make.cast()
        environment = Environment.objects.create(
            slug=f"place-{number}", name=f"PLACE {number}", approvals_data=1, **fields
        )
        for rung, (user, role) in enumerate([(people.lee, "Lead"), (people.sam, "DevOps")], 1):
            DecisionMaker.objects.create(environment=environment, user=user, role=role, rung=rung)
        service = Service.objects.create(slug=f"service-{number}", name=f"Service {number}")
        host = make.host(environment, f"host-{number}", people.ada, address)
        return make.Stage(people, environment, service, host)

    def send(self, rollback_id: int, queue: str = "rollbacks", times: int = 1) -> None:
        """What a web process puts into the broker after a commit."""
        with Connection(self.redis_url) as broker:
            for _ in range(times):
                advance: Any = current_app.tasks["rollbacks.advance"]
                advance.apply_async((rollback_id,), queue=queue, connection=broker)

    def close(self) -> None:
        """End every process that is left."""
        for process in self.processes:
            if process.running:
                process.clear()

    def _heard(self, process: Process, databases: bool) -> Process:
        if databases:
            self.heard(process)
        return process


def approved_quietly(place: make.Stage, text: str) -> Rollback:
    """Approved, but not due at once: whoever is told of it comes first."""
    with transaction.atomic():
        rollback = make.approved(place, text)
        later = db_clock.later(timedelta(minutes=5))
        Rollback.objects.filter(pk=rollback.pk).update(due_at=later)
    return rollback


def crash(where: str) -> dict[str, str]:
    """Variables of a process that dies at `name:visit`."""
    return {"ROLLBACK_CONSOLE_CRASH": where, "ALLOW_CRASH": "true"}


def session(user: User) -> str:
    """The cookie of somebody who signed in just now."""
    update_last_login(User, user)
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    make.proved(store, user)
    store.save()
    return str(store.session_key)


def sqlite(folder: Path) -> str:
    """The address of a migrated file database in `folder`."""
    shutil.copy(migrated_file(), folder / "console.sqlite3")
    return f"sqlite:///{folder / 'console.sqlite3'}"


def migrate(folder: Path, url: str) -> None:
    """Make the tables."""
    done = Console(folder, url, "redis://127.0.0.1:1/0").manage("migrate", "--skip-checks")
    assert done.returncode == 0, done.stderr


@contextmanager
def working_on(database: str | MariaDb) -> Iterator[None]:
    """Within it the ORM of this process works on a console's database."""
    before, described = connections["default"], connections.settings["default"]
    connections.settings["default"] = _described(database)
    connections["default"] = connections.create_connection("default")
    try:
        yield
    finally:
        connections["default"].close()
        connections.settings["default"] = described
        connections["default"] = before


def _described(database: str | MariaDb) -> dict[str, Any]:
    if isinstance(database, MariaDb):
        options: dict[str, Any] = {
            "unix_socket": str(database.socket),
            "charset": "utf8mb4",
            "collation": "utf8mb4_bin",
            "isolation_level": "read committed",
            "init_command": "SET time_zone = '+00:00'",
            "connect_timeout": 5,
            "read_timeout": 30,
            "write_timeout": 30,
            "ssl_disabled": True,
        }
        engine, name, user = "django.db.backends.mysql", "console", "root"
    else:
        options = {"transaction_mode": "IMMEDIATE", "timeout": 20}
        engine, name, user = "django.db.backends.sqlite3", database.removeprefix("sqlite:///"), ""
    databases = {"default": {"ENGINE": engine, "NAME": name, "USER": user, "OPTIONS": options}}
    return dict(connections.configure_settings(databases)["default"])
