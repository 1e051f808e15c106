"""One sign-in, to know that the SSH server serves this account before anybody relies on it."""

from __future__ import annotations

import asyncio

from ..layout import Layout
from ..state import State
from . import keys

_PATIENCE = 10


async def sign_in(layout: Layout, state: State) -> str:
    """ "" when a command ran as it should, else what went wrong."""
    try:
        import asyncssh
    except ImportError:
        return ""
    kind, key = keys.host_key(layout)
    trusted = asyncssh.import_known_hosts(f"[127.0.0.1]:{state.ssh_port} {kind} {key}\n")
    options = {
        "port": state.ssh_port,
        "username": state.username,
        "client_keys": [str(layout.ssh / keys.CLIENT)],
        "known_hosts": trusted,
        "config": None,
        "agent_path": None,
    }
    try:
        async with asyncio.timeout(_PATIENCE), asyncssh.connect("127.0.0.1", **options) as line:
            answer = await line.run('printf %s "$HOME"', check=True)
    except (OSError, asyncssh.Error) as error:
        return str(error) or type(error).__name__
    return "" if answer.stdout == str(layout.home) else "sessions get another home"
