"""A small SSH server for machines without OpenSSH's: real shells, as real processes.

Like OpenSSH it gives each command its own session and only closes pipes when a connection
is lost: what a command left running stays. Run as a program with the demo's folder.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import asyncssh

from rollback_console.processes.process_tree import reap

from ..layout import Layout
from ..state import State
from . import keys

_ended: dict[int, asyncio.Future[int]] = {}


async def serve(layout: Layout, state: State) -> None:
    """Until TERM."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGCHLD, _bury)
    over = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, over.set)
    server = await asyncssh.listen(
        "127.0.0.1",
        state.ssh_port,
        server_factory=lambda: _DemoAccount(state.username),
        server_host_keys=[str(layout.ssh / keys.HOST)],
        authorized_client_keys=str(layout.ssh / keys.AUTHORIZED),
        process_factory=lambda process: _run(layout, process),
        allow_pty=False,
        encoding=None,
    )
    await over.wait()
    server.close()


class _DemoAccount(asyncssh.SSHServer):
    """Lets in one account, by key only."""

    def __init__(self, username: str) -> None:
        self._username = username

    def begin_auth(self, username: str) -> bool:
        if username != self._username:
            raise asyncssh.PermissionDenied("There is no such account here.")
        return True


_MODES = ("wb", "rb", "rb")


async def _run(layout: Layout, process: asyncssh.SSHServerProcess[bytes]) -> None:
    """One command: over when it ended and all that it printed was sent."""
    ours, theirs = _pipes()
    ended = _start(layout, process, theirs)
    into, out, errors = (os.fdopen(fd, mode, 0) for fd, mode in zip(ours, _MODES, strict=True))
    # A channel has one end for both outputs: sent after the first, it would cut off the second.
    await process.redirect(into, out, errors, send_eof=False)
    try:
        await process.stdout.drain()
        await process.stderr.drain()
    except (OSError, asyncssh.Error):
        return
    code = await ended
    process.exit(code if code >= 0 else 128 - code)


def _start(
    layout: Layout, process: asyncssh.SSHServerProcess[bytes], pipes: tuple[int, int, int]
) -> asyncio.Future[int]:
    shell = subprocess.Popen(
        ["/bin/sh", *(["-c", process.command] if process.command else [])],
        env={**layout.environment(), "USER": process.get_extra_info("username")},
        cwd=layout.home,
        stdin=pipes[0],
        stdout=pipes[1],
        stderr=pipes[2],
        start_new_session=True,
    )
    for end in pipes:
        os.close(end)
    ended = _ended[shell.pid] = asyncio.get_running_loop().create_future()
    ended.add_done_callback(lambda done: setattr(shell, "returncode", done.result()))
    return ended


def _pipes() -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    (in_, write), (read, out), (read_errors, errors) = os.pipe(), os.pipe(), os.pipe()
    return (write, read, read_errors), (in_, out, errors)


def _bury() -> None:
    for pid, code in reap():
        if ended := _ended.pop(pid, None):
            ended.set_result(code)


def main() -> None:
    """Serve the demo whose folder is the only word."""
    layout = Layout(Path(sys.argv[1]))
    state = State.load(layout)
    if state is None:
        sys.exit(f"No demo host was built in {layout.folder}.")
    asyncio.run(serve(layout, state))


if __name__ == "__main__":
    main()
