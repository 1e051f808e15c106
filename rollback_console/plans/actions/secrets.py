"""Secrets of an environment: written and replaced, never read by a person."""

from __future__ import annotations

import re

from django.contrib.auth.models import User
from django.db import transaction

from rollback_console.audit import kinds
from rollback_console.audit.fields import snapshot_fields
from rollback_console.audit.record import record_change
from rollback_console.documents.shell.reserved_names import reserved_reason

from ..errors import PlanError
from ..inventory.former_values import keep_former_values
from ..models import Environment, Secret
from ..permission import permit

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


@transaction.atomic
def set_secret(environment: Environment, *, by: User | None, name: str, value: str) -> Secret:
    """Write or replace a secret; the record shows whether the value changed, not the value.

    Raises PlanError for a name that a shell, a loader or a tool reads, and for what is none.
    """
    permit(by, "plans.change_secret", "write secrets")
    if not _NAME.fullmatch(name):
        raise PlanError(
            "A secret's name consists of letters, digits and underscores and begins with no digit,"
            " such as DB_PASSWORD: commands read it as an environment variable."
        )
    if reason := reserved_reason(name):
        raise PlanError(reason)
    old = environment.secrets.select_for_update().filter(name=name).first()
    before = snapshot_fields(old) if old else None
    if old and old.value != value:
        keep_former_values([old.value], environment)
    secret, _ = Secret.objects.update_or_create(
        environment=environment, name=name, defaults={"value": value}
    )
    record_change(
        kinds.SECRET_SET,
        by=by,
        subject=secret,
        before=before,
        after=snapshot_fields(secret),
        environment=environment.name,
    )
    return secret


@transaction.atomic
def remove_secret(secret: Secret, *, by: User | None) -> None:
    """Remove a secret; it is masked as long as a run that was sent it may print it."""
    permit(by, "plans.delete_secret", "remove secrets")
    record_change(
        kinds.SECRET_REMOVED,
        by=by,
        subject=secret,
        before=snapshot_fields(secret),
        environment=secret.environment.name,
    )
    keep_former_values([secret.value], secret.environment)
    secret.delete()
