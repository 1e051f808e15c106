"""A postmortem as Markdown, in the plan's own section names, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .draft import Draft, clock, draft
from .models import Postmortem

_WRITTEN = [
    ("Impact", "impact"),
    ("What Went Wrong", "what_went_wrong"),
    ("How to Prevent", "how_to_prevent"),
    ("Additional Testing", "additional_testing"),
]


def as_markdown(postmortem: Postmortem) -> str:
    """The whole postmortem as one Markdown document."""
    return "\n".join(_lines(postmortem, draft(postmortem.rollback))) + "\n"


def as_json(postmortem: Postmortem) -> dict[str, Any]:
    """The whole postmortem as JSON values; durations in seconds, times in ISO 8601 UTC."""
    told = draft(postmortem.rollback)
    return {
        "rollback": postmortem.rollback_id,
        "state": postmortem.state,
        "outcome": postmortem.rollback.state,
        "summary": told.summary,
        "snapshot_sha256": postmortem.rollback.snapshot_sha256,
        "times": {
            name: _seconds(getattr(told.times, name))
            for name in ("to_decide", "to_start", "to_run", "to_verify", "in_all")
        },
        "timeline": [
            {
                "seq": each.seq,
                "at": each.at.isoformat(),
                "kind": each.kind,
                "by": each.by or None,
                "text": each.text,
                "important": each.important,
            }
            for each in told.timeline
        ],
        "steps": [
            {
                "position": each.position,
                "title": each.title,
                "attempts": each.attempts,
                "outcome": each.outcome,
                "took": _seconds(each.took),
            }
            for each in told.steps
        ],
        "checks": [
            {"text": text, "answer": answer, "note": note} for text, answer, note in told.checks
        ],
        "written": {field: getattr(postmortem, field) for _, field in _WRITTEN},
        "action_items": [
            {
                "text": item.text,
                "kind": item.kind,
                "owner": str(item.owner or "") or None,
                "due": item.due.isoformat() if item.due else None,
                "done": bool(item.done_at),
            }
            for item in postmortem.action_items.select_related("owner")
        ],
    }


def _lines(postmortem: Postmortem, told: Draft) -> Iterator[str]:
    rollback = postmortem.rollback
    yield f"# Postmortem: {rollback.title}"
    yield f"\n**Environment**: {rollback.environment}"
    yield f"**Rollback**: {rollback.pk}, {rollback.state}"
    yield f"**State**: {postmortem.get_state_display()}"
    yield f"\n## Summary\n\n{told.summary}"
    yield "\n## Rollback Time\n"
    for name, label in _TIMES:
        yield f"- {label}: {clock(getattr(told.times, name))}"
    yield "\n## Rollback Steps\n\n| # | Step | Outcome | Attempts | Took |\n|---|---|---|---|---|"
    for step in told.steps:
        title = step.title.replace("|", "\\|")
        cells = [step.position, title, step.outcome, step.attempts, clock(step.took)]
        yield f"| {' | '.join(map(str, cells))} |"
    yield from _section("Rollback Decision", [_moment(each) for each in told.decisions])
    yield from _section("Deviations from the Plan", [_moment(each) for each in told.deviations])
    yield from _section("Rollback Verification", [_check(*check) for check in told.checks])
    yield from _section("Timeline", [_moment(each) for each in told.timeline])
    for heading, field in _WRITTEN:
        yield f"\n## {heading}\n\n{getattr(postmortem, field) or '_Not written yet._'}"
    yield from _section("Post-rollback Actions", _items(postmortem))


_TIMES = [
    ("to_decide", "Request to approval"),
    ("to_start", "Approval to start"),
    ("to_run", "Steps"),
    ("to_verify", "Checks"),
    ("in_all", "In all"),
]


def _section(heading: str, lines: list[str]) -> Iterator[str]:
    yield f"\n## {heading}\n"
    yield from lines or ["None."]


def _moment(each: Any) -> str:
    who = f" ({each.by})" if each.by else ""
    return f"- {each.at:%Y-%m-%d %H:%M:%S} UTC{who}: {each.text}"


def _check(text: str, answer: str, note: str) -> str:
    mark = "x" if answer == "pass" else " "
    return f"- [{mark}] {text}: {answer}" + (f" ({note})" if note else "")


def _items(postmortem: Postmortem) -> list[str]:
    return [
        f"- [{'x' if item.done_at else ' '}] {item.text}"
        + (f" ({item.owner})" if item.owner else "")
        + (f", due {item.due}" if item.due else "")
        for item in postmortem.action_items.select_related("owner")
    ]


def _seconds(span: Any) -> float | None:
    return None if span is None else round(span.total_seconds(), 3)
