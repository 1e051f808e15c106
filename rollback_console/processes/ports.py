"""Finding ports on loopback, and saying so when one is taken."""

from __future__ import annotations

import errno
import random
import socket

# Below the range the kernel takes outgoing connections from, so that a remembered port is
# not lost to a stranger's connection by chance.
_LOWEST, _HIGHEST = 20000, 29999


class PortTaken(Exception):
    """Something else listens there; `str()` is a sentence for a person."""


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now. Raises OSError for an address not of ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on."""
    for port in random.SystemRandom().sample(range(_LOWEST, _HIGHEST + 1), 200):
        if is_free("127.0.0.1", port):
            return port
    raise PortTaken(f"No port between {_LOWEST} and {_HIGHEST} is free on 127.0.0.1.")


def answers(host: str, port: int) -> bool:
    """Whether somebody accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0
