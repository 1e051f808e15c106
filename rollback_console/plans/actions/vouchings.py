"""Vouching: somebody who may change hosts says that a plan's measures only look."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from rollback_console.audit import kinds
from rollback_console.audit.record import record_change

from ..data_loss.host_questions import digest_of_measures, measures
from ..models import Revision, Vouching
from .permission import permit


@transaction.atomic
def vouch_for_measures(revision: Revision, *, by: User) -> Vouching:
    """Say that the measures of this revision only look; it holds until they change."""
    permit(by, "plans.change_host", "vouch for commands on hosts")
    digest = digest_of_measures(revision)
    vouching, is_new = Vouching.objects.get_or_create(
        plan=revision.plan, sha256=digest, defaults={"by": by, "at": Now()}
    )
    if is_new:
        record_change(
            kinds.VOUCHING_GIVEN,
            by=by,
            subject=revision.plan,
            revision=revision.number,
            measures=digest,
        )
    return vouching


def vouch_for_own(revision: Revision, *, by: User, before: Revision | None) -> None:
    """Who may change hosts vouches for the measures they wrote, not for those they found."""
    own = measures(revision)
    if own and by.has_perm("plans.change_host") and (not before or measures(before) != own):
        vouch_for_measures(revision, by=by)
