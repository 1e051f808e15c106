"""A postmortem as Markdown, in the plan's own section names, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rollback_console.common.durations import duration
from rollback_console.documents.shell.hidden_characters import show_hidden_in_output
from rollback_console.documents.vocabulary.section_names import SectionKind
from rollback_console.plans.document_cache import document

from ..checklist import Entry, entries
from ..models import Postmortem
from . import section_headings
from .draft import Draft, draft
from .phases import MeasuredLoss, StepMeasure

_UNKNOWN = "–"
_WRITTEN = [
    ("Impact", "impact"),
    ("Contributing Factors", "contributing_factors"),
    ("What Went Wrong", "what_went_wrong"),
    ("How to Prevent", "how_to_prevent"),
    ("Additional Testing", "additional_testing"),
]
_TIMES = [
    ("to_decide", "Request to first decision"),
    ("to_approve", "Request to approval"),
    ("to_start", "Approval to start"),
    ("to_run", "Steps"),
    ("to_verify", "Checks"),
    ("in_all", "In all"),
]


def as_markdown(postmortem: Postmortem) -> str:
    """The whole postmortem as one Markdown document."""
    return show_hidden_in_output("\n".join(_lines(postmortem, draft(postmortem.rollback)))) + "\n"


def as_json(postmortem: Postmortem) -> dict[str, Any]:
    """The whole postmortem as JSON values; durations in seconds, times in ISO 8601 UTC."""
    report_draft = draft(postmortem.rollback)
    rollback = postmortem.rollback
    began, checklist = postmortem.began_at, entries(rollback)
    return {
        "rollback": rollback.pk,
        "state": postmortem.state,
        "version": postmortem.version,
        "outcome": rollback.state,
        "summary": report_draft.summary,
        "snapshot_sha256": rollback.snapshot_sha256,
        "began_at": began.isoformat() if began else None,
        "times": {name: _seconds(getattr(report_draft.times, name)) for name, _ in _TIMES},
        "recovery": report_draft.recovery
        and {
            "seconds": _seconds(report_draft.recovery.took),
            "counted_from": "failure" if report_draft.recovery.known else "request",
        },
        "data_lost": [{"what": each.what, "rows": each.rows} for each in report_draft.losses]
        or None,
        "timeline": [_moment_json(each) for each in report_draft.timeline],
        "deviations": [_moment_json(each) for each in report_draft.deviations],
        "steps": [_step_json(each) for each in report_draft.steps],
        "checks": [
            {"text": text, "answer": answer, "note": note}
            for text, answer, note in report_draft.checks
        ],
        "messages": [
            {
                "at": each.at.isoformat(),
                "by": each.by.get_username() if each.by else None,
                "recipients": each.recipients,
                "text": each.text,
            }
            for each in report_draft.messages
        ],
        "written": {field: getattr(postmortem, field) for _, field in _WRITTEN},
        "action_items": [_item_json(each) for each in checklist if _is_action(each)],
        "checklist": [_item_json(each) for each in checklist],
        "comments": [
            {"at": each.at.isoformat(), "by": each.by.get_username(), "text": each.text}
            for each in postmortem.comments.select_related("by")
        ],
    }


def _lines(postmortem: Postmortem, report_draft: Draft) -> Iterator[str]:
    rollback, source = postmortem.rollback, document(postmortem.rollback.revision).source

    def own(part: SectionKind, otherwise: str) -> str:
        return section_headings.title_of(source, part, otherwise)

    yield f"# Postmortem: {rollback.title}"
    yield f"\n**Environment**: {rollback.environment}"
    yield f"**Rollback**: {rollback.pk}, {rollback.state}"
    yield f"**State**: {postmortem.get_state_display()}"
    yield f"\n## Summary\n\n{report_draft.summary}"
    yield from _section(own(SectionKind.TIME, "Rollback Time"), _times(report_draft))
    yield from _section(own(SectionKind.STEPS, "Rollback Steps"), _table(report_draft.steps))
    yield from _section(
        own(SectionKind.DECISION, "Rollback Decision"), map(_moment, report_draft.decisions)
    )
    yield from _section("Deviations from the Plan", map(_moment, report_draft.deviations))
    yield from _section(
        own(SectionKind.VERIFICATION, "Rollback Verification"),
        (_check(*each) for each in report_draft.checks),
    )
    yield from _section(own(SectionKind.DATA, "Data Loss"), _losses(report_draft))
    yield from _section(own(SectionKind.COMMUNICATION, "Communication"), _messages(report_draft))
    yield from _section("Timeline", map(_moment, report_draft.timeline))
    for heading, field in _WRITTEN:
        yield f"\n## {heading}\n\n{getattr(postmortem, field) or '_Not written yet._'}"
    left = (each for each in entries(rollback) if _is_action(each) or not each.done)
    yield from _section(own(SectionKind.AFTER, "Post-rollback Actions"), map(_item, left))


def _section(heading: str, lines: Any) -> Iterator[str]:
    yield f"\n## {heading}\n"
    yield from list(lines) or ["None."]


def _times(report_draft: Draft) -> Iterator[str]:
    for name, label in _TIMES:
        yield f"- {label}: {duration(getattr(report_draft.times, name), _UNKNOWN)}"
    if report_draft.recovery:
        since = "" if report_draft.recovery.known else ", counted from the request"
        yield f"- Failed deployment recovery: {duration(report_draft.recovery.took)}{since}"


def _table(steps: tuple[StepMeasure, ...]) -> Iterator[str]:
    yield "| # | Step | Outcome | Attempts | Planned | Took |\n|---|---|---|---|---|---|"
    for step in steps:
        title = step.title.replace("|", "\\|")
        low, high = step.planned or (None, None)
        planned = duration(low, _UNKNOWN)
        planned += "" if low == high else f" to {duration(high)}"
        took = duration(step.took, _UNKNOWN)
        cells = [step.number, title, step.outcome, step.attempts, planned, took]
        yield f"| {' | '.join(map(str, cells))} |"


def _losses(report_draft: Draft) -> list[str]:
    return [_loss(each) for each in report_draft.losses] or ["Not measured."]


def _loss(loss: MeasuredLoss) -> str:
    rows = "not measured after the end" if loss.rows is None else f"{loss.rows:,}"
    return f"- {loss.what}: {rows}"


def _messages(report_draft: Draft) -> Iterator[str]:
    for each in report_draft.messages:
        who = each.by.get_username() if each.by else "the console"
        yield f"- {each.at:%Y-%m-%d %H:%M:%S} UTC, {who} to {each.recipients or 'nobody named'}:"
        yield "\n".join(f"  > {line}" for line in each.text.splitlines())


def _moment(each: Any) -> str:
    who = f" ({each.by})" if each.by else ""
    mark = f"**{each.text}**" if each.important else each.text
    return f"- {each.at:%Y-%m-%d %H:%M:%S} UTC{who}: {mark}"


def _check(text: str, answer: str, note: str) -> str:
    mark = "x" if answer == "pass" else " "
    return f"- [{mark}] {text}: {answer}" + (f" ({note})" if note else "")


def _item(entry: Entry) -> str:
    item = entry.item
    return (
        f"- [{'x' if entry.done else ' '}] {item.text}"
        + (f" ({item.owner})" if item.owner else "")
        + (f", due {item.due}" if item.due else "")
        + (f", shown by: {' '.join(item.evidence.split())}" if item.evidence else "")
        + (f", issue: {item.issue_url}" if item.issue_url else "")
    )


def _is_action(entry: Entry) -> bool:
    return entry.item.kind != "verification"


def _moment_json(each: Any) -> dict[str, Any]:
    return {
        "seq": each.seq,
        "at": each.at.isoformat(),
        "kind": each.kind,
        "by": each.by or None,
        "text": each.text,
        "important": each.important,
    }


def _step_json(each: StepMeasure) -> dict[str, Any]:
    return {
        "position": each.position,
        "number": each.number,
        "title": each.title,
        "attempts": each.attempts,
        "outcome": each.outcome,
        "took": _seconds(each.took),
        "planned": [_seconds(span) for span in each.planned] if each.planned else None,
    }


def _item_json(entry: Entry) -> dict[str, Any]:
    item = entry.item
    return {
        "key": item.key,
        "text": item.text,
        "kind": item.kind,
        "owner": str(item.owner or "") or None,
        "due": item.due.isoformat() if item.due else None,
        "done": entry.done,
        "done_by": str(item.done_by or "") or None,
        "evidence": item.evidence,
        "issue_url": item.issue_url,
    }


def _seconds(span: Any) -> float | None:
    return None if span is None else round(span.total_seconds(), 3)
