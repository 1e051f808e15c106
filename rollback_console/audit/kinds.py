"""What can be recorded about the configuration: each kind once, with its sentence and severity.

A kind is a constant here: code that names one without an entry fails when it is imported. The
sentence is for pages, exports and the log; it fills in `by`, `subject` and the event's facts.
"""

from __future__ import annotations

from dataclasses import dataclass

INFO, NOTICE, WARNING, ALARM = "info", "notice", "warning", "alarm"


@dataclass(frozen=True, slots=True)
class ConfigurationKind:
    """One kind of act: what a page says of it, and how much it matters to who watches."""

    name: str
    sentence: str
    severity: str


class UnknownKind(ValueError):
    """Somebody wants to record what has no entry here."""


KINDS: dict[str, ConfigurationKind] = {}


def kind_of(name: str) -> ConfigurationKind:
    """The entry of a kind. Raises UnknownKind."""
    if name not in KINDS:
        raise UnknownKind(f"{name} has no entry in audit/kinds.py: add its sentence and severity.")
    return KINDS[name]


def _kind(name: str, sentence: str, severity: str = NOTICE) -> str:
    if name in KINDS:
        raise UnknownKind(f"{name} has two entries in audit/kinds.py.")
    KINDS[name] = ConfigurationKind(name, sentence, severity)
    return name


CONFIGURATION_APPLIED = _kind(
    "configuration.applied", "{by} applied a configuration document: {changes} changes.", WARNING
)

SERVICE_ADDED = _kind("service.added", "{by} added the service {subject}.")

ENVIRONMENT_ADDED = _kind("environment.added", "{by} added the environment {subject}.")
ENVIRONMENT_CHANGED = _kind("environment.changed", "{by} changed the environment {subject}.")
POLICY_CHANGED = _kind(
    "policy.changed", "{by} changed the rules of approval of {subject}.", WARNING
)

DECISION_MAKER_NAMED = _kind(
    "decision_maker.named", "{by} named {person} a decision maker of {environment}.", WARNING
)
DECISION_MAKER_CHANGED = _kind(
    "decision_maker.changed", "{by} changed how {person} decides in {environment}.", WARNING
)
DECISION_MAKER_REMOVED = _kind(
    "decision_maker.removed", "{by} removed the decision maker {person} from {environment}."
)
LADDER_REPLACED = _kind(
    "ladder.replaced", "{by} replaced the decision makers of {subject}.", WARNING
)
DELEGATION_GIVEN = _kind(
    "delegation.given", "{by} lent their right to decide in {environment} to {person}.", WARNING
)
DELEGATION_REVOKED = _kind(
    "delegation.revoked", "{by} ended the delegation of {giver} to {person} in {environment}."
)

HOST_ADDED = _kind("host.added", "{by} added the host {subject}.")
HOST_CHANGED = _kind("host.changed", "{by} changed the host {subject}.", WARNING)
HOST_REMOVED = _kind("host.removed", "{by} removed the host {subject}.", WARNING)
SIGN_IN_TRIED = _kind("host.sign_in_tried", "{by} had the console sign in to {subject}.")
HOST_KEY_NOTED = _kind("host_key.noted", "{by} noted a key of {host}.", INFO)
HOST_KEY_CONFIRMED = _kind("host_key.confirmed", "{by} confirmed a key of {host}.", WARNING)
HOST_KEY_FORGOTTEN = _kind("host_key.forgotten", "{by} removed a key of {host}.", WARNING)
HOST_GROUP_ADDED = _kind("host_group.added", "{by} added the group {subject} to {environment}.")
HOST_GROUP_REMOVED = _kind(
    "host_group.removed", "{by} removed the group {subject} from {environment}."
)

CREDENTIAL_ADDED = _kind("credential.added", "{by} added the credential {subject}.", WARNING)
CREDENTIAL_CHANGED = _kind("credential.changed", "{by} changed the credential {subject}.", WARNING)
CREDENTIAL_REMOVED = _kind("credential.removed", "{by} removed the credential {subject}.", WARNING)
SECRET_SET = _kind("secret.set", "{by} set the secret {subject} of {environment}.", WARNING)
SECRET_REMOVED = _kind(
    "secret.removed", "{by} removed the secret {subject} of {environment}.", WARNING
)
KEYS_ROTATED = _kind("keys.rotated", "Stored secrets were encrypted under the first key.")

PLAN_REVISED = _kind("plan.revised", "{by} wrote revision {revision} of {subject}.", INFO)
PLAN_CONFIRMED = _kind(
    "plan.confirmed", "{by} confirmed the steps of revision {revision} of {subject}.", WARNING
)
PLAN_CONFIRMED_BY_SHAPE = _kind(
    "plan.confirmed_by_shape",
    "Revision {revision} of {subject} is confirmed as {like}, which has the same shape.",
    WARNING,
)
PLAN_TAKEN_AS_CONFIRMED = _kind(
    "plan.taken_as_confirmed",
    "Revision {revision} of {subject} counts as confirmed: rollback {rollback} was approved by it.",
    WARNING,
)
FINDING_ACKNOWLEDGED = _kind(
    "plan.finding_acknowledged",
    "{by} acknowledged a finding of revision {revision} of {subject} ({finding}): {reason}.",
    WARNING,
)
ACKNOWLEDGEMENT_WITHDRAWN = _kind(
    "plan.acknowledgement_withdrawn",
    "{by} no longer acknowledges a finding of revision {revision} of {subject} ({finding}).",
)
HOST_QUESTION_APPROVED = _kind(
    "host_question.approved", "{by} let a host be asked: {subject}.", WARNING
)
HOST_QUESTION_WITHDRAWN = _kind(
    "host_question.withdrawn", "{by} withdrew the approval of a question to a host: {subject}."
)

ISSUE_TRACKER_ADDED = _kind("issue_tracker.added", "{by} added the issue tracker {subject}.")
ISSUE_TRACKER_REMOVED = _kind("issue_tracker.removed", "{by} removed the issue tracker {subject}.")

TARGET_ADDED = _kind("target.added", "{by} added the message target {subject}.")
TARGET_CHANGED = _kind("target.changed", "{by} changed the message target {subject}.")
TARGET_REMOVED = _kind("target.removed", "{by} removed the message target {subject}.")
TARGET_SECRET_RENEWED = _kind(
    "target.secret_renewed", "{by} renewed the signing secret of {subject}.", WARNING
)
INTEGRATION_ADDED = _kind("integration.added", "{by} added the integration {subject}.")
INTEGRATION_CHANGED = _kind("integration.changed", "{by} changed the integration {subject}.")
INTEGRATION_REMOVED = _kind("integration.removed", "{by} removed the integration {subject}.")
INTEGRATION_SECRET_RENEWED = _kind(
    "integration.secret_renewed", "{by} renewed the secret of {subject}.", WARNING
)
PIN_ADDED = _kind("pin.added", "{by} pinned {subject}.")
PIN_LIFTED = _kind("pin.lifted", "{by} lifted the pin of {subject}.")

DEPLOYMENT_RECORDED = _kind("deployment.recorded", "{by} recorded the deployment of {subject}.")
DEPLOYMENT_FINISHED = _kind("deployment.finished", "The deployment of {subject} {outcome}.")
DEPLOYMENT_DECIDED = _kind(
    "deployment.decided", "{by} decided about {subject}: {decision}.", WARNING
)
DEPLOYMENT_DOCUMENT_ADDED = _kind(
    "deployment.document_added", "{by} added a document: {subject}, {items} items."
)
DEPLOYMENT_DOCUMENT_REMOVED = _kind(
    "deployment.document_removed", "{by} removed a document: {subject}.", WARNING
)
DEPLOYMENT_ITEM_ANSWERED = _kind("deployment.item_answered", "{by} answered {subject}: {answer}.")
DEPLOYMENT_SIGNER_NAMED = _kind(
    "deployment.signer_named", "{by} named {person} to answer {subject}.", WARNING
)
FREEZE_WINDOW_ADDED = _kind("freeze_window.added", "{by} froze deployments: {subject}.", WARNING)
FREEZE_WINDOW_ENDED = _kind("freeze_window.ended", "{by} ended a freeze: {subject}.", WARNING)
GUARD_OVERRIDDEN = _kind(
    "guard.overridden", "{by} lets {subject} be deployed all the same: {reason}.", WARNING
)
GUARD_OVERRIDE_ENDED = _kind(
    "guard.override_ended", "{by} ended the override for {subject}.", WARNING
)

TRIGGER_BOUND = _kind("trigger.bound", "{by} bound the trigger {subject}.", WARNING)
TRIGGER_CHANGED = _kind("trigger.changed", "{by} changed the trigger {subject}.", WARNING)
TRIGGER_REMOVED = _kind("trigger.removed", "{by} removed the trigger {subject}.", WARNING)
TRIGGER_FIRED = _kind("trigger.fired", "The trigger {subject} fired.", WARNING)
TRIGGER_RECOVERED = _kind("trigger.recovered", "The trigger {subject} no longer fires.")
FALSE_ALARM_MARKED = _kind(
    "false_alarm.marked", "{by} marked what the trigger {subject} fired for as a false alarm."
)

PERSON_ADDED = _kind("person.added", "{by} added the account {subject}.", WARNING)
PERSON_CHANGED = _kind("person.changed", "{by} changed the account {subject}.", WARNING)
PERSON_DEACTIVATED = _kind("person.deactivated", "{by} deactivated {subject}.", WARNING)
PERSON_ACTIVATED = _kind("person.activated", "{by} activated {subject}.", WARNING)
INVITATION_MADE = _kind("invitation.made", "{by} made an invitation link for {subject}.", WARNING)
INVITATION_REVOKED = _kind("invitation.revoked", "{by} revoked the invitation link of {subject}.")
INVITATION_ACCEPTED = _kind(
    "invitation.accepted", "{by} chose a first password behind an invitation link.", WARNING
)
ROLES_CHANGED = _kind("person.roles_changed", "{by} changed the roles of {subject}.", WARNING)
GROUP_ADDED = _kind("group.added", "{by} added the group {subject}.", WARNING)
GROUP_REMOVED = _kind("group.removed", "{by} removed the group {subject}.", WARNING)
GROUP_LIMITED = _kind("group.limited", "{by} changed where {subject} holds.", WARNING)
BREAK_GLASS_GRANTED = _kind(
    "break_glass.granted", "{by} let {subject} start rollbacks without approval.", ALARM
)
BREAK_GLASS_TAKEN = _kind(
    "break_glass.taken", "{by} took from {subject} the right to start without approval.", WARNING
)
RIGHT_PROPOSED = _kind("right.proposed", "{by} proposed a right for {subject}.", WARNING)
RIGHT_CONFIRMED = _kind("right.confirmed", "{by} confirmed a right for {subject}.", WARNING)
RIGHT_REFUSED = _kind("right.refused", "{by} refused a right for {subject}.", WARNING)
PASSWORD_CHANGED = _kind("password.changed", "{by} changed their own password.")
PASSWORD_RESET = _kind("password.reset", "{by} reset the password of {subject}.", ALARM)
PASSWORD_REHASHED = _kind(
    "password.rehashed", "The password of {subject} was hashed anew, as this version does.", INFO
)
FACTOR_ADDED = _kind("factor.added", "{by} added a second factor.")
FACTOR_REMOVED = _kind("factor.removed", "{by} removed a second factor.", WARNING)
FACTOR_RESET = _kind("factor.reset", "{by} reset the second factor of {subject}.", ALARM)
SIGNED_IN = _kind("sign_in.succeeded", "{by} signed in.", INFO)
SIGN_IN_FAILED = _kind("sign_in.failed", "Somebody failed to sign in as {subject}.", WARNING)
SIGN_IN_DELAYED = _kind("sign_in.delayed", "Sign-ins as {subject} are delayed.", WARNING)
SIGN_IN_UNLOCKED = _kind("sign_in.unlocked", "{by} let {subject} sign in again at once.")
SIGNED_OUT = _kind("sign_out", "{by} signed out.", INFO)
SESSION_ENDED = _kind("session.ended", "{by} ended a session of {subject}.")
STEP_UP_FAILED = _kind("step_up.failed", "{by} failed to prove who they are.", WARNING)
TOKEN_MADE = _kind("token.made", "{by} made the token {subject}.", WARNING)
PUSH_DEVICE_ADDED = _kind("push_device.added", "{by} receives push notifications on {subject}.")
PUSH_DEVICE_REMOVED = _kind(
    "push_device.removed", "{by} removed {subject} from push notifications."
)
TOKEN_REVOKED = _kind("token.revoked", "{by} revoked the token {subject}.")

ARCHIVE_EXPORTED = _kind("archive.exported", "{by} exported the archive of {subject}.")
INCIDENT_IMPORTED = _kind("incident.imported", "{by} imported a past incident as {subject}.")
AUDIT_EXPORTED = _kind("audit.exported", "{by} exported the record.")
UNSEALED_ACCEPTED = _kind(
    "unsealed.accepted", "{by} accepted events without a seal, at the end of an upgrade.", ALARM
)
STREAMS_ANCHORED = _kind("streams.anchored", "The ends of all streams were put on record.", INFO)
ANCHORS_ACCEPTED = _kind(
    "anchors.accepted", "{by} took {count} streams, whose anchor was gone, for whole.", ALARM
)
ROWS_ACCEPTED = _kind(
    "rows.accepted", "{by} took {count} rows of the configuration for true as they are.", ALARM
)
