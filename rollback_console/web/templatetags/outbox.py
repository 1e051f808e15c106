"""`proposed`, `deliveries`, `notified`: what monitoring proposes, and which messages arrived."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.template import Context, Library

from rollback_console.common.people import display_name
from rollback_console.outbox.actions import targets
from rollback_console.proposals.actions import proposals
from rollback_console.rollbacks.models import Rollback

register = Library()

FEW = 20


@register.inclusion_tag("proposals/_waiting.html", takes_context=True)
def proposed(context: Context) -> dict[str, Any]:
    """What nobody has decided on."""
    return {"proposals": proposals.waiting_proposals()[:FEW], "perms": context.get("perms")}


@register.inclusion_tag("targets/_deliveries.html", takes_context=True)
def deliveries(context: Context, rollback: Rollback, only: str = "") -> dict[str, Any]:
    """What was sent about a rollback; with only="failed" what did not arrive."""
    sent = targets.deliveries_of(rollback)
    sent = sent.exclude(problem="") if only else sent[:FEW]
    return {
        "deliveries": sent,
        "only": only,
        "rollback": rollback,
        "perms": context.get("perms"),
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("targets/_notified.html")
def notified(rollback: Rollback, topic: str, alarm_only: bool = False) -> dict[str, Any]:
    """Who was notified of a topic over which channel, or that no channel notifies anybody.

    With `alarm_only` nothing is shown unless nobody is notified.
    """
    sent = [] if alarm_only else list(targets.deliveries_of(rollback).filter(topic=topic)[:FEW])
    addresses = {address for each in sent for address in each.to}
    names = {each.email: display_name(each) for each in User.objects.filter(email__in=addresses)}
    return {
        "reachable": bool(targets.targets_for(rollback, topic)),
        "alarm_only": alarm_only,
        "notifications": [(each, [names.get(to, to) for to in each.to]) for each in sent],
        "environment": rollback.environment,
    }


@register.simple_tag
def message_targets(rollback: Rollback) -> str:
    """The names of the targets that a message of a person goes to; "" for none."""
    return ", ".join(target.name for target in targets.targets_for(rollback, "message"))
