"""Cells of a CSV file that no spreadsheet takes for a formula."""

from __future__ import annotations

from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_cell(value: Any) -> Any:
    """Empty for None, times in ISO 8601; an apostrophe before what looks like a formula."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    return value.isoformat(timespec="milliseconds") if hasattr(value, "isoformat") else value
