"""OpenID Connect providers from one setting. Layer: the top: only settings.py imports it."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import ImproperlyConfigured

NEEDED = ("id", "name", "issuer", "client_id", "client_secret", "roles")
ROLES = frozenset({"Viewer", "Operator", "Admin"})
FORMER_ROLES = {"Decision maker": "Operator"}
"""What settings may still say, and which role it means now."""
KNOWN = frozenset({*NEEDED, "groups_claim", "scope"})


def providers(text: str) -> dict[str, Any]:
    """OIDC_PROVIDERS, a JSON list, as django-allauth wants it; "" is no provider.

    Raises ImproperlyConfigured with a sentence that says what to put right.
    """
    return {"OAUTH_PKCE_ENABLED": True, "APPS": [_app(row) for row in _rows(text)]}


def _rows(text: str) -> list[dict[str, Any]]:
    try:
        rows = json.loads(text) if text else []
    except ValueError as error:
        raise ImproperlyConfigured(f"OIDC_PROVIDERS is no JSON: {error}.") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ImproperlyConfigured("OIDC_PROVIDERS must be a list of objects, one a provider.")
    return rows


def _app(row: dict[str, Any]) -> dict[str, Any]:
    _check(row)
    return {
        "provider_id": row["id"],
        "name": row["name"],
        "client_id": row["client_id"],
        "secret": row["client_secret"],
        "settings": {
            "server_url": row["issuer"],
            "scope": row.get("scope", ["openid", "profile", "email"]),
            "groups_claim": row.get("groups_claim", "groups"),
            "roles": {there: FORMER_ROLES.get(role, role) for there, role in row["roles"].items()},
        },
    }


def _check(row: dict[str, Any]) -> None:
    if missing := [name for name in NEEDED if not row.get(name)]:
        raise ImproperlyConfigured(f"A provider in OIDC_PROVIDERS lacks {', '.join(missing)}.")
    if strange := sorted(set(row) - KNOWN):
        raise ImproperlyConfigured(f"OIDC_PROVIDERS does not know {', '.join(strange)}.")
    if not str(row["issuer"]).startswith(("https://", "http://127.0.0.1", "http://localhost")):
        raise ImproperlyConfigured(f"The issuer of {row['id']} must begin with https://.")
    known = ROLES | FORMER_ROLES.keys()
    if not isinstance(row["roles"], dict) or set(row["roles"].values()) - known:
        raise ImproperlyConfigured(
            f"The roles of {row['id']} must map a group there to Viewer, Operator or Admin, "
            'such as {"sre": "Operator"}.'
        )
