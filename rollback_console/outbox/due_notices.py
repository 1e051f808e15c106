"""What nobody does but time: updates and actions that are due, and what waits to be noticed.

Each is looked for anew on every round and kept under a cause of its own, so that a round that
was cut short, or two at once, tell nothing twice and forget nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery

from rollback_console.common.people import display_name
from rollback_console.deployments import checklists
from rollback_console.deployments.models import DeploymentItem
from rollback_console.engine.states import TERMINAL
from rollback_console.plans.models import Plan, ProbeResult, Revision
from rollback_console.plans.readiness.check import STALE
from rollback_console.plans.readiness.probes import ProbeVerdict
from rollback_console.postmortems import checklist
from rollback_console.postmortems.models import ActionItem, PostmortemMove
from rollback_console.postmortems.stakeholders import cadence
from rollback_console.proposals.actions import proposals
from rollback_console.proposals.decision_levels import levels_of
from rollback_console.proposals.models import Proposal
from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.models import Rollback

from . import enqueue, mentions, rights_notices
from .messages import Notice, link
from .models import PushDevice, Target

LOOKS_BACK = timedelta(days=2)
"""A sweeper that was away for longer does not tell what is old news by then."""


def events() -> None:
    """Everything that is due now, of topics that somebody hears."""
    subscribed = {topic for topics in _topics() for topic in topics}
    if PushDevice.objects.exists():
        subscribed |= _RING
    now = db_clock.now()
    for topic, find in _FINDERS.items():
        if topic in subscribed:
            for note in find(now):
                enqueue.store_notice(note)
    if "actions" in subscribed:
        _actions(now)


def _topics() -> Iterator[list[str]]:
    yield from Target.objects.filter(is_active=True).values_list("topics", flat=True)


def _updates(now: datetime) -> Iterator[Notice]:
    alive = Rollback.objects.exclude(state__in=TERMINAL).filter(started_at__isnull=False)
    for rollback in alive.select_related("environment", "service", "revision", "requested_by"):
        beat = cadence.beat(rollback)
        if beat.late(now) and beat.next_due:
            yield Notice(
                cause=f"cadence:{rollback.pk}:{beat.next_due.isoformat(timespec='seconds')}",
                topic="cadence",
                kind="cadence.due",
                environment=rollback.environment,
                title=f"An update is due: {rollback.title}",
                text=f"Others were promised a word by {beat.next_due:%H:%M} UTC. Rollback "
                f"{rollback.pk} of {rollback.service} is {rollback.state}.",
                link=link(f"/rollbacks/{rollback.pk}/communication/"),
                rollback=rollback,
                to=(rollback.requested_by.email,) if rollback.requested_by.email else (),
            )


def _published(now: datetime) -> Iterator[Notice]:
    moves = PostmortemMove.objects.filter(new="published", at__gte=now - LOOKS_BACK)
    related = ("postmortem__rollback__environment", "postmortem__rollback__service")
    for move in moves.select_related(*related):
        rollback = move.postmortem.rollback
        yield Notice(
            cause=f"published:{move.pk}",
            topic="published",
            kind="postmortem.published",
            environment=rollback.environment,
            title=f"Postmortem published: {rollback.title}",
            text=f"What was learned from rollback {rollback.pk} of {rollback.service}.",
            link=link(f"/rollbacks/{rollback.pk}/postmortem/"),
            rollback=rollback,
        )


def _proposed(now: datetime) -> Iterator[Notice]:
    for each in proposals.waiting_proposals().filter(opened_at__gte=now - LOOKS_BACK):
        levels = [level for level in levels_of(each) if level.told_at <= now]
        yield _proposal(each, "", levels[0].people if levels else ())
        for level in levels[1:]:
            yield _proposal(each, f":level{level.number}", level.people)


def _proposal(each: Proposal, level: str, people: Iterable[User]) -> Notice:
    """To the first level as it opens, to each other one when its time has come."""
    minutes = each.environment.escalate_after
    return Notice(
        cause=f"proposal:{each.pk}{level}",
        topic="proposed",
        kind="proposal.opened",
        environment=each.environment,
        title=f"Rollback proposed by {each.source}: {each.title}",
        text=f"{each.detail}\nNothing runs: a person asks for a rollback, or dismisses this. "
        f"Each level of decision makers has {minutes} minutes; then the next one is told.",
        link=link(f"/proposals/{each.pk}/"),
        to=tuple(person.email for person in people if person.email),
        people=tuple(person.pk for person in people),
    )


def _checklists(now: datetime) -> Iterator[Notice]:
    """Once when a window begins, and once when it is over with something open."""
    for window in checklists.due_windows(now, looks_back=timedelta(hours=6)):
        deployment, section = window.document.deployment, window.section
        signers = (who for item in _signed(window) for who in checklists.signers_of(item))
        people = dict.fromkeys([*signers, deployment.recorded_by])
        moment = "over" if window.over else "due"
        yield Notice(
            cause=f"window:{window.document.pk}:{section.items[0].item.pk}:{moment}",
            topic="checklists",
            kind="checklist.window",
            environment=deployment.environment,
            title=f"{section.title} is {moment}: {deployment.service} {deployment.version}",
            text=f"{section.open} of {len(section.items)} items are open. Answer them, and say "
            "whether a rollback is needed.",
            link=link(f"/deployments/{deployment.pk}/documents/{window.document.kind}/"),
            to=tuple(each.email for each in people if each.is_active and each.email),
        )


def _signed(window: checklists.DueWindow) -> QuerySet[DeploymentItem]:
    return window.document.items.filter(kind="sign_off")


def _not_ready(now: datetime) -> Iterator[Notice]:
    """At most one a day for a plan and what is wrong with it."""
    for plan, wrong in _red(now).items():
        digest = hashlib.sha256("\n".join(sorted(wrong)).encode()).hexdigest()[:16]
        yield Notice(
            cause=f"readiness:{plan.pk}:{digest}:{now:%Y-%m-%d}",
            topic="readiness",
            kind="readiness.red",
            environment=plan.environment,
            title=f"Preflight checks fail: {plan.title}",
            text="\n".join(sorted(wrong)[:20]),
            link=link(f"/plans/{plan.slug}/"),
        )


def _red(now: datetime) -> dict[Plan, set[str]]:
    """What hosts said of the newest revision of each plan within the hour, by any of its ways."""
    newest = Revision.objects.filter(plan=OuterRef("revision__plan")).order_by("-number")
    unready = ProbeResult.objects.filter(verdict=ProbeVerdict.NOT_READY, at__gte=now - STALE)
    unready = unready.filter(revision=Subquery(newest.values("pk")[:1]))
    wrong: dict[Plan, set[str]] = {}
    for each in unready.select_related("revision__plan__environment").defer("revision__source"):
        wrong.setdefault(each.revision.plan, set()).add(f"{each.host}: {each.detail}")
    return wrong


@transaction.atomic
def _actions(now: datetime) -> None:
    """An owner counts as reminded only once somebody's delivery was written."""
    items = [item for item in checklist.due_items(now) if enqueue.store_notice(_action(item))]
    checklist.reminded(items, now)


def _action(item: ActionItem) -> Notice:
    rollback, owner = item.rollback, item.owner
    name = display_name(owner, nobody="nobody")
    due = f"due {item.due:%d %b %Y}" if item.due else "to be done"
    since = item.reminded_at.isoformat(timespec="seconds") if item.reminded_at else "first"
    return Notice(
        cause=f"action:{item.pk}:{item.due}:{since}",
        topic="actions",
        kind="action.due",
        environment=rollback.environment,
        title=f"Action item {due}: {item.text}",
        text=f"For {name}, after rollback {rollback.pk} of {rollback.service}.",
        link=link(f"/rollbacks/{rollback.pk}/checklist/"),
        rollback=rollback,
        to=(owner.email,) if owner and owner.email else (),
    )


_RING = {"proposed", mentions.TOPIC}
"""What rings the devices of those it names, also where no channel hears of it."""

_FINDERS: dict[str, Callable[[datetime], Iterator[Notice]]] = {
    "cadence": _updates,
    "published": _published,
    mentions.TOPIC: mentions.find_mentions,
    "proposed": _proposed,
    "checklists": _checklists,
    "readiness": _not_ready,
    "rights": rights_notices.find_rights,
}
