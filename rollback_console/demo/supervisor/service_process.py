"""Keeps one program of the demo host running, and tells whether it serves."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rollback_console.processes.ports import answers, is_free
from rollback_console.processes.process_tree import send, spawn

STARTING, STOPPING, AGAIN = 20.0, 8.0, 1.0
_TURN = 0.05
_LONGEST_LOG = 4 * 1024 * 1024


@dataclass
class Keeper:
    """A program that should listen on `port` of 127.0.0.1 while it is `enabled`."""

    name: str
    argv: list[str]
    env: Mapping[str, str]
    folder: Path
    port: int
    log: Path
    enabled: bool = False
    process: subprocess.Popen[bytes] | None = None

    async def start(self) -> str:
        """Start it and wait until it serves: "" or, as a sentence, why it does not."""
        if self.process:
            return ""
        if not is_free("127.0.0.1", self.port):
            return f"Port {self.port} is taken by something else; {self.name} needs it."
        self._run()
        for _ in range(int(STARTING / _TURN)):
            if not self.process:
                break
            if answers("127.0.0.1", self.port):
                self.enabled = True
                return ""
            await asyncio.sleep(_TURN)
        await self.stop()
        return f"{self.name} did not start; {self.log} ends with:\n{self._tail()}"

    async def stop(self) -> None:
        """TERM to its group, KILL when that does not end it in time."""
        self.enabled = False
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self.process:
                send([-self.process.pid], number)
            for _ in range(int(STOPPING / _TURN)):
                if not self.process:
                    return
                await asyncio.sleep(_TURN)

    def buried(self, pid: int, code: int) -> None:
        """A child ended; if it was this one and is still enabled, it starts again soon."""
        if not self.process or self.process.pid != pid:
            return
        self.process.returncode = code
        self.process = None
        if self.enabled:
            asyncio.get_running_loop().call_later(AGAIN, self._again)

    def _again(self) -> None:
        if self.enabled and not self.process:
            self._run()

    def _run(self) -> None:
        long = self.log.exists() and self.log.stat().st_size > _LONGEST_LOG
        with self.log.open("wb" if long else "ab") as log:
            self.process = spawn(self.argv, env=self.env, cwd=self.folder, output=log)

    def _tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-5:])
