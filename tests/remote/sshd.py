"""A real OpenSSH server of our own: its folder, host key, port and one key that may sign in."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from rollback_console.remote.protocol import HostAddress, HostKeyPin, Login, RunnerKind

RUNNER = RunnerKind(os.environ.get("RUNNER", RunnerKind.AUTO))
"""What runs commands on hosts whose test does not choose: RUNNER=shell tries that one alone."""

SSHD = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


class Sshd:
    """`start()` it, sign in at `address()`, `stop()` it; `options` are sshd_config lines.

    `home` is the HOME its sessions see, `boot_id` the file they take for the kernel's boot
    id: overwrite it to reboot the host. `environment` adds further variables, `account` is
    another one's name, user id and group id.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        options: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
        account: tuple[str, int, int] | None = None,
    ) -> None:
        self.folder = folder or Path(tempfile.mkdtemp(prefix="sshd-"))
        self._own_folder = folder is None
        self.folder.mkdir(parents=True, exist_ok=True)
        mine = pwd.getpwuid(os.getuid())
        self.username, *self._owner = account or (mine.pw_name, mine.pw_uid, mine.pw_gid)
        self.home = self.folder / "home"
        self.boot_id = self.folder / "boot_id"
        self.port = _free_port()
        self.options = options
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._make_keys()
        self._make_home()

    def start(self) -> Sshd:
        assert SSHD, "sshd is not installed"
        if os.geteuid() == 0:  # then sshd wants this folder even where it never uses it
            Path("/run/sshd").mkdir(exist_ok=True)
        (self.folder / "sshd_config").write_text("\n".join(self._config()) + "\n")
        log = (self.folder / "sshd.log").open("ab")
        self._process = subprocess.Popen(self.command(), stderr=log, stdout=log)
        log.close()
        self._await_port()
        return self

    def command(self) -> list[str]:
        return [str(SSHD), "-D", "-e", "-f", str(self.folder / "sshd_config")]

    def stop(self) -> None:
        """The listener and every session of it; what runs detached goes on."""
        if self._process is None:
            return
        for pid in [*self.session_pids(), self._process.pid]:
            _signal(pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def remove(self) -> None:
        self.stop()
        mark = Path(f"/var/tmp/rollback-console-{self._owner[0]}/home")
        if mark.is_symlink() and mark.readlink().is_relative_to(self.folder):
            mark.unlink()
        if self._own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def address(self, **changes: object) -> HostAddress:
        values: dict[str, object] = {
            "name": "web-1",
            "address": "127.0.0.1",
            "port": self.port,
            "username": self.username,
            "login": Login(private_key=(self.folder / "client").read_text()),
            "host_keys": (self.pin,),
            "runner": RUNNER,
        }
        return HostAddress(**{**values, **changes})  # type: ignore[arg-type]

    @property
    def pin(self) -> HostKeyPin:
        kind, key, *_ = (self.folder / "host_key.pub").read_text().split()
        return HostKeyPin(kind, key)

    @property
    def attempts(self) -> Path:
        """Where the runner keeps its folders."""
        return self.home / ".local/state/rollback-console"

    def session_pids(self) -> list[int]:
        """The sshd processes that serve connections now."""
        return _descendants(self._process.pid, "sshd") if self._process else []

    def reboot(self) -> None:
        """What a reboot looks like to a runner: another boot id. Kills nothing by itself."""
        self.boot_id.write_text(f"{os.urandom(4).hex()}-0000-4000-8000-000000000000\n")

    def _make_keys(self) -> None:
        for name in ("host_key", "client"):
            if not (self.folder / name).exists():
                make_key(self.folder / name)
        shutil.copy(self.folder / "client.pub", self.folder / "authorized_keys")
        (self.folder / "authorized_keys").chmod(0o644)

    def _make_home(self) -> None:
        self.home.mkdir(exist_ok=True)
        self.boot_id.write_text(Path("/proc/sys/kernel/random/boot_id").read_text())
        os.chown(self.home, *self._owner)
        self.folder.chmod(0o755)

    def _config(self) -> list[str]:
        variables = {
            "HOME": str(self.home),
            "ROLLBACK_CONSOLE_BOOT_ID_FILE": str(self.boot_id),
            **self._environment,
        }
        return [
            f"Port {self.port}",
            "ListenAddress 127.0.0.1",
            f"HostKey {self.folder / 'host_key'}",
            f"AuthorizedKeysFile {self.folder / 'authorized_keys'}",
            "PidFile none",
            "StrictModes no",
            "UsePAM no",
            "PermitRootLogin yes",
            "PasswordAuthentication no",
            "LogLevel VERBOSE",
            "MaxStartups 100:30:200",
            *self.options,
            "SetEnv " + " ".join(f'"{name}={value}"' for name, value in variables.items()),
        ]

    def _await_port(self) -> None:
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.01)
        raise AssertionError((self.folder / "sshd.log").read_text())


def make_key(path: Path, kind: str = "ed25519") -> None:
    size = ["-b", "2048"] if kind == "rsa" else []
    command = ["ssh-keygen", "-q", "-t", kind, *size, "-N", "", "-C", "", "-f", str(path)]
    subprocess.run(command, check=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _descendants(root: int, name: str) -> list[int]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            head, _, rest = stat.read_text().rpartition(")")
        except OSError:
            continue
        if head.partition("(")[2].startswith(name):
            children.setdefault(int(rest.split()[1]), []).append(int(stat.parent.name))
    descendants, waiting = [], [root]
    while waiting:
        waiting += (new := children.get(waiting.pop(), []))
        descendants += new
    return descendants
