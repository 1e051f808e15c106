"""Real processes for these tests: Redis, and the console behind uvicorn on a file database."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import closing
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path

from django.conf import settings

from tests.toolbox.database import migrated_file
from tests.toolbox.waiting import until

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether something accepts connections there."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.5):
            return True
    except OSError:
        return False


@dataclass
class Process:
    """A child process that listens on a port."""

    argv: list[str]
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it accepts connections."""
        self.child = subprocess.Popen(
            self.argv, cwd=ROOT, env={**os.environ, **self.environment}, stdout=subprocess.DEVNULL
        )
        until(lambda: answers(self.port), f"{self.argv[0]} on port {self.port}")

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self.child:
            self.child.kill()
            self.child.wait()
            self.child = None


def redis_server(folder: Path) -> Process:
    """A Redis that keeps nothing."""
    port = free_port()
    argv = ["redis-server", "--port", str(port), "--save", "", "--dir", str(folder)]
    return Process(argv, port)


@dataclass
class Console:
    """A web process of the console; `url` is its address without a slash at the end."""

    process: Process
    file: Path

    @property
    def url(self) -> str:
        """Such as http://127.0.0.1:40123."""
        return f"http://127.0.0.1:{self.process.port}"

    def socket(self, number: int) -> str:
        """The address of a rollback's socket."""
        return f"{self.url.replace('http', 'ws', 1)}/ws/rollbacks/{number}/"

    def get(self, path: str, cookie: str = "") -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers (lower case) of a GET; redirects are not followed."""
        request = urllib.request.Request(self.url + path)
        if cookie:
            request.add_header("Cookie", f"sessionid={cookie}")
        opener = urllib.request.build_opener(_Stay)
        try:
            with opener.open(request, timeout=20) as answer:
                return answer.status, answer.read(), _lower(answer.headers)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read(), _lower(error.headers)


def _lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def console(folder: Path, redis_url: str) -> Console:
    """The console with a new file database, not started yet."""
    port, file = free_port(), folder / "live.sqlite3"
    (folder / "static").mkdir()
    environment = environment_of(file, folder, redis_url, port)
    shutil.copy(migrated_file(), file)
    return Console(uvicorn(port, environment), file)


def empty(console: Console) -> None:
    """Bring the database back to how it was when the console was new, below its open files."""
    new, live = sqlite3.connect(migrated_file()), sqlite3.connect(console.file)
    with closing(new), closing(live):
        new.backup(live)


def environment_of(file: Path, folder: Path, redis_url: str, port: int) -> dict[str, str]:
    """What a process of the console needs to work on that database."""
    return {
        "DJANGO_SETTINGS_MODULE": "rollback_console.settings",
        "DATABASE_URL": f"sqlite:///{file}",
        "DATA_DIR": str(folder),
        "SECRET_KEY": settings.SECRET_KEY,
        "MASTER_KEYS": ",".join(settings.MASTER_KEYS),
        "REDIS_URL": redis_url,
        "BASE_URL": f"http://127.0.0.1:{port}",
        "LOG_LEVEL": "ERROR",
        "SOCKETS_PER_PERSON": "600",
    }


def uvicorn(port: int, environment: dict[str, str]) -> Process:
    """A web process, not started yet."""
    argv = [sys.executable, "-m", "uvicorn", "rollback_console.asgi:application"]
    argv += ["--port", str(port), "--lifespan", "off", "--log-level", "error"]
    return Process(argv, port, environment)
