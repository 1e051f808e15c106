"""Re-encrypting the seeds of second factors."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction

from rollback_console.plans.inventory.key_rotation import Counted, renew


def rotate_factors(counted: Counted) -> None:
    """Every authenticator app and every set of recovery codes."""
    for key in Authenticator.objects.order_by("pk").values_list("pk", flat=True):
        _rotate(key, counted)


@transaction.atomic
def _rotate(key: int, counted: Counted) -> None:
    row = Authenticator.objects.select_for_update().filter(pk=key).first()
    if row is None or row.type == Authenticator.Type.WEBAUTHN:
        return
    where = f"{row.get_type_display()} of person {row.user_id}"
    changed: dict[str, Any] = {
        name: new
        for name in ("secret", "seed")
        if (new := renew(row.data.get(name, ""), where, counted)) is not None
    }
    if changed:
        Authenticator.objects.filter(pk=key).update(data={**row.data, **changed})
        counted.renewed += len(changed)
