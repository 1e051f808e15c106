"""Takes the logs of long-ended rollbacks out of the database; what is known of them stays."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from rollback_console.engine.states import TERMINAL

from .. import db_clock, log_store
from ..errors import Refused
from ..events import record
from ..models import LogChunk, Rollback, StepRun

EACH = 200
"""Rows of log that go in one transaction, so that nobody waits long for a lock."""


def due(days: int) -> QuerySet[Rollback]:
    """Rollbacks that ended more than so many days ago and still have logs, oldest first."""
    before = db_clock.now() - timedelta(days=days)
    ended = Q(finished_at__lt=before) | Q(finished_at=None, requested_at__lt=before)
    held = Exists(LogChunk.objects.filter(run__rollback=OuterRef("pk")))
    return Rollback.objects.filter(ended, held, state__in=TERMINAL).order_by("id")


def size(rollback: Rollback) -> int:
    """Bytes of log that are stored of it."""
    return sum(rollback.runs.values_list("stored", flat=True))


def retire_logs(rollback: Rollback, *, archive: dict[str, str] | None = None) -> int:
    """Forget the logs, and keep their sizes and checksums as an event; bytes that went.

    `archive` is the name and SHA-256 of the file that holds them from now on. Safe to repeat
    after a break. Raises Refused for a rollback that has not ended.
    """
    held = list(rollback.runs.filter(stored__gt=0))
    digests = [
        {"token": str(run.token), "bytes": run.stored, "sha256": _sha256(run)} for run in held
    ]
    _record(rollback, digests, archive)
    chunks = LogChunk.objects.filter(run__rollback=rollback)
    while some := list(chunks.values_list("id", flat=True)[:EACH]):
        LogChunk.objects.filter(id__in=some).delete()
    return sum(run.stored for run in held)


@transaction.atomic
def _record(
    rollback: Rollback, digests: list[dict[str, Any]], archive: dict[str, str] | None
) -> None:
    row = Rollback.objects.select_for_update().get(pk=rollback.pk)
    if row.state not in TERMINAL:
        raise Refused("Only logs of a rollback that has ended can be taken out.")
    if digests:
        row.runs.update(stored=0, lines=0)
        record(row, "logs.retired", logs=digests, archive=archive or {})


def _sha256(run: StepRun) -> str:
    digest = hashlib.sha256()
    for piece in log_store.stream(run, 0, run.stored):
        digest.update(piece)
    return digest.hexdigest()
