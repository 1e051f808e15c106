"""Which host is asked what about the cost."""

from __future__ import annotations

from rollback_console.documents.plan_config import MeasureConfig, read_plan_config
from rollback_console.engine.snapshot import Snapshot

from ..document_cache import document
from ..models import Host, Revision
from ..snapshot.undo_steps import restores_dump
from .cost import CostQuestions, touches_data
from .migrations import MigrationQuestion, questions


def cost_queries(revision: Revision, snapshot: Snapshot) -> dict[str, CostQuestions]:
    """By host. One host answers each question: hosts of a step share one database.

    A procedure that touches no data loses none, so none of the plan's measures is asked for it.
    """
    by_host: dict[str, tuple[list[MigrationQuestion], list[MeasureConfig]]] = {}
    for each in questions(snapshot):
        if isinstance(each, MigrationQuestion) and (hosts := snapshot.step(each.position).hosts):
            by_host.setdefault(hosts[0], ([], []))[0].append(each)
    counts = touches_data(snapshot) and not restores_dump(snapshot)
    for measure in measures(revision) if counts else ():
        if host := _host(revision, snapshot, measure.runs_on.hosts):
            by_host.setdefault(host, ([], []))[1].append(measure)
    return {
        name: CostQuestions(tuple(reversals), tuple(own))
        for name, (reversals, own) in by_host.items()
    }


def measures(revision: Revision) -> tuple[MeasureConfig, ...]:
    """What the plan itself counts."""
    return read_plan_config(document(revision)).measures


def _host(revision: Revision, snapshot: Snapshot, named: str) -> str:
    if not named:
        return next((step.hosts[0] for step in snapshot.steps if step.hosts), "")
    names = named.replace(",", " ").split()
    hosts = Host.objects.filter(environment=revision.plan.environment)
    own = hosts.filter(name__in=names) | hosts.filter(groups__name__in=names)
    return next(iter(own.order_by("name").values_list("name", flat=True)), "")
