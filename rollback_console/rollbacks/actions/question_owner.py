"""One person takes care of what a rollback asks, so that two do not; others may take over.

It gives and takes no right: whoever may answer still may.
"""

from __future__ import annotations

from django.contrib.auth.models import User

from rollback_console.common.people import display_name
from rollback_console.engine.states import LIVE

from .. import db_clock
from ..errors import MovedOn, Refused
from ..events import record
from ..events.written_columns import describe_values
from ..models import Rollback
from .steering import steer


def question_owner(rollback: Rollback) -> User | None:
    """Who takes care of the open question; None when nobody does or nothing is asked."""
    owner = rollback.question.get("owner")
    return User.objects.filter(pk=owner).first() if isinstance(owner, int) else None


def take_question(rollback: Rollback, *, by: User, over: int | None = None) -> Rollback:
    """Take care of the open question; `over` is the number of the owner whom `by` has seen.

    Raises Refused when nothing is asked, or when somebody else took it meanwhile.
    """
    with steer(rollback, by, None, states=LIVE) as row:
        if not row.question:
            raise Refused("Nothing is asked now, so there is nothing to take.")
        owner = question_owner(row)
        if owner == by:
            return row
        if owner and owner.pk != over:
            raise Refused(
                f"{display_name(owner)} took it meanwhile. Talk to them, or take it over."
            )
        taken = {**row.question, "owner": by.pk, "owned_since": db_clock.now().isoformat()}
        still_open = Rollback.objects.filter(pk=row.pk, last_seq=row.last_seq)
        if not still_open.update(question=taken):
            raise MovedOn(f"Rollback {row.pk} has moved on.")
        record(
            row,
            "question.taken",
            by=by,
            row=describe_values(question=taken),
            question=row.question["kind"],
            position=row.question.get("position") or 0,
            previous_owner=display_name(owner) if owner else "",
        )
        row.question = taken
    return row
