"""The tables of what hosts answered beforehand, of who asks them, and of who allowed it."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class ProbeResult(models.Model):
    """What one probe last said; `verdict` is ready, not_ready or unknown.

    `snapshot_sha256` is what would have run; "" for a probe of the host alone. `number` is what
    people call the step at `position`.
    """

    revision = models.ForeignKey("plans.Revision", models.CASCADE, related_name="probe_results")
    snapshot_sha256 = models.CharField(max_length=64, blank=True)
    host = models.CharField(max_length=100)
    position = models.PositiveIntegerField(default=0)
    number = models.CharField(max_length=12, blank=True, db_default="")
    kind = models.CharField(max_length=20)
    subject = models.CharField(max_length=500, blank=True)
    verdict = models.CharField(max_length=10)
    detail = models.CharField(max_length=500)
    at = models.DateTimeField()

    class Meta:
        ordering = ["host", "position", "kind", "subject"]

    def __str__(self) -> str:
        return f"{self.host}: {self.kind} {self.subject} {self.verdict}"


class Cost(models.Model):
    """What undoing was last said to cost, for one snapshot.

    `reversals` and `counts` are lists of engine.reversal.Reversal and engine.loss.Count as
    values; `unmeasured` are sentences.
    """

    revision = models.ForeignKey("plans.Revision", models.CASCADE, related_name="costs")
    snapshot_sha256 = models.CharField(max_length=64)
    reversals = models.JSONField(default=list)
    counts = models.JSONField(default=list)
    unmeasured = models.JSONField(default=list)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["revision", "snapshot_sha256"], name="one_cost_per_snapshot"
            )
        ]

    def __str__(self) -> str:
        return f"Cost of {self.snapshot_sha256[:12]}"


class Asking(models.Model):
    """A wish that the hosts be asked about what `choices` would run; a worker answers it.

    `why` is registration, schedule, request, approval, start, end or person. `taken_at` is when
    somebody began, `done_at` when the answers were kept; `problem` is why there are none.
    """

    revision = models.ForeignKey("plans.Revision", models.CASCADE, related_name="askings")
    choices = models.JSONField(default=dict)
    snapshot_sha256 = models.CharField(max_length=64)
    why = models.CharField(max_length=12)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True, db_index=True)
    problem = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Asking about {self.revision} for {self.why}"


class HostQuestion(models.Model):
    """What a host would be asked by running, opening or reading something that a plan names.

    It is asked only while `state` is approved. `sha256` is the digest of everything that
    decides what happens (plans.readiness.host_questions.ProposedQuestion.sha256): a question
    that differs in a word, an account, a folder, a server or the host's address is another row,
    and pending. `commands` are argument lists in the order they run; `revision` is the newest
    one that needs the question.
    """

    class State(models.TextChoices):
        PENDING = "pending"
        APPROVED = "approved"

    plan = models.ForeignKey("plans.Plan", models.CASCADE, related_name="host_questions")
    revision = models.ForeignKey("plans.Revision", models.CASCADE, related_name="host_questions")
    sha256 = models.CharField(max_length=64)
    kind = models.CharField(max_length=20)
    subject = models.CharField(max_length=500, blank=True)
    host = models.CharField(max_length=100)
    address = models.CharField(max_length=400)
    account = models.CharField(max_length=100)
    folder = models.CharField(max_length=500, blank=True)
    server = models.CharField(max_length=300, blank=True)
    commands = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["host", "kind", "subject", "id"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "sha256"], name="one_host_question_per_digest")
        ]
        permissions = [("approve_host_question", "Can approve questions to hosts")]

    def __str__(self) -> str:
        return f"{self.host}: {self.kind} {self.subject} {self.state}"


class ReadinessEvent(models.Model):
    """Who had which host asked what: written before the host is asked.

    `why` is that of the Asking; `by` is None where the schedule or a worker asked. `facts` hold
    `plain`, the console's own questions as [kind, subject, account], and `approved`, the digests
    of host questions.
    """

    plan = models.ForeignKey("plans.Plan", models.CASCADE, related_name="readiness_events")
    revision = models.ForeignKey("plans.Revision", models.CASCADE, related_name="+")
    host = models.CharField(max_length=100)
    why = models.CharField(max_length=12)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    facts = models.JSONField(default=dict)
    at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.host} asked for {self.why}"


class Vouching(models.Model):
    """Nothing reads or writes this any more: measures are host questions.

    The table stays for one release, since processes of 0.1.0 still work with it during an upgrade.
    """

    plan = models.ForeignKey("plans.Plan", models.CASCADE, related_name="vouchings")
    sha256 = models.CharField(max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "sha256"], name="vouched_once")]

    def __str__(self) -> str:
        return f"{self.by} vouched for {self.plan}"


class SignInTrial(models.Model):
    """Whether the console could sign in to a host when somebody last had it tried.

    `way` is a digest of how it was reached (address, keys, login, jumps): a trial by another way
    says nothing of today's. `problem` is a sentence, "" where it signed in.
    """

    host = models.OneToOneField("plans.Host", models.CASCADE, related_name="trial")
    way = models.CharField(max_length=64, blank=True)
    asked_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True)
    tried_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"the trial of {self.host}"
