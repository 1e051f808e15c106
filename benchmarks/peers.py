"""What a team would use instead, doing the same work on the same sshd."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import paramiko

from rollback_console.remote.sockets import dial
from tests.remote.sshd import Sshd

TOGETHER = 64
"""Hosts that one sshd, which plays them all, is asked for at the same moment."""


class Ssh:
    """The OpenSSH client, alone or with one shared connection (ControlMaster)."""

    def __init__(self, sshd: Sshd, *, shared: bool) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="cm-"))
        known = self._folder / "known_hosts"
        known.write_text(f"[127.0.0.1]:{sshd.port} {sshd.pin.type} {sshd.pin.key}\n")
        self._argv = [
            *("ssh", "-F", "/dev/null", "-p", str(sshd.port), "-i", str(sshd.folder / "client")),
            *("-o", f"UserKnownHostsFile={known}", "-o", "BatchMode=yes", "-o", "LogLevel=ERROR"),
        ]
        self._address = f"{sshd.username}@127.0.0.1"
        if shared:
            self._argv += ["-S", str(self._folder / "s")]
            master = [*self._argv, "-M", "-N", "-f", self._address]
            subprocess.run(master, check=True)

    def run(self, command: str) -> int:
        """Run it and read all it says; how many bytes that was."""
        return sum(map(len, self.read(command)))

    def read(self, command: str) -> Iterator[bytes]:
        """What it says, as it comes."""
        with subprocess.Popen(
            [*self._argv, self._address, command], stdout=subprocess.PIPE, bufsize=0
        ) as process:
            assert process.stdout
            while data := process.stdout.read(1024 * 1024):
                yield data

    def close(self) -> None:
        if "-S" in self._argv:
            subprocess.run(
                [*self._argv, "-O", "exit", self._address], capture_output=True, check=False
            )
        shutil.rmtree(self._folder, ignore_errors=True)


class Bare:
    """paramiko with one connection and TCP_NODELAY: no durability, no database, no page."""

    def __init__(self, sshd: Sshd) -> None:
        self._transport = paramiko.Transport(dial("127.0.0.1", sshd.port, 10))
        key = paramiko.Ed25519Key.from_private_key_file(str(sshd.folder / "client"))
        self._transport.connect(username=sshd.username, pkey=key)

    def run(self, command: str) -> int:
        return sum(map(len, self.read(command)))

    def read(self, command: str) -> Iterator[bytes]:
        channel = self._transport.open_session()
        channel.exec_command(command)
        while data := channel.recv(256 * 1024):
            yield data
        channel.recv_exit_status()

    def close(self) -> None:
        self._transport.close()


def bare_steps(sshd: Sshd, count: int, commands: list[str]) -> None:
    """The commands one after another, each on every host at once, connections included."""
    with ThreadPoolExecutor(min(count, TOGETHER)) as pool:
        fleet = list(pool.map(lambda _: Bare(sshd), range(count)))
        for command in commands:
            list(pool.map(lambda each, line=command: each.run(line), fleet))
    for each in fleet:
        each.close()


def shared_steps(sshd: Sshd, count: int, commands: list[str]) -> None:
    """The same by ssh with a ControlMaster a host."""
    with ThreadPoolExecutor(count) as pool:
        fleet = list(pool.map(lambda _: Ssh(sshd, shared=True), range(count)))
        for command in commands:
            list(pool.map(lambda each, line=command: each.run(line), fleet))
        list(pool.map(Ssh.close, fleet))
