"""One question about rights."""

from __future__ import annotations

from typing import Any, Protocol


class _Account(Protocol):
    @property
    def is_active(self) -> bool: ...

    def has_perm(self, perm: str, obj: Any = None) -> bool: ...


def may_do(person: _Account, permission: str, over: Any = None) -> bool:
    """Whether an active person holds a permission, `over` an object where one is named."""
    return bool(person.is_active and person.has_perm(permission, over))
