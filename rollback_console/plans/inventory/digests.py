"""Keyed digests of what nobody may read: they show that a login or a secret changed, no more.

The key comes from SECRET_KEY, so that the database alone tells nothing about a weak password.
Who renews SECRET_KEY keeps the former one in AUDIT_KEY_FALLBACKS until what was frozen under it
has ended; without it every login and secret counts as changed.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable

from rollback_console.audit.integrity.chain import keyed_digests

from ..models import Credential, Environment, Secret


def digest_login(credential: Credential, approved: Container[str] = ()) -> str:
    """A keyed digest of everything that the credential signs in with."""
    parts = (
        credential.username,
        credential.private_key,
        credential.passphrase,
        credential.password,
        credential.certificate,
    )
    return _digest(json.dumps(["login", *parts]), approved)


def digest_secrets(
    environment: Environment, names: Iterable[str], approved: Container[str] = ()
) -> dict[str, str]:
    """By name, a keyed digest of the values of these secrets, those that are there."""
    rows = Secret.objects.filter(environment=environment, name__in=set(names))
    return {row.name: digest_secret(row, approved) for row in rows}


def digest_secret(row: Secret, approved: Container[str] = ()) -> str:
    """A keyed digest of the secret's value, in which its name and environment have a part."""
    return _digest(json.dumps(["secret", row.environment_id, row.name, row.value]), approved)


def _digest(text: str, approved: Container[str]) -> str:
    present, *former = keyed_digests(text, purpose="snapshot")
    return next((each for each in (present, *former) if each in approved), present)
