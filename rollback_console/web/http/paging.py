"""Long lists: narrowed by words, ordered by a column, one page at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest

M = TypeVar("M", bound=Model)

PAGE = 50


def search(rows: QuerySet[M], text: str, *names: str) -> QuerySet[M]:
    """Rows in which each word stands in one of these columns, in whatever case."""
    # MariaDB compares byte by byte here, so both sides are made small.
    lowered = {f"search_{number}": Lower(name) for number, name in enumerate(names)}
    for word in text.lower().split()[:10]:
        rows = rows.alias(**lowered)
        matches = Q()
        for name in lowered:
            matches |= Q(**{f"{name}__contains": word})
        rows = rows.filter(matches)
    return rows


def list_page(
    request: HttpRequest, rows: QuerySet[M], orders: Mapping[str, tuple[str, ...]]
) -> dict[str, Any]:
    """What parts/pager.html draws: `rows` of one page, and the query without its number.

    `orders` maps what `sort` may say to columns; the first one holds where it says nothing.
    """
    default = next(iter(orders))
    sort = request.GET.get("sort", default)
    chosen = orders.get(sort, orders[default])
    pages = Paginator(rows.order_by(*chosen), PAGE)
    query = request.GET.copy()
    query.pop("page", None)
    return {
        "rows": pages.get_page(request.GET.get("page")),
        "sort": sort if sort in orders else default,
        "orders": list(orders),
        "query": query.urlencode(),
        "is_narrowed": any(value for name, value in query.items() if name != "sort"),
    }
