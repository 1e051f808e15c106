"""Proposals: what monitoring sends, and what people decide about it."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Model, Q, QuerySet
from django.db.models.functions import Now

from rollback_console.common.permission import may_do
from rollback_console.plans.models import Environment, Plan, Service
from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.actions import requests
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.models import Rollback

from ..alert_parsers import Alert
from ..models import Integration, Proposal

_UNTOLD = "untold-"
_LONGEST = 5000


@transaction.atomic
def take_alerts(integration: Integration, alerts: list[Alert]) -> list[Proposal]:
    """Keep each alert as a proposal, once; a resolved one is noted on what it had opened."""
    # One sender at a time: two copies of an alert that arrive together are one proposal.
    Integration.objects.select_for_update().get(pk=integration.pk)
    taken = [
        _seen(integration, alert) if alert.firing else _resolved(integration, alert)
        for alert in alerts
    ]
    return [each for each in taken if each is not None]


@transaction.atomic
def open_proposal(
    *,
    source: str,
    environment: Environment,
    plan: Plan | None,
    fingerprint: str,
    episode: str,
    title: str,
    trigger: str,
    detail: str,
    link: str,
) -> Proposal:
    """A proposal of the console's own watch; what one is open for is added to that one.

    The caller holds a lock that keeps two of one `fingerprint` apart.
    """
    mine = Proposal.objects.filter(integration=None, source=source, fingerprint=fingerprint)
    if known := mine.filter(state="open").first():
        detail = f"{known.detail}\n\n{detail}"[:_LONGEST]
        again = {"times_seen": F("times_seen") + 1, "resolved_at": None, "detail": detail}
        mine.filter(pk=known.pk).update(last_seen_at=Now(), **again)
        known.refresh_from_db()
        return known
    words = {"title": title, "trigger": trigger, "detail": detail[:_LONGEST], "link": link}
    made = Proposal.objects.create(
        source=source,
        environment=environment,
        plan=plan,
        fingerprint=fingerprint,
        episode=episode,
        opened_at=Now(),
        last_seen_at=Now(),
        **words,
    )
    made.refresh_from_db()
    return made


def close_recovered(proposal: Proposal, *, note: str) -> bool:
    """What spoke for it recovered: it closes, unless somebody decided; whether it did."""
    row = Proposal.objects.filter(pk=proposal.pk, resolved_at=None)
    row.update(resolved_at=Now())
    waiting = Proposal.objects.filter(pk=proposal.pk, state="open")
    return bool(waiting.update(state="recovered", decided_at=Now(), reason=note))


def dismiss(proposal: Proposal, *, by: User, reason: str) -> Proposal:
    """No rollback for this alert, and why."""
    _permit(by, proposal.plan or proposal)
    if not reason.strip():
        raise Refused("Enter why no rollback is needed: the next reader wants to know.")
    _decide(proposal, by, state="dismissed", reason=reason.strip())
    return proposal


def forget_proposals(after: timedelta) -> int:
    """Remove what came to nothing and was last seen so long ago; how many that were.

    What fires still, waits for a decision or became a rollback stays.
    """
    nothing = Q(state__in=("dismissed", "recovered")) | Q(state="open", resolved_at__isnull=False)
    old = Proposal.objects.filter(nothing, rollback=None, last_seen_at__lt=db_clock.later(-after))
    return old.filter(Q(decided_at=None) | Q(decided_at__lt=db_clock.later(-after))).delete()[0]


@transaction.atomic
def request_rollback(proposal: Proposal, *, by: User, **request: Any) -> Rollback:
    """A person asks for a rollback because of it: `request` is what rollbacks.request takes.

    The request stands like any other: whoever makes it may not approve it.
    """
    _permit(by, proposal.plan or proposal)
    made = requests.open_request(by=by, **request)
    _decide(proposal, by, state="requested", rollback=made)
    return made


def waiting_proposals() -> QuerySet[Proposal]:
    """What nobody has decided on, newest first."""
    proposals = Proposal.objects.filter(state="open")
    return proposals.select_related("environment", "plan__service").order_by("-id")


def _seen(integration: Integration, alert: Alert) -> Proposal:
    proposal = _known(integration, alert)
    if proposal is None:
        return _open(integration, alert)
    Proposal.objects.filter(pk=proposal.pk).update(
        last_seen_at=Now(),
        times_seen=F("times_seen") + 1,
        resolved_at=None,
        episode=alert.episode or proposal.episode,
    )
    proposal.refresh_from_db()
    return proposal


def _known(integration: Integration, alert: Alert) -> Proposal | None:
    """What this alert opened before. Without an episode, one that was not resolved goes on."""
    mine = integration.made.filter(fingerprint=alert.fingerprint).order_by("-id")
    going_on = mine.filter(Q(state="open") | Q(resolved_at=None, episode__startswith=_UNTOLD))
    same = mine.filter(episode=alert.episode) if alert.episode else going_on
    return same.first() or mine.filter(state="open").first()


def _open(integration: Integration, alert: Alert) -> Proposal:
    made = Proposal.objects.create(
        integration=integration,
        source=integration.name,
        environment=integration.environment,
        plan=_plan(integration, alert.labels),
        fingerprint=alert.fingerprint,
        episode=alert.episode or f"{_UNTOLD}{secrets.token_hex(8)}",
        title=alert.title,
        trigger=f"{integration.get_kind_display()}: {alert.title}"[:300],
        detail=alert.detail,
        link=alert.link,
        opened_at=Now(),
        last_seen_at=Now(),
    )
    made.refresh_from_db()
    return made


def _resolved(integration: Integration, alert: Alert) -> Proposal | None:
    mine = integration.made.filter(fingerprint=alert.fingerprint, resolved_at=None)
    rollback = mine.order_by("-id").first()
    if rollback is not None:
        mine.update(resolved_at=Now())
        rollback.refresh_from_db()
    return rollback


def _plan(integration: Integration, labels: dict[str, str]) -> Plan | None:
    """The plan an alert names, else the integration's, else the only one of its service."""
    here = Plan.objects.filter(environment=integration.environment)
    named = here.filter(slug=labels.get("rollback_plan", "")).first()
    if named or integration.plan:
        return named or integration.plan
    service = Service.objects.filter(slug=labels.get("service", "")).first()
    of_service = list(here.filter(service=service)[:2]) if service else []
    return of_service[0] if len(of_service) == 1 else None


def _decide(proposal: Proposal, by: User, **fields: Any) -> None:
    mine = Proposal.objects.filter(pk=proposal.pk, state="open")
    if not mine.update(decided_by=by, decided_at=Now(), **fields):
        raise Refused("This proposal has been decided already. Reload the page.")
    proposal.refresh_from_db()


def _permit(by: User, over: Model) -> None:
    if not may_do(by, "rollbacks.request_rollback", over):
        raise Refused("You may read proposals, but not decide on them. Ask an operator.")
