"""What pages ask of the database: read only, and a fixed number of queries for each page."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import Count, F, Max, OuterRef, QuerySet, Subquery

from rollback_console.engine import authority
from rollback_console.engine.authority import Maker, Request, Vote
from rollback_console.engine.snapshot import Snapshot
from rollback_console.engine.states import LIVE, TERMINAL, RollbackState
from rollback_console.plans.models import Environment, Plan, Revision

from . import clock
from .models import Lock, Pin, Rollback

ALIVE = frozenset({RollbackState.REQUESTED, RollbackState.APPROVED}) | LIVE


def rows() -> QuerySet[Rollback]:
    """Rollbacks as lists show them, newest first: without their snapshots."""
    return Rollback.objects.defer("snapshot").select_related(
        "service", "environment", "requested_by"
    )


@dataclass(frozen=True, slots=True)
class EnvironmentLine:
    """One environment: who holds its lock, what is pinned, what was last done there."""

    environment: Environment
    lock: Lock | None
    last: Rollback | None
    pins: list[Pin]
    plans: int


@dataclass(frozen=True, slots=True)
class Home:
    """The first page: `waiting` needs this very person, `under_way` is everything else alive."""

    waiting: list[Rollback] = field(default_factory=list)
    under_way: list[Rollback] = field(default_factory=list)
    environments: list[EnvironmentLine] = field(default_factory=list)
    recent: list[Rollback] = field(default_factory=list)


def home(person: User) -> Home:
    """Everything on the first page as `person` sees it."""
    alive = list(rows().filter(state__in=ALIVE).annotate(author=F("revision__author_id")))
    mine = _waiting(alive, person)
    return Home(
        waiting=[each for each in alive if each.pk in mine],
        under_way=[each for each in alive if each.pk not in mine],
        environments=environments(),
        recent=list(rows().filter(state__in=TERMINAL)[:10]),
    )


def waiting_for(person: User) -> int:
    """How many rollbacks need this person now."""
    alive = list(rows().filter(state__in=ALIVE).annotate(author=F("revision__author_id")))
    return len(_waiting(alive, person))


def environments() -> list[EnvironmentLine]:
    """Every environment with its lock, its pins and its last rollback."""
    newest = Rollback.objects.filter(environment=OuterRef("pk"), state__in=TERMINAL).order_by("-id")
    found = Environment.objects.annotate(
        last_id=Subquery(newest.values("id")[:1]), plan_count=Count("plans")
    )
    last = rows().in_bulk([each.last_id for each in found if each.last_id])
    locks = {each.environment_id: each for each in Lock.objects.select_related("rollback")}
    pins = _pins()
    return [
        EnvironmentLine(
            each, locks.get(each.pk), last.get(each.last_id), pins[each.pk], each.plan_count
        )
        for each in found
    ]


def _pins() -> dict[int, list[Pin]]:
    """Pins in force, under every environment that has a plan for their service."""
    places = defaultdict(set)
    for environment, service in Plan.objects.values_list("environment_id", "service_id"):
        places[service].add(environment)
    found: dict[int, list[Pin]] = defaultdict(list)
    for pin in Pin.objects.filter(lifted_at=None).select_related("service"):
        for environment in places[pin.service_id]:
            found[environment].append(pin)
    return found


def _waiting(alive: list[Rollback], person: User) -> set[int]:
    decides = set(person.decides.values_list("environment_id", flat=True))
    voted = set(
        Rollback.objects.filter(
            state=RollbackState.REQUESTED,
            approvals__by=person,
            approvals__snapshot_sha256=F("snapshot_sha256"),
        ).values_list("id", flat=True)
    )
    operates = person.has_perm("rollbacks.operate_rollback")
    return {
        each.pk
        for each in alive
        if (operates and each.question)
        or (
            each.state == RollbackState.REQUESTED
            and each.environment_id in decides
            and each.pk not in voted
            and person.pk not in {each.requested_by_id, each.author}  # type: ignore[attr-defined]
        )
    }


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One plan: its newest revision's number and moment, and the last rollback by it."""

    plan: Plan
    number: int | None
    revised_at: datetime | None
    last: Rollback | None


def plans(environment: str = "") -> list[PlanLine]:
    """Every plan, or those of the environment with that slug, by title."""
    newest = Revision.objects.filter(plan=OuterRef("pk")).order_by("-number")
    done = Rollback.objects.filter(revision__plan=OuterRef("pk")).order_by("-id")
    found = Plan.objects.select_related("service", "environment").annotate(
        number=Subquery(newest.values("number")[:1]),
        revised_at=Subquery(newest.values("created_at")[:1]),
        last_id=Subquery(done.values("id")[:1]),
    )
    if environment:
        found = found.filter(environment__slug=environment)
    last = rows().in_bulk([each.last_id for each in found if each.last_id])
    return [
        PlanLine(each, each.number, each.revised_at, last.get(each.last_id)) for each in found
    ]


def latest_number(plan: Plan) -> int:
    """The number of the plan's newest revision; 0 without one."""
    return plan.revisions.aggregate(last=Max("number"))["last"] or 0


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a request stands, and where one person stands towards it.

    `refusal` is why they may not approve ("" when they may). `able` may still approve;
    `asked` are those whose rung has been reached; `next_rung_at` is when more are asked.
    """

    refusal: str
    quorum: int
    required_role: str
    given: int
    able: list[Maker]
    asked: list[Maker]
    later: list[Maker]
    next_rung_at: datetime | None
    expired: bool


def standing(rollback: Rollback, snapshot: Snapshot, person: User) -> Standing:
    """The rules of engine.authority applied to one request as `person` sees it."""
    now = clock.now()
    barred = frozenset({rollback.requested_by_id, rollback.revision.author_id} - {None})
    makers = makers_of(rollback.environment)
    votes = [
        Vote(each.by_id, each.role, each.snapshot_sha256)
        for each in rollback.approvals.all()
        if each.given
    ]
    request = Request(
        rollback.snapshot_sha256, snapshot.policy, barred, expired=rollback.expires_at <= now
    )
    valid = {
        vote.person
        for vote in votes
        if vote.snapshot_sha256 == rollback.snapshot_sha256 and vote.person not in barred
    }
    able = [each for each in makers if each.person not in barred | valid]
    waited = (now - rollback.requested_at).total_seconds() / 60
    asked = authority.asked(able, snapshot.policy, waited)
    return Standing(
        refusal=authority.refusal(
            request, makers, votes, person=person.pk, seen=rollback.snapshot_sha256
        ),
        quorum=snapshot.policy.quorum,
        required_role=snapshot.policy.required_role,
        given=len(valid),
        able=able,
        asked=asked,
        later=[each for each in able if each not in asked],
        next_rung_at=_next_rung(rollback.requested_at, snapshot.policy.escalate_after, waited),
        expired=request.expired,
    )


def makers_of(environment: Environment) -> list[Maker]:
    """An environment's decision makers who can still sign in, lowest rung first."""
    found = DecisionMaker.objects.filter(environment=environment, user__is_active=True)
    return [
        Maker(each.user_id, each.user.get_full_name() or each.user.username, each.role, each.rung)
        for each in found.select_related("user").order_by("rung", "role", "id")
    ]


def _next_rung(since: datetime, every: int, waited: float) -> datetime:
    step = max(every, 1)
    return since + timedelta(minutes=step * (int(waited // step) + 1))


def revisions(plan: Plan) -> QuerySet[Revision]:
    """A plan's revisions, newest first, without their texts."""
    return plan.revisions.defer("source", "bindings").select_related("author").order_by("-number")
