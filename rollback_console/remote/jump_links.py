"""Connections to jump hosts, each shared by all that goes through it in this process.

Thirty hosts behind a bastion sign in to it once instead of thirty times. A connection is shared
by uses with the same address, account, credential and confirmed keys alone, and is closed when
the last of them is done. One that is old, gone or in doubt is lent to nobody else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from .protocol import HostAddress

JOINED_FOR = 60.0  # seconds; a login taken away there ends little later than without sharing
MOST_ON_ONE = 64  # connections through one: they share its bandwidth and the thread that reads it


class Link(Protocol):
    """A signed-in connection."""

    def stands(self) -> bool:
        """Whether it is there, as far as is known without asking."""

    def close(self) -> None:
        """Close it, from any thread."""


AnyLink = TypeVar("AnyLink", bound=Link)


@dataclass(slots=True)
class _Shared(Generic[AnyLink]):
    link: AnyLink
    made: float
    users: int = 0
    doubtful: bool = False


@dataclass
class JumpLinks(Generic[AnyLink]):
    """Lends links that `open_link` makes; `clock` counts seconds."""

    open_link: Callable[[HostAddress, float], AnyLink]
    clock: Callable[[], float] = time.monotonic
    _lent: dict[HostAddress, list[_Shared[AnyLink]]] = field(default_factory=dict)
    _opening: dict[HostAddress, threading.Lock] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def borrow(self, address: HostAddress, timeout: float) -> Loan[AnyLink]:
        """A share of a link to the jump host. Raises whatever opening one raises.

        Whoever comes while one is being opened waits and shares it.
        """
        with self._guard:
            opening = self._opening.setdefault(address, threading.Lock())
        with opening:
            if (loan := self._join(address)) is not None:
                return loan
            shared = _Shared(self.open_link(address, timeout), self.clock())
            with self._guard:
                self._lent.setdefault(address, []).append(shared)
                return self._lend(address, shared)

    def _join(self, address: HostAddress) -> Loan[AnyLink] | None:
        with self._guard:
            for shared in self._lent.get(address, []):
                if self._may_share(shared):
                    return self._lend(address, shared)
        return None

    def _may_share(self, shared: _Shared[AnyLink]) -> bool:
        young = self.clock() - shared.made < JOINED_FOR
        return young and shared.users < MOST_ON_ONE and not shared.doubtful and shared.link.stands()

    def _lend(self, address: HostAddress, shared: _Shared[AnyLink]) -> Loan[AnyLink]:
        shared.users += 1
        return Loan(shared.link, lambda doubtful: self._take_back(address, shared, doubtful))

    def _take_back(self, address: HostAddress, shared: _Shared[AnyLink], doubtful: bool) -> None:
        with self._guard:
            shared.users -= 1
            shared.doubtful |= doubtful
            if shared.users:
                return
            self._lent[address].remove(shared)
            if not self._lent[address]:
                del self._lent[address]
        shared.link.close()


class Loan(Generic[AnyLink]):
    """One use of a shared link, given back once."""

    def __init__(self, link: AnyLink, take_back: Callable[[bool], None]) -> None:
        self.link = link
        self._take_back: Callable[[bool], None] | None = take_back
        self._guard = threading.Lock()

    def give_back(self, *, doubtful: bool = False) -> None:
        """Be done with it; `doubtful` where it may be at fault, so that nobody else joins it."""
        with self._guard:
            take_back, self._take_back = self._take_back, None
        if take_back is not None:
            take_back(doubtful)
