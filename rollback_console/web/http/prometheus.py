"""The console's numbers in Prometheus' terms: those of the database, and those of web processes."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator

from django.db import Error
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from rollback_console.outbox.actions import targets
from rollback_console.rollbacks.queries import metrics
from rollback_console.rollbacks.queries.metrics import Gauges
from rollback_console.watch.gauges import WatchGauges, read_watch_gauges

log = logging.getLogger(__name__)

PREFIX = "rollback_console_"

# Name, what it says, and where it stands; all without labels.
SINGLE: list[tuple[str, str, Callable[[Gauges], float]]] = [
    ("due", "Rollbacks that a worker should be driving and none does.", lambda g: g.due),
    ("queue_age_seconds", "How long the oldest of them has waited.", lambda g: g.queue_age),
    ("leases", "Rollbacks that are driven, or were when their worker died.", lambda g: g.leases),
    ("lease_age_seconds", "Since the stalest lease was last renewed.", lambda g: g.lease_age),
    ("questions_waiting", "Rollbacks under way that wait for a person.", lambda g: g.questions),
    ("approvals_waiting", "Requests that wait for decision makers.", lambda g: g.approvals),
    ("approval_age_seconds", "How long the oldest of them has waited.", lambda g: g.approval_age),
    ("unreachable_hosts", "Hosts with work that do not answer.", lambda g: g.unreachable),
    (
        "unreachable_age_seconds",
        "Since the first of them fell silent.",
        lambda g: g.unreachable_age,
    ),
]


class FromDatabase(Collector):
    """Asks the database at each scrape, so that every process answers the same."""

    def collect(self) -> Iterable[Metric]:
        """Every family; without a database only the one that says so."""
        up = GaugeMetricFamily(f"{PREFIX}database_up", "1 when the database answers, else 0.")
        try:
            read, standing = metrics.read_gauges(), targets.count_troubled()
            watched = read_watch_gauges()
        except Error as error:
            log.warning("The metrics lack what the database knows: %s", error)
            up.add_metric([], 0)
            return [up]
        up.add_metric([], 1)
        return [up, *_single(read), *_labelled(read), _messages(standing), *_watch(watched)]


def exposition() -> bytes:
    """All of it, in Prometheus' text format."""
    return generate_latest(_processes()) + generate_latest(_only(FromDatabase()))


def _processes() -> CollectorRegistry:
    """This process alone, or every web process that shares the folder gunicorn made."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    shared = CollectorRegistry()
    multiprocess.MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared


def _only(collector: Collector) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(collector)
    return registry


def _single(read: Gauges) -> Iterator[Metric]:
    for name, what, value in SINGLE:
        yield GaugeMetricFamily(f"{PREFIX}{name}", what, value(read))


def _labelled(read: Gauges) -> Iterator[Metric]:
    rollbacks = GaugeMetricFamily(f"{PREFIX}rollbacks", "Rollbacks by state.", labels=["state"])
    for state, count in read.states.items():
        rollbacks.add_metric([state], count)
    alive = GaugeMetricFamily(
        f"{PREFIX}processes", "Processes heard of within 30 seconds.", labels=["role"]
    )
    seen = GaugeMetricFamily(
        f"{PREFIX}process_seen_seconds",
        "Since a process of that role last spoke; absent when none did within a day.",
        labels=["role"],
    )
    for role, each in read.seen.items():
        alive.add_metric([role], each.alive)
        if each.seconds is not None:
            seen.add_metric([role], each.seconds)
    served = GaugeMetricFamily(
        f"{PREFIX}zone_served", "1 when a worker of that zone is alive, else 0.", labels=["zone"]
    )
    for zone, there in read.zones.items():
        served.add_metric([zone], float(there))
    attempts = GaugeMetricFamily(
        f"{PREFIX}attempts_last_day",
        "Commands on hosts for rollbacks requested within a day, by what ran them there.",
        labels=["runner"],
    )
    for runner, count in read.attempts.items():
        attempts.add_metric([runner], count)
    yield from (rollbacks, alive, seen, served, attempts)


def _watch(read: WatchGauges) -> Iterator[Metric]:
    watches = GaugeMetricFamily(
        f"{PREFIX}watches", "Triggers watched now, by what was seen last.", labels=["verdict"]
    )
    for verdict, count in read.verdicts.items():
        watches.add_metric([verdict], count)
    yield watches
    for name, what, value in (
        ("watch_due_age_seconds", "How long the longest due look has waited.", read.due_age),
        ("triggers_firing", "Triggers that fire now.", read.firing),
        ("alarms_last_day", "Times that a trigger fired within a day.", read.alarms),
        ("false_alarms_last_day", "Of them, those marked as false.", read.false_alarms),
    ):
        yield GaugeMetricFamily(f"{PREFIX}{name}", what, value)


def _messages(standing: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(
        f"{PREFIX}deliveries",
        "Messages of the last week that failed, or wait after a failure, by state.",
        labels=["state"],
    )
    for state, count in standing.items():
        family.add_metric([state], count)
    return family
