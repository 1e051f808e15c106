"""`drawn_from`: what a form of one row carries of it."""

from __future__ import annotations

from django.db.models import Model
from django.template import Library

from rollback_console.audit.stale_edit import draw_version

register = Library()


@register.filter
def drawn_from(row: Model) -> str:
    """The value of a form's hidden field of that name."""
    return draw_version(row)
