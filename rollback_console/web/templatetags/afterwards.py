"""`cadence` and `open_actions`: what other pages show of what is still to be said and done."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.template import Context, Library

from rollback_console.postmortems import checklist
from rollback_console.postmortems.models import Postmortem
from rollback_console.postmortems.stakeholders.cadence import beat
from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.models import Rollback

register = Library()

FEW = 8


@register.inclusion_tag("postmortems/_cadence.html", takes_context=True)
def cadence(context: Context, rollback: Rollback) -> dict[str, Any]:
    """When others expect the next word of a rollback; nothing once it has ended."""
    cadence_state = beat(rollback)
    return {"rollback": rollback, "beat": cadence_state, "late": cadence_state.late(db_clock.now())}


@register.inclusion_tag("postmortems/_drafts.html")
def drafts() -> dict[str, Any]:
    """Postmortems that nobody has published, newest first."""
    rows = Postmortem.objects.exclude(state="published").select_related(
        "rollback__service", "rollback__environment"
    )
    open_ones = list(rows.filter(rollback__imported=None).order_by("-rollback_id")[: FEW + 1])
    return {"drafts": open_ones[:FEW], "more": len(open_ones) > FEW}


@register.inclusion_tag("postmortems/_open_actions.html", takes_context=True)
def open_actions(context: Context, user: User) -> dict[str, Any]:
    """What this person has to do, and how much is open in all."""
    today = db_clock.now().date()
    mine = list(checklist.open_items(user)[: FEW + 1])
    everything = checklist.open_items()
    return {
        "mine": mine[:FEW],
        "more": len(mine) > FEW,
        "open": everything.count(),
        "late": everything.filter(due__lt=today).count(),
        "today": today,
    }
