"""Where a request stands and who could decide it, for the pages and programs that ask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet

from rollback_console.audit.kinds import POLICY_CHANGED
from rollback_console.audit.models import ConfigurationEvent
from rollback_console.engine import authority
from rollback_console.engine.authority import Maker
from rollback_console.engine.snapshot import PolicySpec, Snapshot
from rollback_console.engine.states import RollbackState
from rollback_console.plans.approval import policy
from rollback_console.plans.approval.guarded_settings import eased_settings

from .. import events
from ..actions import approvals, break_glass
from ..execution.view import snapshot_of
from ..models import Approval, Event, Lock, Rollback
from ..permissions import rights
from ..permissions.rights import Cannot
from . import lists

_MOST_EVENTS, _MOST_SAID = 200, 50


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a request stands, and where one person stands towards it.

    `refusal` is why they may not approve ("" when they may), `used` the right they would use.
    `able` may still approve; `asked_now` are those up to `rung`, `later` the others; `cannot` may
    not. `next_rung_at` is when more are asked, None when nobody is left. `nudge_in` minutes
    those who are asked may be nudged again. `glass` is why this person may not do without.
    """

    refusal: str
    used: Maker | None
    policy: PolicySpec
    given: int
    able: list[Maker]
    asked_now: list[Maker]
    later: list[Maker]
    cannot: list[Cannot]
    rung: int
    next_rung: int | None
    next_rung_at: datetime | None
    nudge_in: int
    glass: str


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asked about a request, and the answers so far."""

    event: Event
    answers: list[Event]


@dataclass(frozen=True, slots=True)
class Deciding:
    """Everything on the page where a request is decided; durations in seconds.

    `renewed` is what the last freezing anew changed, as (path, old, new); `eased` what was
    changed since that would make approving easier, and does not count here; `eased_before` what
    was eased between the request and its last refresh, and does.
    """

    rollback: Rollback
    snapshot: Snapshot
    standing: Standing
    votes: list[Approval]
    events: list[Event]
    questions: list[Question]
    renewed: list[list[Any]]
    eased: list[str]
    eased_before: list[ConfigurationEvent]
    lock: Lock | None
    durations: list[float]
    last: Rollback | None


def deciding_of(rollback: Rollback, person: User) -> Deciding:
    """The page of a rollback that has not started, as `person` sees it."""
    discussion = list(_of_kinds(rollback, [events.APPROVAL_ASKED, events.APPROVAL_ANSWERED]))
    votes = rollback.approvals.select_related("by", "under__giver").order_by("id")
    before = Rollback.objects.filter(
        revision__plan=rollback.revision.plan, approved_at__isnull=False, pk__lt=rollback.pk
    )
    locks = Lock.objects.filter(environment=rollback.environment).select_related("rollback")
    return Deciding(
        rollback=rollback,
        snapshot=snapshot_of(rollback.snapshot),
        standing=standing_of(rollback, person),
        votes=list(votes),
        events=_timeline(rollback),
        questions=questions(discussion),
        renewed=_renewed(rollback),
        eased=eased(rollback),
        eased_before=eased_before_refresh(rollback),
        lock=locks.first(),
        durations=lists.durations(rollback.revision.plan, rollback.choices.get("procedure", "")),
        last=before.order_by("-id").first(),
    )


def standing_of(rollback: Rollback, person: User) -> Standing:
    """Where a request stands now, and `person` towards it."""
    held = rights.authority_for(rollback)
    able, rules = held.able(), held.request.policy
    makers_asked = authority.makers_up_to(able, rollback.rung)
    later = [each for each in able if each not in makers_asked]
    refusal = held.refusal(person, seen=rollback.snapshot_sha256)
    return Standing(
        refusal=refusal,
        used=None if refusal else held.right_of(person),
        policy=rules,
        given=held.given,
        able=able,
        asked_now=makers_asked,
        later=later,
        cannot=held.cannot(),
        rung=rollback.rung,
        next_rung=authority.next_rung(able, rollback.rung),
        next_rung_at=rollback.escalates_at if later else None,
        nudge_in=approvals.next_nudge(rollback),
        glass=break_glass.why_not(rollback, person),
    )


def questions(discussion: list[Event]) -> list[Question]:
    """Every question among the events, each with its answers, in order."""
    answers = [each for each in discussion if each.kind == events.APPROVAL_ANSWERED]
    return [
        Question(each, [one for one in answers if one.facts.get("question") == each.seq])
        for each in discussion
        if each.kind == events.APPROVAL_ASKED
    ]


def _of_kinds(rollback: Rollback, kinds: Iterable[str]) -> QuerySet[Event]:
    return rollback.events.filter(kind__in=kinds).select_related("by").order_by("seq")


def _timeline(rollback: Rollback) -> list[Event]:
    """What decides by its kind, and beside it the last of what any reader may add."""
    deciding = _of_kinds(rollback, set(events.KINDS) - events.OPEN_TO_READERS)
    open_to_readers = _of_kinds(rollback, events.OPEN_TO_READERS)
    rows = [
        *deciding.order_by("-seq")[:_MOST_EVENTS],
        *open_to_readers.order_by("-seq")[:_MOST_SAID],
    ]
    return sorted(rows, key=lambda event: event.seq)


def _renewed(rollback: Rollback) -> list[list[Any]]:
    last = _of_kinds(rollback, ["rollback.renewed"]).last()
    return list(last.facts.get("difference", [])) if last else []


def eased(rollback: Rollback) -> list[str]:
    """What would make approving an open request easier and came after it, as sentences.

    None of it counts: the policy and the rights of the moment of the request decide it.
    """
    if rollback.state != RollbackState.REQUESTED:
        return []
    held = rights.authority_for(rollback)
    newcomers = [
        f"{each.name} was made {each.title}. They cannot decide this request."
        for each in held.makers
        if held.request.is_too_new(each)
    ]
    return [*_eased_policy(rollback), *newcomers]


def eased_before_refresh(rollback: Rollback) -> list[ConfigurationEvent]:
    """Who eased the environment's rules after the request and before its last refresh, by which
    the easier ones count for it."""
    opened, refreshed = rollback.events.first(), _of_kinds(rollback, ["rollback.renewed"]).last()
    if opened is None or refreshed is None:
        return []
    rows = ConfigurationEvent.objects.filter(
        kind=POLICY_CHANGED,
        subject_type="environment",
        subject_id=str(rollback.environment_id),
        at__gte=opened.at,
        at__lte=refreshed.at,
    )
    return [row for row in rows.select_related("by").order_by("seq") if _eases(row)]


def _eases(event: ConfigurationEvent) -> bool:
    before = {name: values[0] for name, values in event.changes.items()}
    after = {name: values[1] for name, values in event.changes.items()}
    return bool(eased_settings("environment", before, after))


def _eased_policy(rollback: Rollback) -> Iterator[str]:
    snapshot = snapshot_of(rollback.snapshot)
    risky = any(step.destructive for step in snapshot.steps)
    before, now = snapshot.policy, policy.spec(rollback.environment, risky=risky)
    if now.quorum < before.quorum:
        yield f"Approvals went from {before.quorum} to {now.quorum}. This needs {before.quorum}."
    if before.required_role and now.required_role != before.required_role:
        yield f"A {before.required_role} need not agree any more. One has to agree to this."
    if before.second_person and not now.second_person:
        yield "Deviations take one person now. Those of this rollback take two."
