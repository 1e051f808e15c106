"""The connections of one slice, taken from those that this process keeps."""

from __future__ import annotations

import threading
from collections.abc import Callable

from rollback_console.remote import ssh
from rollback_console.remote.errors import HostUnreachable
from rollback_console.remote.pool import Pool
from rollback_console.remote.protocol import HostAddress, Remote

kept = Pool(ssh.connect)
"""What this process keeps from one slice to the next."""


def pool_of(connect: Callable[[HostAddress], Remote] | None) -> Pool:
    """The process's own, or one that keeps nothing of what `connect` makes."""
    return Pool(connect, idle=0) if connect else kept


class Connections:
    """One connection per host, taken on first use and shared by every run there."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._open: dict[str, tuple[HostAddress, Remote]] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()
        self._closed = False

    def get(self, address: HostAddress) -> Remote:
        """The host's connection. Raises the errors of remote.errors."""
        with self._guard:
            lock = self._locks.setdefault(address.name, threading.Lock())
        with lock:
            if address.name not in self._open:
                self._keep(address, self._pool.take(address))
            return self._open[address.name][1]

    def open_connection(self, name: str) -> Remote | None:
        """The host's connection if there is one; none is made."""
        with self._guard:
            return self._open.get(name, (None, None))[1]

    def drop(self, name: str, remote: Remote | None) -> None:
        """Forget a connection that failed, unless it was replaced already."""
        with self._guard:
            if remote is not None and self._open.get(name, ("", None))[1] is remote:
                del self._open[name]
        if remote is not None:
            self._pool.discard(remote)

    def close(self) -> None:
        """Give every connection back; what hosts run goes on."""
        with self._guard:
            self._closed = True
            taken, self._open = list(self._open.values()), {}
        for address, remote in taken:
            self._pool.give_back(address, remote)

    def _keep(self, address: HostAddress, remote: Remote) -> None:
        with self._guard:
            if not self._closed:
                self._open[address.name] = address, remote
                return
        self._pool.give_back(address, remote)
        raise HostUnreachable(address.name, "this slice is over")
