"""Events of the configuration, narrowed by who, what, when; and one object's history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Model, Q, QuerySet

from .models import ConfigurationEvent

MAY_READ = "audit.view_configurationevent"
"""The permission to read the record of the configuration; Admins have it."""


@dataclass(frozen=True, slots=True)
class ConfigurationFilter:
    """What the record is narrowed to; "", None and 0 are everything. Days are those of UTC.

    `before` is the seq at which a page ends.
    """

    person: str = ""
    subject: str = ""
    kind: str = ""
    since: date | None = None
    until: date | None = None
    before: int = 0


def configuration_events(chosen: ConfigurationFilter) -> QuerySet[ConfigurationEvent]:
    """Those that fit, newest first."""
    rows = ConfigurationEvent.objects.order_by("-seq")
    if chosen.person:
        rows = rows.filter(by_name__iexact=chosen.person)
    if chosen.subject:
        named = Q(subject_label__icontains=chosen.subject)
        rows = rows.filter(named | Q(subject_type__iexact=chosen.subject))
    if chosen.kind:
        rows = rows.filter(kind=chosen.kind)
    if chosen.since:
        rows = rows.filter(at__date__gte=chosen.since)
    if chosen.until:
        rows = rows.filter(at__date__lte=chosen.until)
    return rows.filter(seq__lt=chosen.before) if chosen.before else rows


def history_of(row: Model) -> QuerySet[ConfigurationEvent]:
    """What happened to one object, newest first."""
    rows = ConfigurationEvent.objects.filter(
        subject_type=row._meta.model_name, subject_id=str(row.pk)
    )
    return rows.order_by("-seq")
