"""Credentials: how the console signs in to hosts. Their secret parts are written, never read."""

from __future__ import annotations

from typing import TypedDict, Unpack

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import ProtectedError

from rollback_console.audit import kinds
from rollback_console.audit.fields import snapshot_fields
from rollback_console.audit.record import record_change
from rollback_console.audit.stale_edit import refuse_stale_edit

from ..approval.guarded_settings import guarded_values
from ..errors import PlanError
from ..inventory.credential_rules import credential_problem
from ..inventory.former_values import keep_former_values, list_login_parts
from ..models import Credential
from ..permission import permit
from ..unique_names import unique_name
from .second_admin import require_second_for_credential


class CredentialFields(TypedDict, total=False):
    """What a credential is made of; a part left out stays as it is."""

    name: str
    username: str
    private_key: str
    passphrase: str
    password: str
    certificate: str


@transaction.atomic
def add_credential(*, by: User | None, **fields: Unpack[CredentialFields]) -> Credential:
    """A new credential. Raises PlanError when its name is taken, or a part is none."""
    permit(by, "plans.add_credential", "add credentials")
    _refuse_wrong_parts(Credential(**fields), {"name", "username", *fields})
    with unique_name("a credential", fields.get("name", "")):
        credential = Credential.objects.create(**fields)
    after = snapshot_fields(credential)
    record_change(kinds.CREDENTIAL_ADDED, by=by, subject=credential, after=after)
    return credential


@transaction.atomic
def change_credential(
    credential: Credential,
    *,
    by: User | None,
    drawn_from: str | None = None,
    confirmed_by: User | None = None,
    **fields: Unpack[CredentialFields],
) -> Credential:
    """Other parts. Raises StaleEdit when it is no longer what `drawn_from` says, and
    NeedsSecondAdmin for another account on machines of an environment that asks for two Admins."""
    permit(by, "plans.change_credential", "change credentials")
    row = Credential.objects.select_for_update().get(pk=credential.pk)
    refuse_stale_edit(row, drawn_from)
    before, parts = snapshot_fields(row), list_login_parts(row)
    login = guarded_values("credential", row)
    changed = {name for name, value in fields.items() if getattr(row, name) != value}
    for name, value in fields.items():
        setattr(row, name, value)
    _refuse_wrong_parts(row, changed)
    require_second_for_credential(row, login, by=by, confirmed_by=confirmed_by)
    with unique_name("a credential", row.name):
        row.save()
    keep_former_values(parts - list_login_parts(row))
    after = snapshot_fields(row)
    record_change(kinds.CREDENTIAL_CHANGED, by=by, subject=row, before=before, after=after)
    return row


@transaction.atomic
def remove_credential(credential: Credential, *, by: User | None) -> None:
    """Forget a credential. Raises PlanError while hosts sign in with it."""
    permit(by, "plans.delete_credential", "remove credentials")
    before = snapshot_fields(credential)
    keep_former_values(list_login_parts(credential))
    record_change(kinds.CREDENTIAL_REMOVED, by=by, subject=credential, before=before)
    try:
        credential.delete()
    except ProtectedError as error:
        raise PlanError("Hosts still sign in with it. Give them another first.") from error


def _refuse_wrong_parts(credential: Credential, changed: set[str]) -> None:
    if problem := credential_problem(credential, changed):
        raise PlanError(problem)
