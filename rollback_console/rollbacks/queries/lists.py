"""What pages ask of the database: read only, and a fixed number of queries for each page."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Exists, F, Manager, OuterRef, Q, QuerySet, Subquery

from rollback_console.engine.states import (
    ENDED_BADLY,
    LIVE,
    TERMINAL,
    RollbackState,
    StepState,
)
from rollback_console.plans.models import Asking, Environment, Host, Plan, ProbeResult, Revision
from rollback_console.plans.readiness.choices import OF_A_ROLLBACK
from rollback_console.plans.readiness.host_questions import NOT_APPROVED

from .. import db_clock
from ..actions import break_glass
from ..events import APPROVAL_ANSWERED, APPROVAL_ASKED
from ..execution.view import snapshot_of
from ..models import BreakGlass, Event, Lock, Pin, Rollback, StepRun
from ..permissions import rights
from .rehearsals import rehearsals

ALIVE = frozenset({RollbackState.REQUESTED, RollbackState.APPROVED}) | LIVE


def rows() -> QuerySet[Rollback]:
    """Rollbacks as lists show them, newest first: without their snapshots."""
    # Not joined: MariaDB would start at the few services, and sort all there is for one page.
    return (
        with_deviations(Rollback.objects)
        .defer("snapshot")
        .prefetch_related("service", "environment", "requested_by")
    )


def with_deviations(rollbacks: Manager[Rollback] | QuerySet[Rollback]) -> QuerySet[Rollback]:
    """Each with `deviated`: whether a step was skipped, failed or overridden, however it ended."""
    runs = StepRun.objects.filter(
        rollback=OuterRef("pk"), state__in=[StepState.SKIPPED, *ENDED_BADLY]
    )
    overrides = Event.objects.filter(rollback=OuterRef("pk"), kind__in=_OVERRIDES)
    return rollbacks.annotate(deviated=Exists(runs) | Exists(overrides))


def has_deviated(rollback: Rollback) -> bool:
    """As `with_deviations` counted it, or counted now."""
    if not hasattr(rollback, "deviated"):
        rollback = with_deviations(Rollback.objects).defer("snapshot").get(pk=rollback.pk)
    return bool(getattr(rollback, "deviated", False))


_QUESTIONS = (APPROVAL_ASKED, APPROVAL_ANSWERED)
_OVERRIDES = ("host.excluded", "rollback.redirected", "step.undone")


def needing(host: Host) -> list[int]:
    """Numbers of the rollbacks that are not over and name this host in what was approved."""
    open_ones = Rollback.objects.filter(environment=host.environment_id, state__in=ALIVE)
    return [
        row.pk
        for row in open_ones.order_by("pk").only("snapshot")
        if any(each.name == host.name for each in snapshot_of(row.snapshot).hosts)
    ]


def last_run_on(host: str) -> StepRun | None:
    """What ran on this host last, for a rollback of the last 30 days."""
    since = db_clock.now() - timedelta(days=30)
    runs = StepRun.objects.filter(rollback__requested_at__gte=since, host=host)
    return runs.exclude(runner="").order_by("-rollback__requested_at", "-id").first()


@dataclass(frozen=True, slots=True)
class EnvironmentLine:
    """One environment: who holds its lock, what is pinned, what was last done there.

    `readiness` counts its plans by what their hosts said last, the worst first.
    """

    environment: Environment
    lock: Lock | None
    last: Rollback | None
    pins: list[Pin]
    plans: int
    readiness: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Home:
    """The first page: `waiting` needs this very person, `under_way` is everything else alive.

    `reviews` are starts without approval that nobody has reviewed. `questions` are the numbers of
    requests of this person that somebody asked about.
    """

    waiting: list[Rollback] = field(default_factory=list)
    under_way: list[Rollback] = field(default_factory=list)
    environments: list[EnvironmentLine] = field(default_factory=list)
    recent: list[Rollback] = field(default_factory=list)
    reviews: list[BreakGlass] = field(default_factory=list)
    questions: frozenset[int] = frozenset()

    @property
    def requested(self) -> list[Rollback]:
        """Those under way that have not started."""
        return [each for each in self.under_way if each.state not in LIVE]

    @property
    def in_progress(self) -> list[Rollback]:
        """Those under way that have started."""
        return [each for each in self.under_way if each.state in LIVE]

    @property
    def last_failed(self) -> Rollback | None:
        """The rollback that ended last, where it failed."""
        ended = [each for each in self.recent if each.finished_at]
        last = max(ended, key=lambda each: each.finished_at or each.requested_at, default=None)
        return last if last and last.state == RollbackState.FAILED else None


def home(person: User) -> Home:
    """Everything on the first page as `person` sees it."""
    alive = list(rows().filter(state__in=ALIVE))
    questions = _open_questions(alive, person)
    mine = _waiting(alive, person) | questions
    return Home(
        questions=questions,
        waiting=[each for each in alive if each.pk in mine],
        under_way=[each for each in alive if each.pk not in mine],
        environments=environments(),
        recent=list(_latest(rows().filter(state__in=TERMINAL))[:10]),
        reviews=list(break_glass.open_reviews()),
    )


def environments() -> list[EnvironmentLine]:
    """Every environment with its lock, its pins and its last rollback."""
    newest = _latest(Rollback.objects.filter(environment=OuterRef("pk"), state__in=TERMINAL))
    rows_with_counts = Environment.objects.annotate(
        last_id=Subquery(newest.values("id")[:1]), plan_count=Count("plans")
    )
    last = rows().in_bulk([each.last_id for each in rows_with_counts if each.last_id])
    locks = {each.environment_id: each for each in Lock.objects.select_related("rollback")}
    pins, ready = _pins(), _readiness()
    return [
        EnvironmentLine(
            environment=each,
            lock=locks.get(each.pk),
            last=last.get(each.last_id),
            pins=pins[each.pk],
            plans=each.plan_count,
            readiness=[(word, ready[each.pk, word]) for word in _WORST if ready[each.pk, word]],
        )
        for each in rows_with_counts
    ]


def _readiness() -> Counter[tuple[int, str]]:
    names = ("environment_id", "asked_at", "red", "withheld")
    plans = _probed(Plan.objects.all()).values_list(*names)
    return Counter((place, _word(*answers)) for place, *answers in plans)


def _probed(plan_rows: QuerySet[Plan]) -> QuerySet[Any, Any]:
    """With when the hosts of each were last asked, whether one said no, or was not asked all.

    What was asked for one rollback alone says nothing of its plan.
    """
    same = Asking.objects.filter(
        revision=OuterRef("revision"), snapshot_sha256=OuterRef("snapshot_sha256")
    )
    for_rollbacks = Exists(same.filter(why__in=OF_A_ROLLBACK))
    for_plans = Exists(same.exclude(why__in=OF_A_ROLLBACK))
    probed = ProbeResult.objects.filter(revision__plan=OuterRef("pk")).order_by("-at")
    probed = probed.filter(~for_rollbacks | for_plans)
    return plan_rows.annotate(
        probed=Subquery(probed.values("snapshot_sha256")[:1]),
        asked_at=Subquery(probed.values("at")[:1]),
        red=Exists(probed.filter(snapshot_sha256=OuterRef("probed"), verdict="not_ready")),
        withheld=Exists(probed.filter(snapshot_sha256=OuterRef("probed"), detail=NOT_APPROVED)),
    )


def _word(asked_at: datetime | None, red: bool, withheld: bool) -> str:
    if asked_at is None:
        return "not asked"
    return "not ready" if red else "unknown" if withheld else "ready"


def _latest(rollbacks: QuerySet[Rollback]) -> QuerySet[Rollback]:
    """By when they were asked for: a loaded incident is newer by its number only."""
    return rollbacks.order_by("-requested_at", "-id")


def _pins() -> dict[int, list[Pin]]:
    """Pins in force, under every environment that has a plan for their service."""
    places = defaultdict(set)
    for environment, service in Plan.objects.values_list("environment_id", "service_id"):
        places[service].add(environment)
    by_environment: dict[int, list[Pin]] = defaultdict(list)
    for pin in Pin.objects.filter(lifted_at=None).select_related("service"):
        for environment in places[pin.service_id]:
            by_environment[environment].append(pin)
    return by_environment


def _waiting(alive: Sequence[Rollback], person: User) -> set[int]:
    operates = person.has_perm("rollbacks.operate_rollback")
    to_answer = {each.pk for each in alive if operates and each.question}
    requested = [each for each in alive if each.state == RollbackState.REQUESTED]
    return to_answer | _to_decide(requested, person)


def _open_questions(alive: Sequence[Rollback], person: User) -> frozenset[int]:
    """Those of this person's requests that somebody asked about and nobody answered."""
    own = [
        each.pk
        for each in alive
        if each.requested_by_id == person.pk and each.state == RollbackState.REQUESTED
    ]
    if not own:
        return frozenset()
    rows = Event.objects.filter(rollback__in=own, kind__in=_QUESTIONS).order_by("seq")
    unanswered: dict[int, set[int]] = defaultdict(set)
    for number, kind, seq, facts in rows.values_list("rollback_id", "kind", "seq", "facts"):
        if kind == APPROVAL_ASKED:
            unanswered[number].add(seq)
        else:
            unanswered[number].discard(facts.get("question"))
    return frozenset(number for number, left in unanswered.items() if left)


def _to_decide(requested: Sequence[Rollback], person: User) -> set[int]:
    """Those of the requests that this person could approve now, as far as rows tell."""
    voted = Rollback.objects.filter(
        state=RollbackState.REQUESTED, approvals__by=person, approvals__round=F("round")
    )
    done = set(voted.values_list("id", flat=True))
    held = rights.reach(person)
    return {
        each.pk
        for each in requested
        if each.pk not in done
        and person.pk not in (barred := rights.barred(each))
        and _usable(held.get(each.environment_id, {}), each) - barred
    }


def _usable(owners: dict[int, datetime], rollback: Rollback) -> set[int]:
    """Those of the rights that their owners had when this was asked for."""
    return {owner for owner, since in owners.items() if since <= rollback.requested_at}


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One plan: its newest revision's number and moment, and the last rollback by it."""

    plan: Plan
    number: int | None
    revised_at: datetime | None
    last: Rollback | None
    readiness: str
    asked_at: datetime | None


def plans(environment: str = "") -> list[PlanLine]:
    """Every plan, or those of the environment with that slug, by title."""
    newest = Revision.objects.filter(plan=OuterRef("pk")).order_by("-number")
    done = Rollback.objects.filter(revision__plan=OuterRef("pk")).order_by("-id")
    plan_rows = _probed(Plan.objects.select_related("service", "environment")).annotate(
        number=Subquery(newest.values("number")[:1]),
        revised_at=Subquery(newest.values("created_at")[:1]),
        last_id=Subquery(done.values("id")[:1]),
    )
    if environment:
        plan_rows = plan_rows.filter(environment__slug=environment)
    last = rows().in_bulk([each.last_id for each in plan_rows if each.last_id])
    return [
        PlanLine(
            plan=each,
            number=each.number,
            revised_at=each.revised_at,
            last=last.get(each.last_id),
            readiness=_word(each.asked_at, each.red, each.withheld),
            asked_at=each.asked_at,
        )
        for each in plan_rows
    ]


def one(number: int) -> Rollback | None:
    """A rollback with what its pages name, or None."""
    rows = with_deviations(Rollback.objects).select_related(
        "service", "environment", "requested_by", "revision__plan", "revision__author"
    )
    return rows.filter(pk=number).first()


def durations(plan: Plan, procedure: str = "") -> list[float]:
    """Seconds that the last 20 successful rollbacks by a plan took, shortest first,
    rehearsals among them; with `procedure` only those of the procedure with that key.
    Fewer than FEWEST_RUNS tell nothing: then it is empty."""
    own = Rollback.objects.filter(
        revision__in=list(plan.revisions.values_list("pk", flat=True)),
        state=RollbackState.SUCCEEDED,
        started_at__isnull=False,
    )
    # Asked one after the other: no index serves both at once.
    newest = sorted({*_times(own, procedure), *_times(rehearsals(plan), procedure)}, reverse=True)
    took = sorted((end - start).total_seconds() for _, start, end in newest[:20] if start and end)
    return took if len(took) >= FEWEST_RUNS else []


def _times(
    done: QuerySet[Rollback], procedure: str
) -> list[tuple[int, datetime | None, datetime | None]]:
    if procedure:
        done = done.filter(choices__procedure=procedure)
    return list(done.order_by("-id").values_list("pk", "started_at", "finished_at")[:20])


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list of rollbacks is narrowed to; "" is everything. `before` is a page's end."""

    state: str = ""
    environment: str = ""
    service: str = ""
    plan: str = ""
    text: str = ""
    before: int = 0


PAGE = 50
FEWEST_RUNS = 3
_WORST = ("not ready", "unknown", "not asked", "ready")


def filter_rollbacks(chosen: Filter) -> list[Rollback]:
    """One page of rollbacks and one more, newest first."""
    result = rows()
    if chosen.state == "alive":
        result = result.filter(state__in=ALIVE)
    elif chosen.state:
        result = result.filter(state=chosen.state)
    if chosen.environment:
        result = result.filter(environment__slug=chosen.environment)
    if chosen.service:
        result = result.filter(service__slug=chosen.service)
    if chosen.plan:
        result = result.filter(revision__plan__slug=chosen.plan)
    if chosen.text:
        result = result.filter(Q(title__icontains=chosen.text) | Q(reason__icontains=chosen.text))
    if chosen.before:
        result = result.filter(pk__lt=chosen.before)
    return list(result.order_by("-id")[: PAGE + 1])
