"""By which door, and from which address, whatever happens now was asked for.

Middleware and commands say so once; whoever records a change below them need not know them.
"""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

PAGE, COMMAND_LINE, SYSTEM = "page", "command line", "system"


@dataclass(frozen=True, slots=True)
class Origin:
    """`door`: a page, `API token NAME`, the command line or the console itself."""

    door: str = SYSTEM
    address: str = ""


_NOBODY_SAID = Origin()
_current: ContextVar[Origin] = ContextVar("audit_origin", default=_NOBODY_SAID)


def current_origin() -> Origin:
    """Where what happens now comes from; the console itself unless somebody said otherwise."""
    return _current.get()


@contextmanager
def acting_from(door: str, address: str = "") -> Iterator[None]:
    """What is recorded inside came through this door."""
    token = _current.set(Origin(door, address))
    try:
        yield
    finally:
        _current.reset(token)


def enter_by(door: str) -> None:
    """From here on, what is recorded came through this door; the address stays."""
    _current.set(replace(_current.get(), door=door))


@contextmanager
def acting_from_command_line() -> Iterator[None]:
    """What is recorded inside was typed by the account of this process on this machine."""
    with acting_from(COMMAND_LINE, f"{_account()}@{socket.gethostname()}"):
        yield


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as containers have
        return str(os.getuid())
