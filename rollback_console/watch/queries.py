"""What pages and the API show of the watch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery

from rollback_console.deployments.models import Deployment
from rollback_console.documents.triggers import TriggerWords, key_of, words_of_plan
from rollback_console.plans.document_cache import document
from rollback_console.plans.errors import PlanError
from rollback_console.plans.models import Environment, Revision, Service
from rollback_console.rollbacks import db_clock

from .models import Firing, Sample, Trigger, TriggerWatch
from .probes import describe

SAYS_SO = timedelta(minutes=2)
"""After so long of not knowing, a page says since when."""

DRAWN = 240
"""Samples of one graph at most."""


@dataclass(frozen=True, slots=True)
class WatchedTrigger:
    """One trigger of a deployment: `word` is how it stands, `expects` what it is held against."""

    row: TriggerWatch
    word: str
    expects: str
    samples: list[Sample]


def triggers_of(service: Service, environment: Environment) -> QuerySet[Trigger]:
    """With `alarms` and `false_alarms`, how often each fired and how often for nothing."""
    rows = Trigger.objects.filter(service=service, environment=environment)
    wrong = Count("firings", filter=Q(firings__false_alarm=True))
    return rows.select_related("bound_by").annotate(alarms=Count("firings"), false_alarms=wrong)


def unbound_words(
    service: Service, environment: Environment, others: Iterable[TriggerWords] = ()
) -> list[TriggerWords]:
    """What the newest text of each plan there, and `others`, say, and nobody bound yet."""
    bound = set(
        Trigger.objects.filter(service=service, environment=environment).values_list(
            "key", flat=True
        )
    )
    every = [*others, *_words_of_plans(service, environment)]
    by_key = {key_of(each.text): each for each in reversed(every)}
    return [each for key, each in reversed(by_key.items()) if key not in bound]


def watched_triggers(deployment: Deployment) -> list[WatchedTrigger]:
    """Every trigger of a deployment with what was seen last, those that fire first."""
    rows = list(deployment.watches.select_related("trigger").order_by("trigger__text"))
    now, drawn = db_clock.now(), _samples(rows)
    every = [
        WatchedTrigger(
            row, _word(row, now), describe(row.trigger.kind, row.trigger.probe), drawn[row.pk]
        )
        for row in rows
    ]
    return sorted(every, key=lambda each: _ORDER.index(each.word))


def firings_of(deployment: Deployment) -> list[Firing]:
    """What fired after a deployment, the newest first."""
    rows = Firing.objects.filter(watch__deployment=deployment)
    return list(rows.select_related("trigger", "proposal", "marked_by")[:20])


def newest_watched(service: Service) -> list[Deployment]:
    """The newest deployment of each environment where the service is watched."""
    rows = Deployment.objects.filter(service=service, watches__isnull=False)
    newest = rows.order_by().values("environment").annotate(newest=Max("pk")).values("newest")
    deployments = Deployment.objects.filter(pk__in=newest).select_related("environment", "service")
    return list(deployments.order_by("environment__slug"))


_ORDER = ("fires", "failed", "unknown", "not looked at yet", "passed")


def _word(row: TriggerWatch, now: datetime) -> str:
    if row.fired_at is not None:
        return "fires"
    if row.unknown_since is not None and now - row.unknown_since >= SAYS_SO:
        return "unknown"
    return row.verdict or "not looked at yet"


def _samples(rows: list[TriggerWatch]) -> dict[int, list[Sample]]:
    """The newest of each, oldest first."""
    return {row.pk: list(row.samples.order_by("-at", "-pk")[:DRAWN])[::-1] for row in rows}


def _words_of_plans(service: Service, environment: Environment) -> list[TriggerWords]:
    newest = Revision.objects.filter(plan=OuterRef("plan")).order_by("-number")
    rows = Revision.objects.filter(plan__service=service, plan__environment=environment)
    rows = rows.filter(pk=Subquery(newest.values("pk")[:1]))
    return [words for row in rows.order_by("-pk")[:20] for words in _words(row)]


def _words(revision: Revision) -> list[TriggerWords]:
    try:
        return words_of_plan([each.text for each in document(revision).triggers])
    except PlanError:
        return []
