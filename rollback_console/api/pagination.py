"""Cursor pages: an opaque word that says where the next page begins."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from typing import Annotated, TypeVar

from ninja import Query
from pydantic import Field

from .errors.problems import Problem

T = TypeVar("T")

Cursor = Annotated[str, Query(max_length=400, description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=100, description="how many at most")]
Next = Annotated[str | None, Field(description="pass it as `cursor`; null on the last page")]


def cut(rows: Iterable[T], limit: int, place: Callable[[T], object]) -> tuple[list[T], str | None]:
    """One page of `rows`, which hold one more than `limit` when there is a next page."""
    all_rows = list(rows)
    page = all_rows[:limit]
    return page, _pack(str(place(page[-1]))) if len(all_rows) > limit else None


def after(cursor: str) -> str:
    """The place that a cursor stands for, "" for the first page. Raises Problem."""
    try:
        return base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
    except ValueError as error:
        raise _unknown() from error


def after_number(cursor: str) -> int | None:
    """The place as a number, None for the first page. Raises Problem."""
    place = after(cursor)
    if place and not (place.isascii() and place.isdigit() and len(place) < 19):
        raise _unknown()
    return int(place) if place else None


def _pack(place: str) -> str:
    return base64.urlsafe_b64encode(place.encode()).decode("ascii")


def _unknown() -> Problem:
    return Problem(
        "invalid",
        "This cursor was not made here. Use `next` of the page before, unchanged.",
        errors=[{"pointer": "#/query/cursor", "detail": "not a cursor"}],
    )
