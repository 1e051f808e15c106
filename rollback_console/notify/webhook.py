"""A signed POST of JSON. No redirects; runs in the courier, whose guard watches it connect."""

from __future__ import annotations

import http.client
import json
import ssl
from typing import Any
from urllib.parse import urlsplit

from . import signing


def post(
    url: str, *, payload: dict[str, Any], secret: str, number: str, now: int, seconds: float
) -> str:
    """What went wrong, as a sentence; "" when the other side answered 2xx."""
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "rollback-console",
        signing.DELIVERY: number,
        signing.TIMESTAMP: str(now),
        signing.SIGNATURE: signing.sign(secret, now, body),
    }
    connection, path = _connection(url, seconds)
    try:
        connection.request("POST", path, body, headers)
        return _problem(connection.getresponse().status)
    except ssl.SSLCertVerificationError as error:
        return f"The receiver's certificate is not trusted: {error.verify_message}."
    except (OSError, http.client.HTTPException) as error:
        return f"The receiver could not be reached: {error or type(error).__name__}."
    finally:
        connection.close()


def _connection(url: str, seconds: float) -> tuple[http.client.HTTPConnection, str]:
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.hostname or ""
    if parts.scheme.lower() == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, parts.port, timeout=seconds, context=context), path
    return http.client.HTTPConnection(host, parts.port, timeout=seconds), path


def _problem(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"The receiver answered {status}. Redirects are not followed: give the last address."
    return f"The receiver answered {status}."
