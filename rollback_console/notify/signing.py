"""HMAC-SHA256 over time and body, for webhooks in both directions.

The header `Rollback-Console-Signature` is `v1=` and the hexadecimal HMAC of the content of
`Rollback-Console-Timestamp` (seconds since 1970 in UTC), a dot, and the body's bytes.
"""

from __future__ import annotations

import hashlib
import hmac

TIMESTAMP = "Rollback-Console-Timestamp"
SIGNATURE = "Rollback-Console-Signature"
DELIVERY = "Rollback-Console-Delivery"

WINDOW = 300
"""Seconds that a signature counts before and after its time."""


def sign(secret: str, timestamp: int, body: bytes) -> str:
    """The value of the signature's header."""
    return f"v1={mac(secret, f'{timestamp}.'.encode() + body)}"


def mac(secret: str, text: bytes) -> str:
    """The hexadecimal HMAC-SHA256 of some bytes."""
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def problem(secret: str, timestamp: str, signature: str, body: bytes, now: float) -> str:
    """Why a signed body is not to be believed; "" when it is."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
        return f"{TIMESTAMP} must hold seconds since 1970."
    if abs(now - int(timestamp)) > WINDOW:
        return "This was signed more than 5 minutes ago, or a clock is wrong."
    if not same(signature, sign(secret, int(timestamp), body)):
        return "The signature does not fit the body and the secret."
    return ""


def same(given: str, expected: str) -> bool:
    """Whether two texts are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())
