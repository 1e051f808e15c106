"""Trends as CSV, a line for each rollback, and as JSON."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, fields
from typing import Any

from rollback_console.common.csv_text import csv_cell

from .rows import Case, read_cases
from .statistics import Trends

MOST_OPEN = 200


def as_csv(measured: Trends) -> str:
    """RFC 4180 with a heading line; durations in seconds, times in ISO 8601 UTC.

    Text that a spreadsheet would take for a formula begins with an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    names = [field.name for field in fields(Case) if field.name != "estimate"]
    writer.writerow([*names, "estimate_low", "estimate_high", "verdict"])
    for case in read_cases(measured.chosen)[0]:
        low, high = case.estimate or ("", "")
        cells = [csv_cell(getattr(case, name)) for name in names]
        writer.writerow([*cells, low, high, case.verdict])
    return out.getvalue()


def as_json(measured: Trends) -> dict[str, Any]:
    """The whole page as JSON values; durations in seconds, times in ISO 8601 UTC."""
    return {
        "wanted": asdict(measured.chosen.filter),
        "left_out": measured.left_out,
        "phases": [asdict(each) for each in measured.drawn.phases],
        "months": [asdict(each) for each in measured.drawn.months],
        "success": [
            {**asdict(each), "rate": round(each.rate, 4)} for each in measured.drawn.success
        ],
        "slowest_steps": [asdict(each) for each in measured.drawn.slowest],
        "failing_steps": [asdict(each) for each in measured.drawn.failing],
        "rollbacks": [_case(each) for each in read_cases(measured.chosen)[0]],
        "open_action_items": [
            {
                "rollback": item.rollback_id,
                "text": item.text,
                "kind": item.kind,
                "owner": item.owner.get_username() if item.owner else None,
                "due": item.due.isoformat() if item.due else None,
            }
            for item in measured.open[:MOST_OPEN]
        ],
    }


def _case(case: Case) -> dict[str, Any]:
    return {
        **asdict(case),
        "requested_at": case.requested_at.isoformat(timespec="milliseconds"),
        "verdict": case.verdict or None,
    }
