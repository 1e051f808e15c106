"""The tables of what is being done. Only `actions` and `execution` write them."""

from __future__ import annotations

import re
import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from rollback_console.engine.snapshot import parse_snapshot
from rollback_console.engine.states import RollbackState, StepState
from rollback_console.plans.models import Delegation, Environment, Revision, Service

from .facts_field import FactsField

PERSON = settings.AUTH_USER_MODEL


class Rollback(models.Model):
    """One doing of a plan.

    `snapshot` is the canonical JSON that approvals are bound to. `fence` rises with every
    claim of the lease, so that a writer that lost it cannot write. `question` says what a
    person is asked while `state` is waiting, aborting or verifying:
    {"kind", "position", "tokens"}. While it is requested, decision makers up to `rung` are
    asked; more at `escalates_at`, and all of those again at `reminds_at`. `round` rises each
    time the request is frozen anew. `authors` are the keys of those who wrote what nobody had
    approved when it was frozen; None where that was not recorded yet.
    """

    state = models.CharField(max_length=12, default=RollbackState.REQUESTED, db_index=True)
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="rollbacks")
    service = models.ForeignKey(Service, models.PROTECT, related_name="rollbacks")
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="rollbacks")
    title = models.CharField(max_length=200)
    trigger = models.CharField(max_length=300, blank=True)
    reason = models.TextField()
    choices = models.JSONField(default=dict)
    snapshot = models.TextField()
    snapshot_sha256 = models.CharField(max_length=64)
    round = models.PositiveIntegerField(default=1, db_default=1)
    authors = models.JSONField(null=True)

    requested_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    rung = models.PositiveSmallIntegerField(default=1)
    escalates_at = models.DateTimeField(null=True)
    reminds_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    start_asked = models.BooleanField(default=True)
    pause_asked = models.BooleanField(default=False)
    abort_asked = models.BooleanField(default=False)
    question = models.JSONField(default=dict, blank=True)

    fence = models.PositiveBigIntegerField(default=0)
    lease_owner = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True, db_index=True)

    last_seq = models.PositiveBigIntegerField(default=0)
    last_hash = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["requested_at"], name="rollback_by_moment"),
            models.Index(fields=["environment", "requested_at"], name="rollback_by_place"),
        ]
        permissions = [
            ("request_rollback", "Can open a rollback"),
            ("operate_rollback", "Can steer a rollback under way"),
            ("break_glass", "Can start a rollback without approval, in an emergency"),
        ]

    def __str__(self) -> str:
        return f"Rollback {self.pk}"

    def number_of(self, position: int) -> str:
        """What people call the step at `position`; the position itself where the snapshot is
        no more what the console wrote."""
        try:
            return parse_snapshot(self.snapshot).number_of(position)
        except ValueError:
            return str(position)

    @property
    def heading(self) -> str:
        """What it does: the service, the environment, the version where one was chosen, and #n."""
        version = chosen_version(self.choices)
        return (
            f"Roll back {self.service} on {self.environment}"
            f"{f' to {version}' if version else ''}, #{self.pk}"
        )


_VERSION = re.compile(r"TAG|COMMIT|VERSION|RELEASE|REVISION|SHA")
_LONGEST_VERSION = 60


def chosen_version(choices: Any) -> str:
    """The version that a request goes back to: "" where it chose none, or several."""
    given = choices.get("parameters") if isinstance(choices, dict) else None
    values = given.items() if isinstance(given, dict) else ()
    versions = {str(value) for name, value in values if _VERSION.search(str(name).upper())}
    return versions.pop()[:_LONGEST_VERSION] if len(versions) == 1 else ""


class Approval(models.Model):
    """One decision maker's yes or no to one snapshot; `under` is whose right was lent for it.

    It counts only in the `round` in which it was given: once void, it stays void.
    """

    rollback = models.ForeignKey(Rollback, models.PROTECT, related_name="approvals")
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    role = models.CharField(max_length=60)
    under = models.ForeignKey(Delegation, models.PROTECT, null=True, related_name="+")
    snapshot_sha256 = models.CharField(max_length=64)
    round = models.PositiveIntegerField(default=1, db_default=1)
    given = models.BooleanField(default=True)
    note = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["rollback", "by", "round", "given"],
                name="one_vote_per_round",
            )
        ]

    def __str__(self) -> str:
        return f"{'Approval' if self.given else 'Rejection'} by {self.by}"


class RightGrant(models.Model):
    """When an account was last given a group or a permission: it counts for later requests."""

    user = models.ForeignKey(PERSON, models.CASCADE, related_name="right_grants")
    name = models.CharField(max_length=150)
    granted_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="one_grant_per_right")]

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"


class BreakGlass(models.Model):
    """A start without the approvals it needed, and the review that somebody else closes."""

    rollback = models.OneToOneField(Rollback, models.PROTECT, related_name="broken_glass")
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    reason = models.TextField()
    snapshot_sha256 = models.CharField(max_length=64)
    at = models.DateTimeField()
    reviewed_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    finding = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.rollback} without approval, by {self.by}"


class StepRun(models.Model):
    """One attempt of one step on one host ("" for a manual step).

    `stored` counts log bytes in the host's own numbering; `answer` is to a bad ending.
    """

    rollback = models.ForeignKey(Rollback, models.PROTECT, related_name="runs")
    token = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    position = models.PositiveIntegerField()
    host = models.CharField(max_length=100, blank=True)
    attempt = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=20, default=StepState.PENDING)
    fence = models.PositiveBigIntegerField(default=0)
    boot_id = models.CharField(max_length=64, blank=True)
    runner = models.CharField(max_length=6, blank=True, db_default="")  # python or shell
    stored = models.PositiveBigIntegerField(default=0)
    lines = models.PositiveBigIntegerField(default=0)
    exit_code = models.IntegerField(null=True)
    why = models.TextField(blank=True)
    flags = models.JSONField(default=list)
    survivors = models.JSONField(default=list)
    answer = models.CharField(max_length=12, blank=True)
    unreachable_since = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    cleared = models.BooleanField(default=False)  # its host keeps no folder for it

    class Meta:
        ordering = ["position", "host", "attempt"]
        indexes = [models.Index(fields=["cleared", "ended_at"], name="run_to_clear")]
        constraints = [
            models.UniqueConstraint(
                fields=["rollback", "position", "host", "attempt"], name="one_run_per_attempt"
            )
        ]

    def __str__(self) -> str:
        return f"Step {self.number} on {self.host or 'nobody'}, attempt {self.attempt}"

    @property
    def number(self) -> str:
        """What people call its step."""
        return self.rollback.number_of(self.position)


class LogChunk(models.Model):
    """Up to 64 KiB of one run's log.

    `data` is zlib level 1; `offset` and `length` count raw bytes. `line_starts` packs the
    offsets, within the chunk, of each line that starts in it (uint32, little-endian).
    `first_line` is how many lines started before this chunk.
    """

    run = models.ForeignKey(StepRun, models.PROTECT, related_name="chunks")
    offset = models.PositiveBigIntegerField()
    length = models.PositiveIntegerField()
    first_line = models.PositiveBigIntegerField(default=0)
    line_starts = models.BinaryField(default=bytes)
    data = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["run", "offset"]
        constraints = [
            models.UniqueConstraint(fields=["run", "offset"], name="one_chunk_per_offset")
        ]
        indexes = [models.Index(fields=["run", "first_line"], name="chunk_by_line")]

    def __str__(self) -> str:
        return f"{self.length} bytes at {self.offset}"


class Event(models.Model):
    """One fact. `seq` has no gaps within a rollback; `previous` chains each to the last.

    `sha256` can be recomputed by anybody, as archives are; `seal` only with the console's key.
    It is empty for what was recorded before there were seals.
    """

    rollback = models.ForeignKey(Rollback, models.PROTECT, related_name="events")
    seq = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=60)
    by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    facts = FactsField(default=dict)
    at = models.CharField(max_length=32)
    previous = models.CharField(max_length=64, blank=True)
    sha256 = models.CharField(max_length=64)
    seal = models.CharField(max_length=64, blank=True, db_default="")

    class Meta:
        ordering = ["rollback", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["rollback", "seq"], name="one_event_per_seq")
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"


class StepAnswer(models.Model):
    """What a person decided about a step: gate, manual result, failure or loss."""

    rollback = models.ForeignKey(Rollback, models.PROTECT, related_name="step_answers")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=20)
    answer = models.CharField(max_length=20)
    reason = models.TextField(blank=True)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind}: {self.answer}"


class ChecklistAnswer(models.Model):
    """How a person, or without `by` an automated check, answered one item; the last counts."""

    rollback = models.ForeignKey(Rollback, models.PROTECT, related_name="check_answers")
    key = models.CharField(max_length=80)
    answer = models.CharField(
        max_length=14,
        choices=[("pass", "pass"), ("fail", "fail"), ("not_applicable", "not applicable")],
    )
    note = models.TextField(blank=True)
    by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.key}: {self.answer}"


class Message(models.Model):
    """A message about a rollback, rendered from the plan's template."""

    rollback = models.ForeignKey(Rollback, models.PROTECT, related_name="messages")
    text = models.TextField()
    recipients = models.TextField(blank=True)
    by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text[:60]


class Lock(models.Model):
    """Held while a rollback works on an environment; one at a time."""

    environment = models.OneToOneField(Environment, models.PROTECT, related_name="lock")
    rollback = models.OneToOneField(Rollback, models.PROTECT, related_name="lock")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.environment} is locked by {self.rollback}"


class ProcessSeen(models.Model):
    """When a worker or sweeper last said that it is alive, on the database's clock."""

    role = models.CharField(max_length=20)
    name = models.CharField(max_length=150, unique=True)
    zones = models.JSONField(default=list)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.role} {self.name}"
