"""Masking by hand what slipped through: a text that is nobody's business, in logs and events.

What the console knows to be secret it masks before it is stored (remote.redaction). This is for
the rest. The record stays whole: each masked event keeps its hash, and an event says who masked
how much, where and why.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model, QuerySet

from rollback_console.common.permission import may_do
from rollback_console.common.text import LONGEST_TEXT
from rollback_console.remote.redaction.redact import Redactor, redact
from rollback_console.remote.redaction.secret_forms import SHORTEST

from .. import log_store
from ..errors import Refused
from ..events import digest, record
from ..events.redaction import REDACTED
from ..models import (
    Approval,
    BreakGlass,
    ChecklistAnswer,
    Event,
    LogChunk,
    Look,
    Message,
    Rollback,
    StepAnswer,
    StepRun,
)

_FREE_TEXTS = frozenset(
    {
        "difference",
        "evidence",
        "finding",
        "label",
        "left",
        "note",
        "reason",
        "recipients",
        "reds",
        "survivors",
        "text",
        "trigger",
        "why",
    }
)
"""Facts in words of people and hosts. All others name things that rows are compared with."""

_TEXTS: tuple[tuple[type[Model], str, tuple[str, ...]], ...] = (
    (Rollback, "pk", ("reason", "trigger")),
    (StepRun, "rollback", ("why", "survivors")),
    (Approval, "rollback", ("note",)),
    (BreakGlass, "rollback", ("reason", "finding")),
    (StepAnswer, "rollback", ("reason",)),
    (ChecklistAnswer, "rollback", ("note",)),
    (Message, "rollback", ("text", "recipients")),
    (Look, "rollback", ("evidence",)),
)


def why_not_redact(rollback: Rollback, by: User) -> str:
    """Why `by` may not mask anything here; "" when they may."""
    if may_do(by, "plans.change_secret", rollback):
        return ""
    return "Only who may change the secrets of this environment masks a text. Ask an Admin."


@transaction.atomic
def redact_text(rollback: Rollback, *, by: User, text: str, reason: str) -> Event:
    """Mask `text`, in every form that hosts write, in all logs and events of a rollback.

    Raises Refused without the right, for a text too short to be told from others, without a
    reason, or when the text stands nowhere.
    """
    if why := why_not_redact(rollback, by):
        raise Refused(why)
    text, reason = text.strip("\r\n"), reason.strip()
    if len(text.encode()) < SHORTEST or len(text) > LONGEST_TEXT:
        raise Refused(f"The text to mask holds at least {SHORTEST} characters, at most 20,000.")
    if not reason:
        raise Refused("Give a reason: it goes on record.")
    if redact(reason, [text]) != reason:
        raise Refused("The reason contains the text to mask. Word it differently.")
    row = Rollback.objects.select_for_update().get(pk=rollback.pk)
    logs = _redact_logs(row, text)
    rows = sum(_redact_rows(row, text, *each) for each in _TEXTS)
    events = _redact_events(row, text, logs)
    if not (logs or rows or events):
        raise Refused("This text stands nowhere in the logs and events of this rollback.")
    masked = sum(count for count, _ in logs.values())
    return record(row, REDACTED, by=by, reason=reason, events=events, bytes=masked, rows=rows)


def _redact_logs(row: Rollback, text: str) -> dict[str, tuple[int, str]]:
    """By token of the runs whose logs held it: bytes that were masked, and the log's new hash."""
    masked_logs: dict[str, tuple[int, str]] = {}
    for run in row.runs.filter(stored__gt=0):
        masked, whole = 0, hashlib.sha256()
        for chunk, before, after in _masked_chunks(run, text):
            whole.update(after)
            if before != after:
                masked += sum(a != b for a, b in zip(before, after, strict=True))
                packed = zlib.compress(after, 1)
                LogChunk.objects.filter(pk=chunk.pk).update(data=packed)
        if masked:
            masked_logs[str(run.token)] = masked, whole.hexdigest()
    return masked_logs


def _masked_chunks(run: StepRun, text: str) -> Iterator[tuple[LogChunk, bytes, bytes]]:
    """Each row of a log with what it holds and what it is to hold; a text may span rows."""
    redactor, output = Redactor([text]), b""
    held: list[tuple[LogChunk, bytes]] = []
    for chunk in run.chunks.order_by("offset").iterator(chunk_size=16):
        try:
            data = log_store.unpack_strictly(chunk)
        except log_store.UnreadableRow:
            # It stays as it is, and no text spans it.
            output += redactor.flush()
            for before, data in held:
                yield before, data, output[: len(data)]
                output = output[len(data) :]
            shown = log_store.unpack(chunk)
            yield chunk, shown, shown
            redactor, held, output = Redactor([text]), [], b""
            continue
        held.append((chunk, data))
        output += redactor.feed(data)
        while held and len(output) >= len(held[0][1]):
            chunk, data = held.pop(0)
            yield chunk, data, output[: len(data)]
            output = output[len(data) :]
    output += redactor.flush()
    for chunk, data in held:
        yield chunk, data, output[: len(data)]
        output = output[len(data) :]


def _redact_rows(
    row: Rollback, text: str, model: type[Model], link: str, columns: tuple[str, ...]
) -> int:
    """How many rows of a table held it."""
    rows: QuerySet[Any] = model._default_manager.filter(**{link: row.pk})
    changed = 0
    for each in rows.only("pk", *columns):
        values = {name: getattr(each, name) for name in columns}
        masked = {name: _masked(value, text) for name, value in values.items()}
        if masked != values:
            changed += rows.filter(pk=each.pk).update(**masked)
    return changed


def _redact_events(row: Rollback, text: str, logs: dict[str, tuple[int, str]]) -> dict[str, str]:
    """By seq of the events that held it, or a masked log's hash: what they hash to now."""
    digests: dict[str, str] = {}
    for event in row.events.exclude(kind=REDACTED).order_by("seq"):
        facts = {
            name: _masked(value, text) if name in _FREE_TEXTS else value
            for name, value in event.facts.items()
        }
        if "log_sha256" in facts and facts.get("token") in logs:
            facts["log_sha256"] = logs[facts["token"]][1]
        if facts != event.facts:
            event.facts = facts
            Event.objects.filter(pk=event.pk).update(facts=facts)
            digests[str(event.seq)] = digest(event)
    return digests


def _masked(value: Any, text: str) -> Any:
    if isinstance(value, str):
        return redact(value, [text])
    if isinstance(value, list):
        return [_masked(each, text) for each in value]
    if isinstance(value, dict):
        return {name: _masked(each, text) for name, each in value.items()}
    return value
