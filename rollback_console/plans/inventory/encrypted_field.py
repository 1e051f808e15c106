"""A text field kept encrypted at rest with the installation's master keys (MultiFernet)."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models


def cipher() -> MultiFernet:
    """The first master key encrypts; every one of them may decrypt."""
    return MultiFernet([Fernet(key) for key in settings.MASTER_KEYS])


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text in Python, a Fernet token in the database; "" stays "".

    Reading raises ImproperlyConfigured when no master key fits.
    """

    is_secret = True
    """The record of changes shows a fingerprint of the value, never the value."""

    def get_prep_value(self, value: Any) -> Any:
        return cipher().encrypt(value.encode()).decode() if value else ""

    def from_db_value(self, value: str | None, *_: Any) -> str:
        if not value:
            return ""
        try:
            return cipher().decrypt(value.encode()).decode()
        except InvalidToken as error:
            raise ImproperlyConfigured(
                "A stored secret fits none of MASTER_KEYS. Add the key it was written with."
            ) from error
