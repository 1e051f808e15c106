"""Re-encrypting what is stored, so that old master keys can go.

Row by row, each one guarded UPDATE: safe to interrupt, to repeat and to run beside everything
else. A row that somebody writes meanwhile is under the first key by that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.apps import apps
from django.conf import settings
from django.db.models import ExpressionWrapper, F, Model, TextField, Value

from .encrypted_field import EncryptedTextField, cipher


@dataclass
class Counted:
    """`renewed` and `current` values; `lost` names the rows that no key opens."""

    renewed: int = 0
    current: int = 0
    lost: list[str] = field(default_factory=list)


def rotate_columns(counted: Counted) -> None:
    """Every encrypted column of every table."""
    for model, name in _columns():
        for key, sealed in _rows(model, name).values_list("pk", "_sealed"):
            new = renew(sealed, f"{model._meta.verbose_name} {key}, {name}", counted)
            if new is not None:
                changed = _rows(model, name).filter(pk=key, _sealed=sealed)
                value: Any = Value(new, output_field=TextField())
                counted.renewed += changed.update(**{name: value})


def renew(sealed: str, where: str, counted: Counted) -> str | None:
    """The same under the first key; None when it is that already, empty, or lost."""
    if not sealed:
        return None
    try:
        Fernet(settings.MASTER_KEYS[0]).decrypt(sealed.encode())
    except InvalidToken:
        return _rotated(sealed, where, counted)
    counted.current += 1
    return None


def _rotated(sealed: str, where: str, counted: Counted) -> str | None:
    try:
        return cipher().rotate(sealed.encode()).decode()
    except InvalidToken:
        counted.lost.append(where)
        return None


def _columns() -> Iterator[tuple[type[Model], str]]:
    for model in apps.get_models():
        for each in model._meta.concrete_fields:
            if isinstance(each, EncryptedTextField):
                yield model, each.name


def _rows(model: type[Model], name: str) -> Any:
    sealed = ExpressionWrapper(F(name), output_field=TextField())
    return model._base_manager.annotate(_sealed=sealed).order_by("pk")
