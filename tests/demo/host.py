"""The demo host of a layout, run as `up` runs it, and commands on it over SSH."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncssh

from rollback_console.demo.layout import Layout
from rollback_console.demo.ssh import keys
from rollback_console.demo.state import State
from rollback_console.processes.process_tree import descendants
from tests.local.console import status
from tests.toolbox.waiting import until

_RUN = {
    "openssh": (
        "import sys, pathlib\n"
        "from rollback_console.demo import host, layout, state\n"
        "where = layout.Layout(pathlib.Path(sys.argv[1]))\n"
        "host.serve(where, state.State.load(where))\n"
    ),
    # As on a machine where OpenSSH's server is not installed.
    "our own": (
        "import sys, pathlib\n"
        "from rollback_console.demo import host, layout, state\n"
        "from rollback_console.demo.ssh import openssh\n"
        "openssh.PLACES = '/nonexistent'\n"
        "where = layout.Layout(pathlib.Path(sys.argv[1]))\n"
        "host.serve(where, state.State.load(where))\n"
    ),
}
SERVERS = tuple(_RUN)


class Running:
    """The host of a layout, as `up` runs it."""

    def __init__(self, layout: Layout, server: str) -> None:
        state = State.load(layout)
        assert state
        self.layout, self.state, self.server = layout, state, server
        self.start()

    def start(self) -> None:
        """Run it and wait until a command gets through."""
        words = [sys.executable, "-c", _RUN[self.server], str(self.layout.folder)]
        self.process = subprocess.Popen(words)
        assert until(lambda: self.sh("true").exit_status == 0)

    def restart(self) -> None:
        """As when a person stops `up` and starts it again."""
        self.stop()
        self.start()

    def sh(self, command: str) -> Any:
        return asyncio.run(self._sh(command))

    def health(self) -> int:
        return status(f"{self.state.service_url}health")

    def service_pid(self) -> int:
        """The service's main process."""
        served = [pid for pid in descendants(self.process.pid) if self._serves(pid)]
        return served[0]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)

    def _serves(self, pid: int) -> bool:
        return f"127.0.0.1:{self.state.service_port}" in _command_line(pid)

    async def _sh(self, command: str) -> asyncssh.SSHCompletedProcess:
        kind, key = keys.host_key(self.layout)
        known = f"[127.0.0.1]:{self.state.ssh_port} {kind} {key}\n"
        try:
            async with asyncssh.connect(
                "127.0.0.1",
                self.state.ssh_port,
                username=self.state.username,
                client_keys=[str(self.layout.ssh / keys.CLIENT)],
                known_hosts=asyncssh.import_known_hosts(known),
                config=None,
                agent_path=None,
            ) as line:
                return await line.run(command, stdin=asyncssh.DEVNULL, timeout=120)
        except (OSError, asyncssh.Error):
            return asyncssh.SSHCompletedProcess(exit_status=255)


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode()
    except OSError:
        return ""
