"""What every page of a rollback says first where it holds: that it was started without approval
(`broken_glass`, with the review of it), and that its snapshot was changed (`changed_snapshot`)."""

from __future__ import annotations

from typing import Any

from django.template import Context, Library

from rollback_console.rollbacks.actions import break_glass
from rollback_console.rollbacks.execution.approved_snapshot import why_untrue
from rollback_console.rollbacks.models import BreakGlass, Rollback

register = Library()


@register.inclusion_tag("rollbacks/_glass.html", takes_context=True)
def broken_glass(context: Context, rollback: Rollback) -> dict[str, Any]:
    """Who broke the glass and why, with the form that closes the review for those who may."""
    uses = BreakGlass.objects.filter(rollback=rollback)
    used = uses.select_related("by", "reviewed_by", "rollback").first()
    may_not = break_glass.why_not_review(used, context["request"].user) if used else ""
    return {
        "rollback": rollback,
        "used": used,
        "may_not": may_not,
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("rollbacks/_untrue.html")
def changed_snapshot(rollback: Rollback) -> dict[str, str]:
    """That the page shows something else than was asked for, where somebody changed it."""
    return {"untrue": why_untrue(rollback)}
