"""OpenSSH's own server, run by an ordinary account for that account alone."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ..layout import Layout
from ..state import State
from . import keys
from .account import has_shell

PLACES = "/usr/sbin:/usr/local/sbin:/sbin:/usr/bin:/usr/local/bin"
# sshd wants this folder even where it never uses it; only root can and must make it.
_PRIVILEGE_SEPARATION = Path("/run/sshd")


def command(layout: Layout, state: State) -> list[str]:
    """How to run it, or [] where it cannot run."""
    program = shutil.which("sshd", path=PLACES)
    if not program or not has_shell():
        return []
    if os.getuid() == 0:
        _PRIVILEGE_SEPARATION.mkdir(exist_ok=True, mode=0o755)
    settings = layout.ssh / "sshd_config"
    settings.write_text("\n".join(_settings(layout, state)) + "\n")
    return [program, "-D", "-e", "-f", str(settings)]


def _settings(layout: Layout, state: State) -> list[str]:
    variables = " ".join(f'"{name}={value}"' for name, value in layout.environment().items())
    return [
        f"Port {state.ssh_port}",
        "ListenAddress 127.0.0.1",
        f'HostKey "{layout.ssh / keys.HOST}"',
        f'AuthorizedKeysFile "{layout.ssh / keys.AUTHORIZED}"',
        f"AllowUsers {state.username}",
        "PermitRootLogin prohibit-password",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "PidFile none",
        # The folder above the keys may be shared; the keys themselves are ours alone.
        "StrictModes no",
        "UsePAM no",
        "PermitTTY no",
        "X11Forwarding no",
        "AllowTcpForwarding no",
        f"SetEnv {variables}",
    ]
