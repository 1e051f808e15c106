"""How an event is sealed, so that nobody without the key can change what was written.

Version 1 was SHA-256: it shows a change, but not that a whole chain was made anew. Version 2 is
an HMAC (RFC 2104) under a key derived from SECRET_KEY by HKDF (RFC 5869), so that the database
alone is not enough to forge it. Former keys stay in AUDIT_KEY_FALLBACKS: they only check.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

UNKEYED, KEYED = 1, 2
VERSION = KEYED
"""What new events are sealed with."""


def seal(body: Mapping[str, Any], *, version: int = VERSION) -> str:
    """The hexadecimal seal over the canonical JSON of `body`."""
    return _seal(body, version, settings.SECRET_KEY)


def is_sealed(body: Mapping[str, Any], stored: str, *, version: int) -> bool:
    """Whether `stored` is the seal of `body` under the present key or a former one."""
    if version not in (UNKEYED, KEYED):
        return False
    keys = (settings.SECRET_KEY, *settings.AUDIT_KEY_FALLBACKS)
    return any(hmac.compare_digest(_seal(body, version, key), stored) for key in keys)


def keyed_digest(text: str, *, purpose: str) -> str:
    """HMAC-SHA256 in hexadecimal, under a key that serves `purpose` alone."""
    return hmac.new(_derived(settings.SECRET_KEY, purpose), text.encode(), "sha256").hexdigest()


def keyed_digests(text: str, *, purpose: str) -> list[str]:
    """`keyed_digest` under the present key, then under every former one."""
    keys = (settings.SECRET_KEY, *settings.AUDIT_KEY_FALLBACKS)
    return [hmac.new(_derived(key, purpose), text.encode(), "sha256").hexdigest() for key in keys]


def _seal(body: Mapping[str, Any], version: int, secret: str) -> str:
    if version == UNKEYED:
        return hashlib.sha256(_canonical(body)).hexdigest()
    text = _canonical({**body, "version": version})
    return hmac.new(_derived(secret, "audit chain"), text, "sha256").hexdigest()


def _canonical(body: Mapping[str, Any]) -> bytes:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass")


@lru_cache(maxsize=32)
def _derived(secret: str, purpose: str) -> bytes:
    info = f"rollback-console {purpose}".encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret.encode())
