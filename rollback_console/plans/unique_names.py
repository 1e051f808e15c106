"""Names that may stand once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from .errors import PlanError


@contextmanager
def unique_name(what: str, name: str) -> Iterator[None]:
    """Turn two of one name, however they met, into a sentence. Raises PlanError."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise PlanError(f"There is {what} named {name} already: choose another name.") from error
