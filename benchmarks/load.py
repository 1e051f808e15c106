"""`python -m benchmarks.load --rollbacks 10000 --log-mb 10240`: pages over a full database.

Fills it with copies of one rollback that really ran, and asks for pages over the first sixty,
then over all of it: the number of queries must be the same, and the time about so.
With TEST_DATABASE=mariadb it does so in a MariaDB of its own, else in SQLite.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rollback_console.rollbacks import log_store
from rollback_console.rollbacks.execution import driver
from rollback_console.rollbacks.models import Event, LogChunk, Rollback, StepRun
from tests import make
from tests.fleet import Fleet

from .results import keep

PAGES = ["/", "/rollbacks/", "/rollbacks/?state=succeeded", "/plans/", "/audit/", "/trends/"]
FEW = 60
AT_ONCE = 200
TIMES = 7


@dataclass(frozen=True, slots=True)
class Asked:
    """One page: queries, and the median of its milliseconds."""

    queries: int
    ms: float


def main() -> None:
    """Fill, ask, print."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--rollbacks", type=int, default=300)
    words.add_argument("--log-mb", type=int, default=20)
    options = words.parse_args()
    logging.disable(logging.WARNING)
    call_command("migrate", verbosity=0)
    stage = make.stage()
    first = _one(stage)
    each = options.log_mb * 1024 * 1024 // options.rollbacks
    client = Client()
    client.force_login(stage.cast.ada)
    fill(first, FEW, each)
    few = {page: ask(client, page) for page in pages(first)}
    began = time.monotonic()
    fill(first, options.rollbacks - FEW, each)
    filled = time.monotonic() - began
    client.get("/trends/")  # measures what ended without a driver, as it would after an upgrade
    many = {page: ask(client, page) for page in pages(first)}
    summary = (
        f"{options.rollbacks} rollbacks, {options.log_mb} MB of logs, filled in {filled:.0f} s."
    )
    lines = [f"{summary} On {connection.vendor}.", "", *table(few, many)]
    print("\n".join(lines))
    keep("Pages over a full database", lines)


def _one(stage: make.Stage) -> Rollback:
    rollback = make.approved(stage)
    while driver.advance(rollback.pk, Fleet().connect):
        pass
    Rollback.objects.update(state="succeeded", question={}, finished_at=timezone.now())
    connection.cursor().execute("DELETE FROM rollbacks_lock")
    rollback.refresh_from_db()
    return rollback


def fill(first: Rollback, count: int, log_bytes: int) -> None:
    """`count` more like it, each with so many bytes of log that hardly compress."""
    for start in range(0, count, AT_ONCE):
        some = min(AT_ONCE, count - start)
        made = [_copy(first, age) for age in range(start, start + some)]
        made = Rollback.objects.bulk_create(made)
        if not connection.features.can_return_rows_from_bulk_insert:
            made = list(Rollback.objects.order_by("-id")[:some])
        _events(first, made)
        _logs(first, made, log_bytes)


def _copy(first: Rollback, age: int) -> Rollback:
    fields = {field.attname: getattr(first, field.attname) for field in first._meta.concrete_fields}
    fields |= {"id": None, "requested_at": first.requested_at - timedelta(minutes=age + 1)}
    return Rollback(**fields)


def _events(first: Rollback, made: list[Rollback]) -> None:
    rows = list(first.events.values("seq", "kind", "by_id", "facts", "at", "previous", "sha256"))
    Event.objects.bulk_create(
        [Event(rollback_id=each.pk, **row) for each in made for row in rows], batch_size=1000
    )


def _logs(first: Rollback, made: list[Rollback], log_bytes: int) -> None:
    names = ("position", "host", "attempt", "state", "exit_code", "started_at", "ended_at")
    runs = list(first.runs.values(*names))
    for each in made:
        for row in runs:
            run = StepRun.objects.create(rollback=each, **row)
            end = log_store.Tail()
            for _ in range(0, log_bytes // len(runs), log_store.CHUNK):
                piece = _noise(min(log_store.CHUNK, log_bytes // len(runs)))
                LogChunk.objects.bulk_create(log_store.append(run.pk, end, piece, timezone.now()))
            StepRun.objects.filter(pk=run.pk).update(stored=end.offset, lines=end.lines)


def _noise(size: int) -> bytes:
    return b"\n".join(os.urandom(40).hex().encode() for _ in range(size // 81 + 1))[:size]


def pages(first: Rollback) -> Iterator[str]:
    """What people open most, lists and one of each."""
    yield from PAGES
    yield f"/rollbacks/{first.pk}/"


def ask(client: Client, page: str) -> Asked:
    """Once for the count, then again for the time."""
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(page)
    assert answer.status_code == 200, (page, answer.status_code)
    count = len(queries)
    seconds = []
    for _ in range(TIMES):
        began = time.perf_counter()
        client.get(page)
        seconds.append(time.perf_counter() - began)
    return Asked(count, statistics.median(seconds) * 1000)


def table(few: dict[str, Asked], many: dict[str, Asked]) -> Iterator[str]:
    """A row a page; the ratio is promised to be at most 1.5."""
    yield f"| page | queries, {FEW} / all | ms, {FEW} / all | ratio |"
    yield "|---|---|---|---|"
    for page, small in few.items():
        large = many[page]
        yield (
            f"| {page} | {small.queries} / {large.queries} | {small.ms:.1f} / {large.ms:.1f} "
            f"| {large.ms / small.ms:.2f} |"
        )


if __name__ == "__main__":
    main()
