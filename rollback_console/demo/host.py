"""The demo host as a whole: its SSH server, its services, and whatever sessions left behind.

It is to its processes what init is to a machine: it adopts them, buries them, and none
outlives it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from rollback_console.processes.process_tree import adopt_orphans, end_descendants, reap

from .layout import Layout
from .ssh import openssh, ssh_check
from .state import State
from .supervisor.service_process import Keeper
from .supervisor.units import Unit, load_all

CONTROL = "control"


class DemoHost:
    """Runs until TERM; the services come back at the next start as they were left."""

    def __init__(self, layout: Layout, state: State) -> None:
        self.layout, self.state = layout, state
        self.units = {unit.name: unit for unit in load_all(layout)}
        self.keepers = {unit.name: self._keeper(unit) for unit in self.units.values()}
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Start all, answer `servicectl`, end all."""
        adopt_orphans()
        self._listen_to_signals()
        # A socket's path may hold 107 bytes only, so it is named from inside its folder.
        os.chdir(self.layout.folder)
        Path(CONTROL).unlink(missing_ok=True)
        control = await asyncio.start_unix_server(self._answer, CONTROL)
        Path(CONTROL).chmod(0o600)
        await self._boot()
        await self._over.wait()
        control.close()
        end_descendants(patience=6.0)

    async def _boot(self) -> None:
        for name, unit in self.units.items():
            if unit.enabled and (why := await self.keepers[name].start()):
                _tell(why)
        await self._open_ssh()

    async def _open_ssh(self) -> None:
        """OpenSSH where it lets us in, else our own server."""
        if argv := openssh.command(self.layout, self.state):
            keeper = self.keepers["ssh"] = self._program("ssh", argv, self.state.ssh_port)
            why = await keeper.start() or await ssh_check.sign_in(self.layout, self.state)
            if not why:
                return
            _tell(f"OpenSSH's server cannot be used here ({why}); our own stands in.")
            await keeper.stop()
        argv = [
            sys.executable,
            "-m",
            "rollback_console.demo.ssh.shell_server",
            str(self.layout.folder),
        ]
        keeper = self.keepers["ssh"] = self._program("ssh", argv, self.state.ssh_port)
        if why := await keeper.start():
            _tell(why)

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGCHLD, self._bury)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._over.set)

    def _bury(self) -> None:
        for pid, code in reap():
            for keeper in self.keepers.values():
                keeper.buried(pid, code)

    def _keeper(self, unit: Unit) -> Keeper:
        return self._program(unit.name, unit.argv, unit.port, Path(unit.folder))

    def _program(self, name: str, argv: list[str], port: int, folder: Path | None = None) -> Keeper:
        home, log = folder or self.layout.home, self.layout.logs / f"{name}.log"
        return Keeper(name, argv, self.layout.environment(), home, port, log)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        verb, _, name = (await reader.readline()).decode().strip().partition(" ")
        code, text = await self._do(verb, name)
        writer.write(f"{code} {text}\n".encode())
        await writer.drain()
        writer.close()

    async def _do(self, verb: str, name: str) -> tuple[int, str]:
        if name not in self.units:
            return 4, f"There is no service {name} here; there is {', '.join(self.units)}."
        keeper = self.keepers[name]
        if verb in {"stop", "restart"}:
            await keeper.stop()
        if verb in {"start", "restart"} and (why := await keeper.start()):
            return 1, why
        if verb != "status":
            self.units[name] = self.units[name].with_enabled(keeper.enabled)
            self.units[name].save(self.layout)
        running = keeper.process is not None
        code = 3 if verb == "status" and not running else 0
        return code, f"{name} is {'running' if running else 'stopped'}"


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def serve(layout: Layout, state: State) -> None:
    """Run the host until TERM or Ctrl-C."""
    asyncio.run(DemoHost(layout, state).run())
