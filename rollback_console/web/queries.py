"""What plan, admin and audit pages ask of the database: read only, few and fixed queries."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db.models import Count, Max, Prefetch, QuerySet
from django.utils.translation import gettext

from rollback_console.common.people import display_name
from rollback_console.engine import authority
from rollback_console.engine.authority import Maker
from rollback_console.engine.states import RollbackState
from rollback_console.plans.approval import policy
from rollback_console.plans.approval.decision_makers import makers_of, owners_of
from rollback_console.plans.models import (
    DecisionMaker,
    Environment,
    Host,
    HostGroup,
    Plan,
    Revision,
    Secret,
)
from rollback_console.rollbacks.models import Event, Rollback
from rollback_console.rollbacks.permissions.groups import may_look
from rollback_console.rollbacks.queries import lists


@dataclass(frozen=True, slots=True)
class EnvironmentSetup:
    """What belongs to one environment."""

    makers: list[DecisionMaker]
    secrets: list[Secret]
    groups: list[HostGroup]
    hosts: int
    unconfirmed: int


@dataclass(frozen=True, slots=True)
class Who:
    """Who could approve: `missing` says why nobody's approval would be enough, "" if some would."""

    asks: User
    risk: str
    quorum: int
    role: str
    able: list[Maker]
    cannot: list[Maker]
    missing: str


def ruled() -> QuerySet[Environment]:
    """Every environment with how many hosts and decision makers it has."""
    return Environment.objects.annotate(
        host_count=Count("hosts", distinct=True),
        maker_count=Count("decision_makers", distinct=True),
    )


def environment_contents(environment: Environment) -> EnvironmentSetup:
    """Everything on the page of one environment."""
    return EnvironmentSetup(
        makers=list(environment.decision_makers.select_related("user").order_by("rung", "id")),
        # The values are never read for a page, not even into memory.
        secrets=list(environment.secrets.defer("value")),
        groups=list(environment.host_groups.annotate(host_count=Count("hosts"))),
        hosts=environment.hosts.count(),
        unconfirmed=environment.hosts.exclude(keys__confirmed_at__isnull=False).count(),
    )


def who_could(environment: Environment, *, asks: User, risk: str) -> Who:
    """Who could approve a rollback that `asks` opened now, with "code" or "data" at risk."""
    rules = policy.spec(environment, risky=risk == "data")
    makers = makers_of(environment)
    barred = frozenset({asks.pk})
    request = authority.Request("", rules, barred)
    able = authority.usable_rights(request, makers, [])
    return Who(
        asks=asks,
        risk=risk,
        quorum=rules.quorum,
        role=rules.required_role,
        able=able,
        cannot=[maker for maker in makers if maker not in able],
        missing=authority.why_unsatisfiable(rules, makers, barred),
    )


@dataclass(frozen=True, slots=True)
class EventFilter:
    """What the audit is narrowed to; "" and 0 are everything. `before` is a page's end."""

    rollback: int = 0
    kind: str = ""
    person: str = ""
    before: int = 0


def events(chosen: EventFilter) -> list[Event]:
    """One page of events of all rollbacks and one more, newest first."""
    rows = Event.objects.prefetch_related("by", Prefetch("rollback", lists.rows()))
    if chosen.rollback:
        rows = rows.filter(rollback_id=chosen.rollback)
    if chosen.kind:
        rows = rows.filter(kind=chosen.kind)
    if chosen.person:
        rows = rows.filter(by__username__iexact=chosen.person)
    if chosen.before:
        rows = rows.filter(pk__lt=chosen.before)
    return list(rows.order_by("-id")[: lists.PAGE + 1])


def latest_number(plan: Plan) -> int:
    """The number of the plan's newest revision; 0 without one."""
    return plan.revisions.aggregate(last=Max("number"))["last"] or 0


def revisions(plan: Plan) -> QuerySet[Revision]:
    """A plan's revisions, newest first, without their texts."""
    rows = plan.revisions.defer("source", "original", "bindings")
    return rows.select_related("author", "confirmed_by").order_by("-number")


def beside_deciding(person: User) -> str:
    """What a decision maker may do beside deciding, which no role says: a sentence for whoever
    names them; "" for somebody who does nothing but look and decide."""
    if not may_look(person):
        return gettext("They are in no group and see nothing yet: put them into Viewer at least.")
    if not person.last_login:
        return gettext("They have never signed in yet.")
    if person.has_perm(policy.ASKS):
        return gettext("They request and steer rollbacks too: what they ask for, others approve.")
    return ""


def makers_beside(maker: DecisionMaker) -> list[str]:
    """Who decides there when this one no longer does."""
    rows = owners_of(maker.environment).exclude(pk=maker.pk)
    return [f"{display_name(row.user)} ({row.role})" for row in rows]


def requests_waiting_for(maker: DecisionMaker) -> list[str]:
    """Requests there that nobody has decided yet."""
    rows = Rollback.objects.filter(environment=maker.environment, state=RollbackState.REQUESTED)
    return [f"rollback {number}" for number in rows.values_list("pk", flat=True)]


def plans_that_read(secret: Secret) -> list[str]:
    """Titles of plans of its environment whose newest text names the secret."""
    return _plans_naming(secret.environment, secret.name)


def plans_that_name(group: HostGroup) -> list[str]:
    """Titles of plans of its environment whose newest text or bindings name the group."""
    return _plans_naming(group.environment, group.name)


def _plans_naming(environment: Environment, name: str) -> list[str]:
    word = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
    titles = []
    for plan in Plan.objects.filter(environment=environment):
        newest = plan.revisions.order_by("-number").first()
        if newest is None:
            continue
        text = bytes(newest.source).decode(errors="replace") + json.dumps(newest.bindings)
        if word.search(text):
            titles.append(plan.title)
    return titles


def plans_with_host(host: Host) -> list[str]:
    """Titles of plans of its environment whose newest text or bindings name the host."""
    return _plans_naming(host.environment, host.name)
