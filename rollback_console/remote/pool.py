"""Connections kept from one use to the next, each lent to one user at a time.

What is lent is known by everything that proves and opens it: address, account, credential and
confirmed host keys. When one of these changes, the old connection is never lent again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from .protocol import HostAddress, Remote

IDLE = 60.0  # seconds a connection waits for its next use
OLDEST = 600.0  # seconds after which it is made anew, so that a revoked login ends
# Connections that wait: 110 KB and two threads each, where signing in anew costs 8 ms of processor
# time. With fewer, a rollback on 500 hosts would sign in again at half of them with each slice.
MOST = 1024


@runtime_checkable
class Lasting(Remote, Protocol):
    """A Remote whose connection may outlive one user of it."""

    def alive(self) -> bool:
        """Whether the connection still stands, as far as is known without asking."""

    def release(self) -> Remote:
        """End everything under way here as `close` does, and give the connection on."""


@dataclass(slots=True)
class _Kept:
    remote: Remote
    made: float
    since: float


@dataclass
class Pool:
    """Lends connections made by `connect`; with `idle` 0 it keeps none."""

    connect: Callable[[HostAddress], Remote]
    idle: float = IDLE
    oldest: float = OLDEST
    clock: Callable[[], float] = time.monotonic
    _kept: dict[HostAddress, list[_Kept]] = field(default_factory=dict)
    _made: dict[int, float] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _expiry: threading.Timer | None = None

    def take(self, address: HostAddress) -> Remote:
        """A connection that nobody else has. Raises the errors of remote.errors."""
        self._expire()
        while (kept := self._pop(address)) is not None:
            if _stands(kept.remote):
                return self._lend(kept.remote, kept.made)
            kept.remote.close()
        return self._lend(self.connect(address), self.clock())

    def give_back(self, address: HostAddress, remote: Remote) -> None:
        """Whoever took it is done: it waits for the next, or is closed."""
        with self._guard:
            made = self._made.pop(id(remote), 0.0)
        if not isinstance(remote, Lasting) or not self._worth_keeping(remote, made):
            remote.close()
            return
        kept = _Kept(remote.release(), made, self.clock())
        if self._put(address, kept):
            self._expire_later()
        else:
            kept.remote.close()

    def discard(self, remote: Remote) -> None:
        """It failed: nobody is lent it again."""
        with self._guard:
            self._made.pop(id(remote), None)
        remote.close()

    def close(self) -> None:
        """Close everything that waits."""
        with self._guard:
            timer, self._expiry = self._expiry, None
        if timer is not None:
            timer.cancel()
        for kept in self._take_out(lambda kept: True):
            kept.remote.close()

    def _lend(self, remote: Remote, made: float) -> Remote:
        with self._guard:
            self._made[id(remote)] = made
        return remote

    def _pop(self, address: HostAddress) -> _Kept | None:
        with self._guard:
            waiting = self._kept.get(address)
            return waiting.pop() if waiting else None

    def _worth_keeping(self, remote: Lasting, made: float) -> bool:
        return bool(self.idle and self.clock() - made < self.oldest and remote.alive())

    def _put(self, address: HostAddress, kept: _Kept) -> bool:
        """Keep it, unless as many as there is room for wait already."""
        with self._guard:
            if sum(map(len, self._kept.values())) >= MOST:
                return False
            self._kept.setdefault(address, []).append(kept)
            return True

    def _expire_later(self) -> None:
        """One timer for all that waits, however many come and go."""
        with self._guard:
            if self._expiry is not None or not self._kept:
                return
            self._expiry = threading.Timer(self.idle + 1, self._expire_in_time)
            self._expiry.daemon = True
            self._expiry.start()

    def _expire_in_time(self) -> None:
        with self._guard:
            self._expiry = None
        self._expire()
        self._expire_later()

    def _expire(self) -> None:
        now = self.clock()
        for kept in self._take_out(
            lambda kept: now - kept.since >= self.idle or now - kept.made >= self.oldest
        ):
            kept.remote.close()

    def _take_out(self, is_due: Callable[[_Kept], bool]) -> list[_Kept]:
        """Remove those that are due from what waits, and return them."""
        due: list[_Kept] = []
        with self._guard:
            for address, waiting in list(self._kept.items()):
                due += [each for each in waiting if is_due(each)]
                if left := [each for each in waiting if not is_due(each)]:
                    self._kept[address] = left
                else:
                    del self._kept[address]
        return due


def _stands(remote: Remote) -> bool:
    return isinstance(remote, Lasting) and remote.alive()
