"""How many sockets one person, and one address, may hold in one web process."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.conf import settings

_open: Counter[str] = Counter()


class SocketPlace:
    """What a socket counts for; `take` and `leave` belong to the event loop's thread."""

    def __init__(self, scope: Any) -> None:
        client = scope.get("client") or ("unknown", 0)
        self._keys = {
            f"person {scope['user'].pk}": settings.SOCKETS_PER_PERSON,
            f"address {client[0]}": settings.SOCKETS_PER_ADDRESS,
        }
        self._taken = False

    def take(self) -> bool:
        """Whether there is room for one more, which is then counted."""
        if any(_open[key] >= most for key, most in self._keys.items()):
            return False
        _open.update(self._keys.keys())
        self._taken = True
        return True

    def leave(self) -> None:
        """The socket is gone; a second time changes nothing."""
        if self._taken:
            self._taken = False
            _open.subtract(self._keys.keys())
            for key in self._keys:
                if not _open[key]:
                    del _open[key]
