"""How code that web processes share connects: SSH, and its library, load at the first use.

A web process hands work on and signs in to nothing; it loads them once somebody scans host keys.
What only workers and sweepers run imports `ssh` itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .protocol import HostAddress, HostKeyPin, Remote

if TYPE_CHECKING:
    from types import ModuleType


def connect(address: HostAddress) -> Remote:
    """Sign in to a host. Raises the errors that `ssh.connect` names."""
    remote: Remote = _ssh().connect(address)
    return remote


def scan_host_keys(
    address: str, port: int = 22, *, older_algorithms: bool = False
) -> list[HostKeyPin]:
    """The keys a host shows now. Raises HostUnreachable if none could be had."""
    pins: list[HostKeyPin] = _ssh().scan_host_keys(address, port, older_algorithms=older_algorithms)
    return pins


def _ssh() -> ModuleType:
    from . import ssh

    return ssh
