"""Every kind of event as the sentence that pages show."""

from __future__ import annotations

from typing import Any

from rollback_console.rollbacks.models import Event

_WORDS: dict[str, str] = {
    "rollback.requested": "asked for this rollback: {reason}",
    "approval.given": "approved as {role}{for_whom}",
    "approval.rejected": "rejected as {role}{for_whom}: {note}",
    "approval.escalated": "Nobody decided in time: rung {rung} is asked as well, {people}",
    "approval.reminded": "Reminded that {minutes_left} min are left: {people}",
    "approval.nudged": "nudged {people}",
    "approval.asked": "asked: {text}",
    "approval.answered": "answered: {text}",
    "break_glass.used": "broke glass: started with {given} of {quorum} approvals. {reason}",
    "break_glass.refused": "tried to break glass and was refused: {why}",
    "break_glass.reviewed": "reviewed the start without approval: {finding}",
    "approval.refused": "tried to approve and was refused: {why}",
    "rollback.withdrawn": "withdrew the request",
    "rollback.expired": "The time to decide or to start ran out",
    "rollback.approved": "Enough people approved",
    "start.asked": "asked to start it",
    "start.refused": "The start was refused: {why}",
    "snapshot.changed": "Alarm: {why}",
    "rollback.started": "Started",
    "step.started": "Step {position} started on {host}",
    "step.finished": "Step {position} on {host} {state}",
    "host.excluded": "left {host} out of what is to come: {reason}",
    "step.skipped": "skipped step {position}{on_hosts}: {reason}",
    "step.retried": "tried step {position} again: {reason}",
    "step.lost": "Step {position} on {host} is lost: nobody can tell how it ended",
    "host.unreachable": "{host} does not answer: {why}",
    "host.back": "{host} answers again",
    "gate.opened": "Step {position} waits for a go",
    "gate.answered": "let step {position} go on",
    "question.asked": "A person is asked about step {position}: {question}",
    "question.answered": "answered “{answer}” about step {position}: {note}",
    "check.observed": "Looked at “{text}”: {evidence}",
    "check.answered": "answered “{answer}” to “{text}”",
    "message.sent": "sent a message: {text}",
    "note.added": "noted: {text}",
    "pause.requested": "paused it: {reason}",
    "pause.lifted": "lifted the pause",
    "abort.requested": "asked to abort: {reason}",
    "abort.proven": "Aborting step {position} on {host}: {ending_said}",
    "rollback.renewed": "froze it anew; earlier approvals are void",
    "rollback.resumed": "Going on",
    "rollback.redirected": "resumed it from step {position}: {reason}",
    "step.launched": "Step {position} is being launched on {host}",
    "step.withdrawn": "Step {position} never started: {host} was not reached",
    "rollback.verifying": "Every step is done; the checks are next",
    "rollback.finished": "Ended: {state}",
    "step.undone": "asked for step {position}, which undoes what failed: {reason}",
    "logs.retired": "Its logs left the database{kept_in}; their checksums stay on record",
    "incident.imported": "loaded this from a file; it did not run here",
    "data.measured": "Counted what this costs: {rows} {what}",
    "dump.taken": "Kept the database on {host}: {path}, {size} bytes, SHA-256 {sha256}",
    "data.unmeasured": "Could not count what this costs: {why}",
    "readiness.lost": "It would not work any more: {why}",
    "readiness.regained": "The hosts say that it would work again",
    "version.unpinned": "let version {version} be deployed again: {reason}",
    "version.pinned": "pinned version {version}: {reason}",
}
QUESTIONS: dict[str, str] = {
    "gate": "step {position} waits for somebody to say go",
    "canary": "step {position} ended on its first host: look, then say go for the others",
    "manual": "step {position} is done by a person, who says how it went",
    "failed": "step {position} failed: retry, skip or abort",
    "lost": "nobody can tell how step {position} ended: look at the host",
    "unreachable": "a host of step {position} does not answer",
    "paused": "paused before step {position}",
    "overtime": "the time for the whole rollback has passed: allow more, or abort",
    "checks": "the checks wait for answers",
    "abort_unconfirmed": "something may still run after the abort: look at the host",
}
"""What a rollback waits for, by the kind of question, to stand within a sentence."""

ENDINGS = {
    "aborted": "stopped, and verified gone",
    "never_started": "it never started there",
    "finished": "it had ended by itself",
    "timed_out": "it had been ended by its time limit",
    "lost": "nobody can tell: look at the host",
    "abort_unconfirmed": "something is still there",
}
"""What an abort found on a host, by how the run ended."""

FEW = 3

KINDS = tuple(sorted(_WORDS))


class _Facts(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "nobody" if key == "host" else ""


def sentence(event: Event) -> str:
    """What happened, to follow the name of who did it; the bare kind when it is unknown."""
    text = (
        _asked(event)
        or _allowed(event)
        or _alone(event)
        or _WORDS.get(event.kind, _plain(event.kind))
    )
    facts = {key: value for key, value in event.facts.items() if value not in (None, "")}
    facts |= said_of_people(event.facts) | _said_of_states(event.facts)
    facts["kept_in"] = kept_in(event.facts)
    return text.format_map(_Facts(facts)).rstrip(": ")


def said_of_people(facts: dict[str, Any]) -> dict[str, str]:
    """`people` an event concerns, and `for_whom` somebody acted, ready for a sentence."""
    listed = facts.get("to")
    listed = listed if isinstance(listed, list) else []
    names = [str(each["name"]) for each in listed if isinstance(each, dict) and "name" in each]
    whose = facts.get("on_behalf_of")
    return {
        "people": ", ".join(names),
        "for_whom": f" for {whose}" if whose else "",
        "on_hosts": on_hosts(facts),
    }


def on_hosts(facts: dict[str, Any]) -> str:
    """Such as ` on app-1, app-2` or ` on 50 hosts`; "" where no hosts are named."""
    hosts = facts.get("hosts") or []
    if not isinstance(hosts, list) or not hosts:
        return ""
    return f" on {', '.join(map(str, hosts))}" if len(hosts) <= FEW else f" on {len(hosts)} hosts"


def kept_in(facts: dict[str, Any]) -> str:
    """Such as ` for the archive rollback-7.tar.gz`; "" where logs went for good."""
    archive = facts.get("archive")
    name = archive.get("file") if isinstance(archive, dict) else ""
    return f" for the archive {name}" if name else ""


def _said_of_states(facts: dict[str, Any]) -> dict[str, str]:
    ending, state = str(facts.get("ending", "")), str(facts.get("state", ""))
    return {"ending_said": ENDINGS.get(ending, ending), "state": state.replace("_", " ")}


def _asked(event: Event) -> str:
    text = QUESTIONS.get(event.facts.get("question", "")) if event.kind == "question.asked" else ""
    return text[0].upper() + text[1:] if text else ""


def _allowed(event: Event) -> str:
    over = event.kind == "question.answered" and event.facts.get("question") == "overtime"
    return "allowed more time: {note}" if over else ""


def _alone(event: Event) -> str:
    """What nobody did on a host, and what no person answered."""
    if event.kind == "check.answered" and event.by_id is None:
        return "“{text}” answered itself: {answer}"
    if event.facts.get("host") or event.kind not in {"step.started", "step.finished"}:
        return ""
    started = event.kind == "step.started"
    return "Step {position} is a person's to do" if started else "Step {position} {state}"


def _plain(kind: str) -> str:
    return kind.replace(".", " ").replace("_", " ")
