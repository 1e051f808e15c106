"""What pages show of the record of the configuration, and what a form carries of its row."""

from __future__ import annotations

from django.db.models import Model
from django.template import Library

from rollback_console.audit.models import ConfigurationEvent
from rollback_console.audit.queries import history_of
from rollback_console.audit.stale_edit import draw_version
from rollback_console.audit.wording import changed_fields, plain_facts, sentence_of

register = Library()
LATEST = 10
"""Events on an object's own page; the rest is a link away."""


@register.filter
def drawn_from(row: Model) -> str:
    """The value of a form's hidden field of that name."""
    return draw_version(row)


@register.filter
def configuration_sentence(event: ConfigurationEvent) -> str:
    """What happened."""
    return sentence_of(event)


@register.filter
def configuration_changes(event: ConfigurationEvent) -> list[tuple[str, str, str]]:
    """Field, old and new value."""
    return changed_fields(event)


@register.filter
def configuration_facts(event: ConfigurationEvent) -> list[tuple[str, str]]:
    """Name and value of what else is on record."""
    return plain_facts(event)


@register.simple_tag
def history(row: Model) -> list[ConfigurationEvent]:
    """The latest that happened to a row."""
    return list(history_of(row)[:LATEST])
