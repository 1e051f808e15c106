"""How the database is reached: over TLS that proves who answers, unless it is on this host.

Layer: the top: only settings.py imports it.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from .env import env, yes_no

_HERE = frozenset({"", "localhost", "::1"})


def tls_options(host: str) -> dict[str, Any]:
    """PyMySQL's options. ImproperlyConfigured where nothing could prove who answers."""
    if yes_no("DATABASE_SSL_DISABLED", default=_is_local(host)):
        return {"ssl_disabled": True}
    authorities = env.str("DATABASE_CA_FILE", "") or ssl.get_default_verify_paths().cafile
    if not authorities:
        raise ImproperlyConfigured(
            "DATABASE_CA_FILE must name the authority of the database's certificate, as a PEM "
            "file: this system has none of its own."
        )
    return {"ssl_ca": authorities, "ssl_verify_cert": True, "ssl_verify_identity": True}


def describe_connection(database: Mapping[str, Any]) -> str:
    """For whoever asks whether the console is ready: "file", "local", "verified TLS" or "clear"."""
    if str(database["ENGINE"]).endswith("sqlite3"):
        return "file"
    if database["OPTIONS"].get("ssl_verify_identity"):
        return "verified TLS"
    return "local" if _is_local(str(database.get("HOST", ""))) else "clear"


def _is_local(host: str) -> bool:
    return host in _HERE or host.startswith(("/", "127."))
