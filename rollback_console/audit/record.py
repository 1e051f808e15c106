"""Writing one change of the configuration, in the transaction that makes it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model
from django.db.models.functions import Now

from .fields import Fields, changes_between, plain_value
from .integrity import anchors, chain
from .integrity.row_ledger import RowChange, describe, subject_changes
from .kinds import ALARM, INFO, NOTICE, WARNING, kind_of
from .models import ConfigurationEvent, StreamAnchor
from .origin import current_origin

log = logging.getLogger("rollback_console.audit")

# Levels of the log say how the console is; how much an act matters is the field `severity`.
_LEVELS = {INFO: logging.INFO, NOTICE: logging.INFO, WARNING: logging.INFO, ALARM: logging.ERROR}


@transaction.atomic
def record_change(
    kind: str,
    *,
    by: User | None = None,
    subject: Model | str | None = None,
    before: Fields | None = None,
    after: Fields | None = None,
    rows: Iterable[RowChange] | None = None,
    **facts: Any,
) -> ConfigurationEvent:
    """Add one event to the stream of the configuration, with what differs between two rows.

    `before` and `after` are `fields.snapshot_fields`; secrets become fingerprints. `rows` are the
    protected rows (protected_tables) that the act wrote, when that is not its subject alone as
    `before` and `after` have it. Goes with the caller's transaction and is sent to the log after
    the commit. Raises UnknownKind.
    """
    kind_of(kind)
    anchor = anchors.lock_anchor(anchors.CONFIGURATION)
    origin = current_origin()
    if rows is None:
        rows = subject_changes(subject, before, after) if isinstance(subject, Model) else ()
    written = describe(rows)
    end = _end(anchor)
    event = ConfigurationEvent(
        seq=end.count + 1,
        at=_moment(anchor),
        kind=kind,
        by=by,
        by_name=by.get_username() if by else "",
        door=origin.door[:120],
        address=origin.address[:200],
        changes=changes_between(before, after),
        facts={name: plain_value(name, value) for name, value in facts.items()},
        rows=written or None,
        version=chain.VERSION,
        previous=end.head,
        **_subject(subject),
    )
    event.hash = chain.seal(body_of(event))
    event.save(force_insert=True)
    if end is anchor:
        anchors.move_anchor(anchors.CONFIGURATION, count=event.seq, head=event.hash)
    transaction.on_commit(lambda: _send_to_log(event))
    return event


def _end(anchor: StreamAnchor) -> StreamAnchor:
    """Where the stream ends: where its anchor says, unless that is gone or was set back.

    Then the stream goes on after its last event, and the anchor stays: verify_audit names it.
    """
    last = ConfigurationEvent.objects.order_by("-seq").first()
    if last is None or last.seq <= anchor.count:
        return anchor
    return StreamAnchor(stream=anchor.stream, count=last.seq, head=last.hash)


def body_of(event: ConfigurationEvent) -> dict[str, Any]:
    """What the seal of an event covers."""
    names = (
        "seq kind by_name address door subject_type subject_id subject_label changes facts previous"
    )
    body = {name: getattr(event, name) for name in names.split()}
    if event.rows is not None:  # what was recorded before there were rows is sealed without
        body["rows"] = event.rows
    return {**body, "by": event.by_id, "at": event.at.isoformat(timespec="milliseconds")}


def _moment(anchor: StreamAnchor) -> Any:
    """Now, on the database's clock."""
    rows = StreamAnchor.objects.filter(pk=anchor.pk).annotate(moment=Now())
    return rows.values_list("moment", flat=True).get()


def _subject(subject: Model | str | None) -> dict[str, str]:
    if subject is None or isinstance(subject, str):
        return {"subject_label": (subject or "")[:200]}
    return {
        "subject_type": subject._meta.model_name or "",
        "subject_id": str(subject.pk),
        "subject_label": str(subject)[:200],
    }


def _send_to_log(event: ConfigurationEvent) -> None:
    """One structured line an event: with its seal, so that the log is an anchor too."""
    fields = {
        "stream": anchors.CONFIGURATION,
        "seq": event.seq,
        "by": event.by_name,
        "door": event.door,
        "address": event.address,
        "subject": f"{event.subject_type} {event.subject_label}".strip(),
        "changed": ",".join(event.changes),
        "seal": event.hash,
    }
    severity = kind_of(event.kind).severity
    extra = {name: value for name, value in fields.items() if value} | {"severity": severity}
    log.log(_LEVELS[severity], event.kind, extra=extra)
