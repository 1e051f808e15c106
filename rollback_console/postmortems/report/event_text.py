"""Each kind of event as a sentence."""

from __future__ import annotations

from rollback_console.engine.snapshot import Snapshot
from rollback_console.rollbacks.models import Event

IMPORTANT = frozenset(
    {
        "rollback.requested",
        "approval.given",
        "approval.rejected",
        "break_glass.used",
        "break_glass.reviewed",
        "rollback.approved",
        "rollback.started",
        "step.lost",
        "host.excluded",
        "step.skipped",
        "abort.requested",
        "rollback.verifying",
        "rollback.finished",
        "note.added",
        "data.measured",
        "incident.imported",
    }
)

_SENTENCES = {
    "rollback.requested": "Rollback requested: {reason}",
    "rollback.withdrawn": "Request withdrawn. {reason}",
    "rollback.renewed": "Frozen anew; earlier approvals are void.",
    "rollback.expired": "Expired while {state}.",
    "rollback.approved": "Enough approvals: approved.",
    "rollback.started": "Rollback started.",
    "rollback.resumed": "Going on.",
    "rollback.redirected": "Resumed from step {position}: {reason}",
    "rollback.verifying": "Every step is done; checks began.",
    "rollback.finished": "Rollback ended: {state}.",
    "approval.given": "Approved as {role}{for_whom}. {note}",
    "approval.rejected": "Rejected as {role}{for_whom}: {note}",
    "approval.escalated": "Nobody decided in time: rung {rung} is asked as well ({people}).",
    "approval.reminded": "Reminded, {minutes_left} minutes before the end: {people}.",
    "approval.nudged": "Nudged {people}.",
    "approval.asked": "Asked: {text}",
    "approval.answered": "Answered: {text}",
    "break_glass.used": "Broke glass: started with {given} of {quorum} approvals. {reason}",
    "break_glass.refused": "Tried to break glass and was refused: {why}",
    "break_glass.reviewed": "Reviewed the start without approval: {finding}",
    "approval.refused": "An approval was refused: {why}",
    "start.asked": "Asked to start.",
    "start.refused": "Could not start: {why}",
    "snapshot.changed": "Alarm: {why}",
    "step.launched": "{step}: launching.",
    "step.started": "{step}: started.",
    "step.finished": "{step}: {state}. {why}",
    "step.lost": "{step}: lost. {why}",
    "step.withdrawn": "{step}: the host was never reached; nothing was started.",
    "step.skipped": "{step}: skipped{on_hosts}. {reason}",
    "step.undone": "{step}: asked for, to undo what failed. {reason}",
    "step.retried": "{step}: attempt {attempt}. {reason}",
    "host.unreachable": "{step}: the host does not answer. {why}",
    "host.excluded": "{host} was left out of what was to come. {reason}",
    "host.back": "{step}: the host answers again.",
    "gate.opened": "{step}: waiting for a person to let it go on.",
    "gate.answered": "{step}: let through. {note}",
    "question.asked": "{step}: a person is asked ({question}).",
    "question.answered": "{step}: {answer}. {note}",
    "check.answered": "Check “{text}”: {answer}. {note}",
    "message.sent": "Message to {recipients}: {text}",
    "note.added": "{text}",
    "readiness.lost": "It would not work any more: {why}",
    "readiness.regained": "The hosts say that it would work again.",
    "logs.retired": "The logs left the database{kept_in}; their checksums stay on record.",
    "pause.requested": "Paused: {reason}",
    "pause.lifted": "Pause lifted. {reason}",
    "abort.requested": "Abort asked for: {reason}",
    "abort.proven": "{step}: {why}",
    "check.observed": "Looked at “{text}”: {evidence}",
    "data.measured": "Counted what this costs: {rows} {what}",
    "data.unmeasured": "Could not count what this costs: {why}",
    "dump.taken": "Kept the database on {host}: {path}, {size} bytes, SHA-256 {sha256}",
    "incident.imported": "Loaded from a file with {events} events; it did not run here.",
    "version.unpinned": "Version {version} may be deployed again: {reason}",
    "version.pinned": "Version {version} must not be deployed: {reason}",
}


class _Facts(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return ""


def tell(event: Event, snapshot: Snapshot) -> str:
    """The event as one line of text; an unknown kind is shown as its name."""
    pattern = _SENTENCES.get(event.kind, event.kind)
    facts = _Facts({**event.facts, "step": _step(event, snapshot), **_people(event)})
    return " ".join(pattern.format_map(facts).split()).replace("not_applicable", "not applicable")


def _people(event: Event) -> dict[str, str]:
    listed, whose = event.facts.get("to"), event.facts.get("on_behalf_of")
    listed = listed if isinstance(listed, list) else []
    names = [str(each["name"]) for each in listed if isinstance(each, dict) and "name" in each]
    return {
        "people": ", ".join(names),
        "for_whom": f" for {whose}" if whose else "",
        "on_hosts": _on_hosts(event.facts.get("hosts")),
        "kept_in": _kept_in(event.facts.get("archive")),
    }


def _kept_in(archive: object) -> str:
    name = archive.get("file") if isinstance(archive, dict) else ""
    return f" for the archive {name}" if name else ""


def _on_hosts(hosts: object) -> str:
    return f" on {', '.join(map(str, hosts))}" if isinstance(hosts, list) and hosts else ""


def _step(event: Event, snapshot: Snapshot) -> str:
    position = event.facts.get("position") or 0
    if not 1 <= position <= len(snapshot.steps):
        return "Checks" if event.facts.get("question") == "checks" else "Rollback"
    host = f" on {event.facts['host']}" if event.facts.get("host") else ""
    return f"Step {position}, {snapshot.step(position).title}{host}"
