"""Every kind of event, declared once: its sentence, severity, topic and part in a postmortem.

Pages, messages, the postmortem, CSV, the API and the terminal read it from here; `record`
refuses a kind that has no entry. Imports nothing of Django.

A sentence that begins with a small letter follows the name of who acted. Besides the facts of
the event it may use what wording.py prepares, such as {step} and {on_host}.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# Kinds that several modules name. `to` lists whom an event concerns, as {"person": id of the
# user, "name", "role"}, each person once; moments are ISO 8601 in UTC. rollback.requested and
# rollback.renewed carry `rung` and `to` as well.
APPROVAL_ESCALATED = "approval.escalated"
"""Nobody decided in time, so more are asked: from_rung, rung, to, next_at ("" for never)."""
APPROVAL_REMINDED = "approval.reminded"
"""A request expires soon, undecided: expires_at, minutes_left, rung, to."""
APPROVAL_NUDGED = "approval.nudged"
"""A person asks those who decide once more: rung, to."""
APPROVAL_ASKED = "approval.asked"
"""A question about a request: text, to (who asked for it)."""
APPROVAL_ANSWERED = "approval.answered"
"""The answer to one: question (seq of the event), text, to (who put it)."""
BREAK_GLASS_USED = "break_glass.used"
"""Started without the approvals it needed: reason, snapshot, given, quorum, to (all owners)."""
BREAK_GLASS_REFUSED = "break_glass.refused"
"""Somebody tried to, and was refused: why."""
BREAK_GLASS_REVIEWED = "break_glass.reviewed"
"""Somebody else looked at it and closed the review: finding, to (who used it, who asked)."""


class EventSeverity(StrEnum):
    """How much a kind of event matters: what a postmortem stresses and how it is logged."""

    DETAIL = "detail"
    IMPORTANT = "important"
    ALARM = "alarm"


class PostmortemRole(StrEnum):
    """The part that a kind of event plays in a postmortem, beside the timeline."""

    DECISION = "decision"
    DEVIATION = "deviation"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event.

    `unattended` replaces the sentence where nobody acted, `hostless` where no host is named.
    `topic` is what a target subscribes to ("" for none), `opening` how its message begins.
    """

    sentence: str
    severity: EventSeverity = EventSeverity.DETAIL
    topic: str = ""
    opening: str = ""
    roles: frozenset[PostmortemRole] = frozenset()
    unattended: str = ""
    hostless: str = ""

    def __post_init__(self) -> None:
        if not self.sentence or bool(self.topic) != bool(self.opening):
            raise ValueError("A kind of event needs a sentence, and an opening for its topic.")


_DETAIL, _IMPORTANT, _ALARM = EventSeverity
_DECIDES = frozenset({PostmortemRole.DECISION})
_DEVIATES = frozenset({PostmortemRole.DEVIATION})

KINDS: dict[str, Kind] = {
    "rollback.requested": Kind(
        "requested this rollback: {reason}", _IMPORTANT, "decide", "Approval needed"
    ),
    "rollback.renewed": Kind(
        "refreshed the request; earlier approvals were discarded",
        topic="decide",
        opening="Approval needed again",
    ),
    "rollback.approved": Kind("Approved (quorum reached)", _IMPORTANT, "decided", "Approved"),
    "rollback.withdrawn": Kind(
        "withdrew the request: {reason}", topic="decided", opening="Withdrawn"
    ),
    "rollback.expired": Kind(
        "Expired while it was {state}",
        topic="decided",
        opening="Expired",
    ),
    "rollback.started": Kind("Started", _IMPORTANT, "started", "Started"),
    "rollback.resumed": Kind("Resumed"),
    "rollback.redirected": Kind("resumed it from step {step}: {reason}", roles=_DEVIATES),
    "rollback.verifying": Kind("All steps done; checks are next", _IMPORTANT),
    "rollback.finished": Kind("Ended: {state}", _IMPORTANT, "finished", "Ended"),
    "approval.given": Kind("approved as {role}{for_whom}: {note}", _IMPORTANT, roles=_DECIDES),
    "approval.rejected": Kind(
        "rejected as {role}{for_whom}: {note}", _IMPORTANT, "decided", "Rejected", roles=_DECIDES
    ),
    "approval.refused": Kind("tried to approve and was refused: {why}", roles=_DECIDES),
    APPROVAL_ESCALATED: Kind(
        "No decision yet – escalated to level {rung}: {people}",
        topic="decide",
        opening="Approval needed, escalated",
    ),
    APPROVAL_REMINDED: Kind(
        "Reminder, {minutes_left} min left: {people}",
        topic="decide",
        opening="Approval still needed",
    ),
    APPROVAL_NUDGED: Kind("reminded {people}", topic="decide", opening="Approval needed, reminder"),
    APPROVAL_ASKED: Kind("asked: {text}", topic="asked", opening="A question before the decision"),
    APPROVAL_ANSWERED: Kind(
        "answered: {text}", topic="asked", opening="An answer before the decision"
    ),
    BREAK_GLASS_USED: Kind(
        "used emergency start with {given} of {quorum} approvals: {reason}",
        _ALARM,
        "break_glass",
        "Break-glass",
        roles=_DECIDES | _DEVIATES,
    ),
    BREAK_GLASS_REFUSED: Kind(
        "was refused an emergency start: {why}",
        topic="break_glass",
        opening="Break-glass",
        roles=_DECIDES,
    ),
    BREAK_GLASS_REVIEWED: Kind(
        "reviewed the start without approval: {finding}",
        _IMPORTANT,
        "break_glass",
        "Break-glass",
        roles=_DECIDES,
    ),
    "start.asked": Kind("requested the start"),
    "start.refused": Kind(
        "The start was refused: {why}",
        topic="started",
        opening="Could not start",
        roles=_DEVIATES,
    ),
    "snapshot.changed": Kind(
        "Alarm: {why}",
        _ALARM,
        "asked",
        "Alarm: what was approved was changed",
        roles=_DEVIATES,
    ),
    "step.launched": Kind("Step {step} is being launched{on_host}"),
    "step.started": Kind("Step {step} started{on_host}", hostless="Manual step {step} is waiting"),
    "runner.replaced": Kind("The Python runner of {host} {why}; the shell runner takes its place"),
    "step.finished": Kind("Step {step}{on_host} {state}{exit}: {why}"),
    "step.lost": Kind(
        "Step {step}{on_host} lost, outcome unknown: {why}",
        _ALARM,
        roles=_DEVIATES,
    ),
    "step.withdrawn": Kind("Step {step} never started{on_host}: the host was not reached"),
    "step.skipped": Kind(
        "skipped step {step}{on_hosts}: {reason}",
        _IMPORTANT,
        roles=_DEVIATES,
        unattended="Step {step}{on_hosts} was skipped: {reason}",
    ),
    "step.retried": Kind(
        "retried step {step}{on_host}, attempt {attempt}: {reason}",
        roles=_DEVIATES,
        unattended="Step {step}{on_host} is retried, attempt {attempt}: {reason}",
    ),
    "step.undone": Kind("requested undo step {step}{on_hosts}: {reason}", roles=_DEVIATES),
    "deviation.proposed": Kind(
        "requested to {deviation}, which needs a second person: {reason}",
        _IMPORTANT,
        "asked",
        "A second person is needed",
        roles=_DEVIATES,
    ),
    "deviation.confirmed": Kind(
        "confirmed the request of {name} to {deviation}: {reason}", _IMPORTANT, roles=_DEVIATES
    ),
    "host.unreachable": Kind("{host} is unreachable: {why}", roles=_DEVIATES),
    "host.back": Kind("{host} is reachable again"),
    "host.excluded": Kind(
        "excluded {host} from the remaining steps: {reason}", _IMPORTANT, roles=_DEVIATES
    ),
    "gate.opened": Kind(
        "Step {step} needs confirmation", topic="asked", opening="Waiting for confirmation"
    ),
    "gate.answered": Kind("confirmed step {step}: {note}"),
    "question.asked": Kind("{question_sentence}", topic="asked", opening="An answer is needed"),
    "question.taken": Kind("took it on{from_whom}: {question_sentence}"),
    "question.answered": Kind("{answer_sentence}: {note}"),
    "check.observed": Kind("Checked “{text}”: {evidence}"),
    "check.answered": Kind(
        "answered “{answer}” to “{text}”: {note}",
        unattended="“{text}” answered automatically, {answer}: {note}",
    ),
    "pause.requested": Kind("paused it: {reason}", roles=_DEVIATES),
    "pause.lifted": Kind("resumed it: {reason}"),
    "abort.requested": Kind(
        "requested an abort: {reason}",
        _IMPORTANT,
        roles=_DEVIATES,
        unattended="Abort started: {reason}",
    ),
    "abort.proven": Kind("Aborting step {step}{on_host}: {ending_sentence}"),
    "message.sent": Kind("recorded an update{to_whom}: {text}", topic="message", opening="Update"),
    "status_link.shared": Kind("shared a public status page with {label}", _IMPORTANT),
    "status_link.revoked": Kind("closed the public status page for {label}", _IMPORTANT),
    "cadence.set": Kind("promised an update every {minutes} min"),
    "note.added": Kind("noted{seen}: {text}", _IMPORTANT),
    "logs.retired": Kind("Logs removed from the database{kept_in}; their checksums are kept"),
    "text.redacted": Kind("masked text in its logs and events: {reason}", _IMPORTANT),
    "incident.imported": Kind(
        "imported this from a file with {events} events; it did not run here", _IMPORTANT
    ),
    "data.measured": Kind("Data loss measured: {rows} {what}", _IMPORTANT),
    "data.remaining": Kind("Measured after the end: {rows} {what}", _IMPORTANT),
    "data.unmeasured": Kind("Data loss could not be measured: {why}"),
    "dump.refused": Kind(
        "Step {step}{on_host} named a different file than its backup file, so no backup is "
        "recorded: {path}",
        _ALARM,
        roles=_DEVIATES,
    ),
    "dump.taken": Kind("Backup taken on {host}: {path}, {size} bytes, SHA-256 {sha256}"),
    "readiness.lost": Kind(
        "Preflight checks fail now: {why}",
        topic="readiness",
        opening="Preflight checks fail",
    ),
    "readiness.regained": Kind(
        "Preflight checks pass again",
        topic="readiness",
        opening="Preflight checks pass again",
    ),
    "version.pinned": Kind("pinned version {version}: {reason}"),
    "version.unpinned": Kind("unpinned version {version}: {reason}"),
}
"""By name, in the order in which things happen."""

OPEN_TO_READERS = frozenset({"note.added", APPROVAL_ASKED, APPROVAL_ANSWERED})
"""What anybody who may look can add, so that no list of what decides may be drowned in it."""


def kinds_with(role: PostmortemRole) -> frozenset[str]:
    """The kinds that play that part in a postmortem."""
    return frozenset(name for name, kind in KINDS.items() if role in kind.roles)
