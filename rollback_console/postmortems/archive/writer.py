"""Everything of one rollback as one file: a gzipped tar, made while it is sent.

`manage.py verify_archive` checks it without a database; docs/postmortems.md lists its parts.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from rollback_console.engine.states import TERMINAL
from rollback_console.rollbacks import log_store
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.models import Event, Rollback, StepRun

from ..actions import postmortems
from ..incidents.importer import as_incident
from ..report import export

FORMAT = "rollback-console/archive/1"
SUMS = "SHA256SUMS"
EVENTS_EACH = 5_000
"""How many events a part holds, so that memory stays bounded."""

_BLOCK = 512
_README = """\
Everything a Rollback Console kept of one rollback.

SHA256SUMS       a checksum for every other file here: sha256sum -c SHA256SUMS
manifest.json    which rollback this is, and the last hash of its chain of events
snapshot.json    what was approved and ran; its SHA-256 is what approvals are bound to
plan.md          the revision of the plan it came from
events-*.jsonl   every event, each with the SHA-256 of the one before
runs.json        every attempt of every step; logs/ holds what each printed
approvals.json, answers.json, checks.json, actions.json, messages.json
postmortem.md, postmortem.json
incident.json    the events in the format that another console can load

manage.py verify_archive FILE checks all of it without a database.
"""


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """One file of the archive: exactly `size` bytes come out of `data`."""

    name: str
    size: int
    data: Iterable[bytes]


def archive_name(rollback: Rollback) -> str:
    """The file's name."""
    return f"rollback-{rollback.pk}.tar.gz"


def archive(rollback: Rollback) -> Iterator[bytes]:
    """The archive, piece by piece. Raises Refused before the first when it cannot be made yet."""
    if rollback.state not in TERMINAL:
        raise Refused("An archive can be made once the rollback has ended.")
    return _packed(rollback)


def _packed(rollback: Rollback) -> Iterator[bytes]:
    gzip = zlib.compressobj(level=6, wbits=31)
    for piece in _tar(rollback):
        if packed := gzip.compress(piece):
            yield packed
    yield gzip.flush()


def _tar(rollback: Rollback) -> Iterator[bytes]:
    moment, sums = rollback.finished_at or rollback.requested_at, []
    for part in _parts(rollback):
        digest = hashlib.sha256()
        yield from _member(part, moment, digest)
        sums.append(f"{digest.hexdigest()}  {part.name}\n")
    yield from _member(_whole(SUMS, "".join(sums).encode()), moment, hashlib.sha256())
    yield bytes(2 * _BLOCK)


def _member(part: ArchiveFile, moment: datetime, digest: Any) -> Iterator[bytes]:
    info = tarfile.TarInfo(part.name)
    info.size, info.mtime, info.mode = part.size, int(moment.timestamp()), 0o644
    yield info.tobuf(tarfile.PAX_FORMAT)
    sent = 0
    for piece in part.data:
        digest.update(piece)
        sent += len(piece)
        yield piece
    if sent != part.size:
        # A half archive must not look like a whole one: the download breaks off instead.
        raise OSError(f"{part.name} gave {sent} bytes where {part.size} are stored.")
    yield bytes(-sent % _BLOCK)


def _parts(rollback: Rollback) -> Iterator[ArchiveFile]:
    postmortem = postmortems.open_postmortem(rollback)
    rollback.refresh_from_db()
    yield _whole("README.txt", _README.encode())
    yield _json("manifest.json", _manifest(rollback))
    yield _whole("snapshot.json", rollback.snapshot.encode())
    yield _whole("plan.md", bytes(rollback.revision.source))
    yield from _events(rollback)
    yield from _records(rollback)
    yield _whole("postmortem.md", export.as_markdown(postmortem).encode())
    yield _json("postmortem.json", export.as_json(postmortem))
    yield _json("incident.json", as_incident(rollback))
    for run in rollback.runs.order_by("position", "host", "attempt"):
        yield ArchiveFile(log_name(run), run.stored, log_store.stream(run, 0, run.stored))


def log_name(run: StepRun) -> str:
    """Where a run's log lies; by its token alone, since a host's name may hold anything."""
    return f"logs/step-{run.number:0>3}-attempt-{run.attempt}-{run.token}.log"


def _manifest(rollback: Rollback) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "rollback": rollback.pk,
        "state": rollback.state,
        "service": rollback.service.slug,
        "environment": rollback.environment.slug,
        "snapshot_sha256": rollback.snapshot_sha256,
        "last_seq": rollback.last_seq,
        "last_hash": rollback.last_hash,
    }


def _events(rollback: Rollback) -> Iterator[ArchiveFile]:
    for start in range(0, rollback.last_seq, EVENTS_EACH):
        rows = rollback.events.select_related("by").filter(
            seq__gt=start, seq__lte=min(start + EVENTS_EACH, rollback.last_seq)
        )
        lines = [_line(event) for event in rows.order_by("seq")]
        yield _whole(f"events-{start // EVENTS_EACH + 1:05}.jsonl", "".join(lines).encode())


def _line(event: Event) -> str:
    row = {
        "rollback": event.rollback_id,
        "seq": event.seq,
        "kind": event.kind,
        "by": event.by_id,
        "name": event.by.get_username() if event.by else None,
        "facts": event.facts,
        "at": event.at,
        "previous": event.previous,
        "sha256": event.sha256,
    }
    return json.dumps(row, ensure_ascii=False) + "\n"


def _records(rollback: Rollback) -> Iterator[ArchiveFile]:
    by = "by__username"
    runs = [{**run, "log": ""} for run in rollback.runs.values()]
    for run, row in zip(rollback.runs.all(), runs, strict=True):
        row["log"] = log_name(run)
    yield _json("runs.json", runs)
    lender = "under__giver__username"
    votes = rollback.approvals.values(by, lender, "role", "snapshot_sha256", "given", "note", "at")
    yield _json("approvals.json", list(votes))
    answers = rollback.step_answers.values(by, "position", "kind", "answer", "reason", "at")
    yield _json("answers.json", list(answers))
    checks = rollback.check_answers.values(by, "key", "answer", "note", "at")
    yield _json("checks.json", list(checks))
    items = rollback.action_items.values(
        *("key", "text", "kind", "owner__username", "due", "evidence", "done_at"),
        *("done_by__username", "issue_url"),
    )
    yield _json("actions.json", list(items))
    messages = rollback.messages.values(by, "text", "recipients", "at")
    yield _json("messages.json", list(messages.order_by("id")))


def _json(name: str, value: Any) -> ArchiveFile:
    text = json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)
    return _whole(name, text.encode())


def _whole(name: str, data: bytes) -> ArchiveFile:
    return ArchiveFile(name, len(data), [data])
