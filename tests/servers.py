"""Real servers on free ports, in folders of their own, for as long as a test wants them.

Each is a context manager with `start()` and `stop()`, and ends with the process that
started it even when that is killed. As fixtures, one of each for a whole session:

    @pytest.fixture(scope="session")
    def redis_server() -> Iterator[Redis]:
        with Redis() as server:
            yield server

One MariaDb serves a whole session: `tests.settings` starts it for TEST_DATABASE=mariadb, and
parallel workers share it with a database each. For OpenSSH see tests/remote/sshd.py.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Self

from rollback_console.processes.ports import answers, free_port
from rollback_console.processes.process_tree import spawn

# Debian keeps the programs of its PostgreSQL out of the way.
POSTGRES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), Path())
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin:{POSTGRES}"
STARTING = 180.0
_NOBODY = (65534, 65534)
_AS_NOBODY = (
    ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--pdeathsig=TERM")
    if os.geteuid() == 0
    else ()
)


class Server(ABC):
    """One program that listens on `port` of 127.0.0.1; its files are in `folder`."""

    program: str

    def __init__(self) -> None:
        # Short, because the path of a socket may hold 107 bytes only.
        self.folder = Path(tempfile.mkdtemp(prefix=f"{self.program[:6]}-", dir="/tmp"))
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Run it and wait until it answers; its log is in `log`."""
        with self.log.open("ab") as log:
            self.process = spawn(self.command(), env=_environment(), output=log)
        limit = time.monotonic() + STARTING
        while not self.up():
            code = self.process.poll()
            assert code is None, f"{self.program} ended with {code}:\n{self.log.read_text()}"
            assert time.monotonic() < limit, f"{self.program} does not answer"
            time.sleep(0.02)
        return self

    def stop(self) -> None:
        """End it at once and remove its files; safe to repeat."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self) -> None:
        """What a power cut does to it; `start()` brings it back with its files."""
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None

    def freeze(self) -> None:
        """It keeps its connections and says nothing, until `thaw()`."""
        assert self.process
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process
        self.process.send_signal(signal.SIGCONT)

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @abstractmethod
    def command(self) -> list[str]:
        """What to run."""

    def up(self) -> bool:
        return answers("127.0.0.1", self.port)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class MariaDb(Server):
    """An empty MariaDB with one database, `console`, and an all-powerful `root`."""

    program = "mariadbd"

    def __init__(self) -> None:
        super().__init__()
        self._install()

    @property
    def socket(self) -> Path:
        return self.folder / "socket"

    @property
    def scratch(self) -> Path:
        """Temporary tables of its own: each server that starts removes what it finds in them."""
        return self.folder / "tmp"

    @property
    def url(self) -> str:
        """For DATABASE_URL; over its socket, which needs no TLS."""
        return f"mysql://root@/console?unix_socket={self.socket}"

    def up(self) -> bool:
        """Its port answers before its socket, which is what tests connect to."""
        with socket.socket(socket.AF_UNIX) as probe:
            return super().up() and probe.connect_ex(str(self.socket)) == 0

    def command(self) -> list[str]:
        return [
            _found(self.program),
            "--no-defaults",
            "--user=root",
            f"--datadir={self.folder / 'data'}",
            f"--tmpdir={self.scratch}",
            f"--socket={self.socket}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            f"--init-file={self.folder / 'first.sql'}",
            # A test outlives no power cut of the machine itself.
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-buffer-pool-size=64M",
            "--skip-log-bin",
            "--skip-name-resolve",
        ]

    def _install(self) -> None:
        (self.folder / "first.sql").write_text("CREATE DATABASE IF NOT EXISTS console;\n")
        self.scratch.mkdir()
        done = subprocess.run(
            [
                _found("mariadb-install-db"),
                "--no-defaults",
                "--user=root",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                f"--datadir={self.folder / 'data'}",
            ],
            env={**os.environ, "TMPDIR": str(self.scratch)},
            capture_output=True,
        )
        assert done.returncode == 0, done.stdout.decode()


class Postgres(Server):
    """An empty PostgreSQL whose account `shop` may nothing but sign in; `postgres` rules.

    It refuses to run as root, so root starts it as nobody.
    """

    program = "postgres"

    def __init__(self) -> None:
        super().__init__()
        if os.geteuid() == 0:
            os.chown(self.folder, *_NOBODY)
        auth = ["--auth=trust", "--username=postgres", "--no-sync", f"--pgdata={self.folder}/data"]
        self._run("initdb", *auth)

    def start(self) -> Self:
        super().start()
        self._run(
            "createuser", *("-h", str(self.folder), "-p", str(self.port)), "-U", "postgres", "shop"
        )
        return self

    def command(self) -> list[str]:
        options = ("fsync=off", "listen_addresses=127.0.0.1", "shared_buffers=16MB")
        return [
            *_AS_NOBODY,
            _found(self.program),
            *("-D", f"{self.folder}/data", "-k", str(self.folder), "-p", str(self.port)),
            *(word for option in options for word in ("-c", option)),
        ]

    def up(self) -> bool:
        ready = [_found("pg_isready"), "-q", "-h", str(self.folder), "-p", str(self.port)]
        return subprocess.run(ready).returncode == 0

    def _run(self, program: str, *words: str) -> None:
        command = [*_AS_NOBODY, _found(program), *words]
        done = subprocess.run(command, cwd=self.folder, env=_environment(), capture_output=True)
        assert done.returncode == 0, done.stderr.decode()


class Redis(Server):
    """An empty Redis that keeps nothing on disk."""

    program = "redis-server"

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        return [
            _found(self.program),
            *("--bind", "127.0.0.1", "--port", str(self.port)),
            *("--dir", str(self.folder), "--save", "", "--appendonly", "no"),
        ]


def _found(program: str) -> str:
    path = shutil.which(program, path=PATH)
    assert path, f"{program} is not installed; `make test` as root installs it"
    return path


def _environment() -> dict[str, str]:
    return {"PATH": PATH, "HOME": "/nonexistent", "LANG": "C.UTF-8"}
