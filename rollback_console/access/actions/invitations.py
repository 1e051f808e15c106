"""Invitations: an Admin gives a link, the invited person chooses the password."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models.functions import Now

from rollback_console.audit import kinds
from rollback_console.audit.integrity.row_ledger import added, changed
from rollback_console.audit.record import record_change
from rollback_console.plans.permission import require_admin
from rollback_console.rollbacks import db_clock

from ..errors import AccessError, BadInvitation
from ..invitations import find_invitation, open_invitations, people_without_password
from ..models import Invitation
from ..tokens import hash_secret
from .passwords import check_password_rules
from .people import add_person
from .second_admin import require_second_for_account

LIFE_DAYS = 7
LONGEST_DAYS = 30


@transaction.atomic
def invite_person(
    *,
    by: User | None,
    username: str,
    groups: Iterable[Group] = (),
    days: int = LIFE_DAYS,
    **names: str,
) -> tuple[Invitation, str]:
    """A new person in `groups` and the secret of their link, which cannot be shown again.

    Raises AccessError for a name that is taken, and SecondAdminMissing as adding somebody does.
    """
    person = add_person(by=by, username=username, password=None, groups=groups, **names)
    return invite_again(person, by=by, days=days)


@transaction.atomic
def invite_again(person: User, *, by: User | None, days: int = LIFE_DAYS) -> tuple[Invitation, str]:
    """A new link for somebody who never had a password; every earlier one ends.

    Raises AccessError for who has a password or signed in, and SecondAdminMissing.
    """
    require_admin(by)
    if not 1 <= days <= LONGEST_DAYS:
        raise AccessError(f"An invitation is open for 1 to {LONGEST_DAYS} days.")
    row = people_without_password().select_for_update().filter(pk=person.pk).first()
    if row is None:
        raise AccessError(
            f"{person} is deactivated, has a password or has signed in already. "
            "Set a new password on their page instead."
        )
    require_second_for_account(row, by=by, confirmed_by=None)
    revoke_invitations(row, by=by)
    secret = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        person=row,
        sha256=hash_secret(secret),
        made_by=by,
        made_at=Now(),
        expires_at=db_clock.later(timedelta(days=days)),
    )
    invitation.refresh_from_db()
    facts: dict[str, Any] = {"rows": [added(invitation)], "expires_at": invitation.expires_at}
    record_change(kinds.INVITATION_MADE, by=by, subject=row, **facts)
    return invitation, secret


@transaction.atomic
def revoke_invitations(person: User, *, by: User | None) -> int:
    """No link of that person opens anything any more; returns how many did."""
    require_admin(by)
    revoked = [row for row in open_invitations().filter(person=person) if _revoke(row)]
    for row in revoked:
        written = [changed(row, "revoked_at")]
        record_change(kinds.INVITATION_REVOKED, by=by, subject=person, rows=written)
    return len(revoked)


def _revoke(row: Invitation) -> bool:
    unused = Invitation.objects.filter(pk=row.pk, used_at=None, revoked_at=None)
    return bool(unused.update(revoked_at=Now()))


@transaction.atomic
def accept_invitation(secret: str, *, password: str) -> User:
    """The invited person's first password; the link opens nothing afterwards.

    Raises BadInvitation, WeakPassword, and SecondAdminMissing where the person was given rights
    meanwhile that the Admin who holds the link could not take alone.
    """
    invitation = find_invitation(secret)
    person = invitation.person
    check_password_rules(password, person)
    require_second_for_account(person, by=invitation.made_by, confirmed_by=None)
    if not open_invitations().filter(pk=invitation.pk).update(used_at=Now()):
        raise BadInvitation
    User.objects.filter(pk=person.pk).update(password=make_password(password))
    written = [changed(person, "password"), changed(invitation, "used_at")]
    record_change(kinds.INVITATION_ACCEPTED, by=person, subject=person, rows=written)
    return person
