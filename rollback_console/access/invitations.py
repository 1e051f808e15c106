"""Finding the invitation that a link opens, and those that wait."""

from __future__ import annotations

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.db.models.functions import Now

from rollback_console.common.permission import may_do
from rollback_console.plans.permission import ADMINISTER

from .errors import BadInvitation
from .models import Invitation
from .tokens import hash_secret


def open_invitations() -> QuerySet[Invitation]:
    """Those that a person could accept now, the newest first."""
    rows = Invitation.objects.filter(
        used_at=None,
        revoked_at=None,
        expires_at__gt=Now(),
        person__in=people_without_password(),
    )
    return rows.select_related("person", "made_by")


def people_without_password() -> QuerySet[User]:
    """Active people who never signed in and have no password yet: those who can be invited."""
    return User.objects.filter(
        is_active=True, last_login=None, password__startswith=UNUSABLE_PASSWORD_PREFIX
    )


def find_invitation(secret: str) -> Invitation:
    """The invitation that this secret opens. Raises BadInvitation, alike for every reason."""
    invitation = open_invitations().filter(sha256=hash_secret(secret)).first()
    if invitation is None:
        raise BadInvitation
    # What an Admin gave out ends with their right to give it.
    if invitation.made_by is not None and not may_do(invitation.made_by, ADMINISTER):
        raise BadInvitation
    return invitation
