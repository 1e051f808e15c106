"""What takes two people while a rollback is under way: leaving out, going past, or opening what
destroys. The first who asks for it puts it on record; it happens once somebody else asks for
exactly the same, about the same question.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from rollback_console.common.people import display_name

from ..errors import Refused, SecondPersonNeeded
from ..events import record
from ..execution.approved_snapshot import approved_snapshot
from ..models import Event, Rollback
from ..permissions import rights
from ..questions import ANSWERERS

_ASKS = ("gate.opened", "question.asked", "rollback.redirected")
"""What a proposal is about ends with the next of these."""


def require_second_person(
    row: Rollback, by: User, *, act: str, deviation: str, reason: str, **details: Any
) -> None:
    """Return where `by` may do this now, alone or as the second who asks for it.

    Otherwise records what they want and raises SecondPersonNeeded, which `steer` lets out once
    that is committed. Raises Refused for who asks twice, or may do so only since a moment ago.
    """
    if not approved_snapshot(row).policy.second_person:
        return
    if rights.holds_only_since(by, ANSWERERS, row.requested_at):
        raise Refused("You were given the right to do this after this rollback was asked for.")
    wish = {"act": act, "details": details}
    same = [each for each in open_proposals(row) if each.facts.get("wish") == wish]
    if other := next((each for each in same if each.by_id != by.pk), None):
        facts: dict[str, Any] = {
            "deviation": deviation,
            "reason": reason,
            "wish": wish,
            "proposal": other.seq,
        }
        record(row, "deviation.confirmed", by=by, name=display_name(other.by), **facts)
        return
    if same:
        raise Refused(f"You asked to {deviation} already: now somebody else has to ask for it.")
    record(row, "deviation.proposed", by=by, deviation=deviation, reason=reason, wish=wish)
    raise SecondPersonNeeded(
        f"Two people are needed to {deviation}. Your wish is on record: it happens once somebody "
        "else asks for the same here."
    )


def open_proposals(rollback: Rollback) -> list[Event]:
    """What somebody wants and nobody else has agreed to yet, about the question that stands."""
    if not rollback.question:
        return []
    questions_put = (
        rollback.events.filter(kind__in=_ASKS).order_by("-seq").values_list("seq", flat=True)
    )
    since = questions_put.first() or 0
    later = rollback.events.filter(seq__gt=since).select_related("by").order_by("seq")
    agreed = {each.facts.get("proposal") for each in later.filter(kind="deviation.confirmed")}
    return [each for each in later.filter(kind="deviation.proposed") if each.seq not in agreed]
