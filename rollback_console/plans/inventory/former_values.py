"""Values that were replaced or removed, kept encrypted until no run can print them any more.

A run that was sent a secret before it was replaced may write the old value for as long as it
runs, whichever worker follows it. The sweep forgets them (rollbacks.sweeper.former_secrets).
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from ..models import Credential, Environment, FormerSecret


def keep_former_values(values: Iterable[str], environment: Environment | None = None) -> None:
    """Go on masking these in the environment, or everywhere without one."""
    rows = [FormerSecret(environment=environment, value=value) for value in set(values) if value]
    FormerSecret.objects.bulk_create(rows)


def list_login_parts(credential: Credential) -> set[str]:
    """What of a credential opens hosts."""
    parts = (credential.private_key, credential.passphrase, credential.password)
    return {part for part in parts if part}


def list_former_values(environment_id: int) -> set[str]:
    """What was replaced in an environment, or of any login, and may still be printed."""
    rows = FormerSecret.objects.filter(Q(environment=environment_id) | Q(environment=None))
    return {row.value for row in rows}
