"""The tables of what was learned, and of what is still to be done."""

from __future__ import annotations

import uuid
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models

from rollback_console.plans.inventory.encrypted_field import EncryptedTextField
from rollback_console.plans.models import Environment, Plan, Revision, Service
from rollback_console.rollbacks.models import Rollback

PERSON = settings.AUTH_USER_MODEL


ADDED = "added-"
"""How the key of an item begins that no plan names."""


def new_key() -> str:
    """The key of an item that no plan names."""
    return f"{ADDED}{uuid.uuid4().hex}"


class Postmortem(models.Model):
    """One rollback's postmortem: what people wrote, beside what the events show.

    `began_at` is when users were first hurt, where somebody knows it; the recovery time is
    counted from there.
    """

    STATES = [("draft", "draft"), ("in_review", "in review"), ("published", "published")]

    rollback = models.OneToOneField(Rollback, models.PROTECT, related_name="postmortem")
    state = models.CharField(max_length=10, choices=STATES, default="draft")
    began_at = models.DateTimeField(null=True, blank=True)
    impact = models.TextField(blank=True)
    contributing_factors = models.TextField(blank=True)
    what_went_wrong = models.TextField(blank=True)
    how_to_prevent = models.TextField(blank=True)
    additional_testing = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)
    edited_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    edited_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"Postmortem of {self.rollback}"

    @property
    def action_items(self) -> models.Manager[ActionItem]:
        """What is to be checked and done because of this rollback."""
        return self.rollback.action_items


class PostmortemVersion(models.Model):
    """The texts as they were after one edit; `number` is the postmortem's `version` then."""

    postmortem = models.ForeignKey(Postmortem, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    texts = models.JSONField(default=dict)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["postmortem", "number"], name="one_text_per_version")
        ]

    def __str__(self) -> str:
        return f"Version {self.number}"


class PostmortemMove(models.Model):
    """Who moved a postmortem from one state to another, and when."""

    postmortem = models.ForeignKey(Postmortem, models.CASCADE, related_name="moves")
    old = models.CharField(max_length=10, choices=Postmortem.STATES)
    new = models.CharField(max_length=10, choices=Postmortem.STATES)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.get_old_display()} to {self.get_new_display()}"


class Comment(models.Model):
    """What somebody says about a postmortem."""

    postmortem = models.ForeignKey(Postmortem, models.CASCADE, related_name="comments")
    text = models.TextField()
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text[:60]


class Takeover(models.Model):
    """A revision of the plan that took over what this postmortem says."""

    postmortem = models.ForeignKey(Postmortem, models.CASCADE, related_name="takeovers")
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="+")
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.revision} from {self.postmortem}"


class ActionItem(models.Model):
    """Something to check or do, by whom and until when.

    `key` is that of the plan's check or action, or one of our own. `evidence` is what shows
    that it was done. `reminded_at` is when the owner was last told. `issue_url` is where it is
    followed up in an issue tracker; `issue_at` is when somebody last had one opened.
    """

    KINDS = [
        ("verification", "verification"),
        ("immediate", "immediate"),
        ("follow_up", "follow-up"),
    ]

    rollback = models.ForeignKey(Rollback, models.PROTECT, related_name="action_items")
    key = models.CharField(max_length=80, default=new_key)
    text = models.CharField(max_length=300)
    kind = models.CharField(max_length=12, choices=KINDS)
    owner = models.ForeignKey(
        PERSON, models.SET_NULL, null=True, blank=True, related_name="action_items"
    )
    due = models.DateField(null=True, blank=True)
    remind_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    evidence = models.TextField(blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(PERSON, models.SET_NULL, null=True, blank=True, related_name="+")
    issue_url = models.CharField(max_length=500, blank=True, db_default="", default="")
    issue_at = models.DateTimeField(null=True)
    issue_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["rollback", "key"], name="one_item_per_key")]

    def __str__(self) -> str:
        return self.text

    @property
    def issue_name(self) -> str:
        """What people call its issue: `acme/shop#7`, or `SHOP-7` in Jira; "" without one."""
        path = urlsplit(self.issue_url).path.strip("/")
        project, _, number = path.replace("/-/issues/", "/issues/").partition("/issues/")
        return f"{project}#{number}" if number else path.removeprefix("browse/")


class IssueTracker(models.Model):
    """Where issues for action items are opened: of one service, or of all that have none.

    `project` is its address in a browser; `account` is whose token it is, for Jira Cloud.
    """

    KINDS = [("github", "GitHub"), ("gitlab", "GitLab"), ("jira", "Jira")]

    kind = models.CharField(max_length=6, choices=KINDS)
    project = models.CharField(max_length=300)
    service = models.OneToOneField(
        Service, models.CASCADE, null=True, blank=True, related_name="issue_tracker"
    )
    account = models.CharField(max_length=200, blank=True)
    token = EncryptedTextField()
    made_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["service_id", "id"]

    def __str__(self) -> str:
        return self.project


class Cadence(models.Model):
    """How often others are told how it goes; the newest row of a rollback counts."""

    rollback = models.ForeignKey(Rollback, models.PROTECT, related_name="cadences")
    minutes = models.PositiveIntegerField()
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"every {self.minutes} min"


class StatusLink(models.Model):
    """A secret address where anyone who holds it reads how a rollback goes.

    Only the SHA-256 of the secret is kept: the address is shown once.
    """

    rollback = models.ForeignKey(Rollback, models.PROTECT, related_name="status_links")
    token_sha256 = models.CharField(max_length=64, unique=True)
    label = models.CharField(max_length=100)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.label


class Import(models.Model):
    """A past incident that was loaded: its rollback never ran here and never will."""

    rollback = models.OneToOneField(Rollback, models.PROTECT, related_name="imported")
    sha256 = models.CharField("of the file", max_length=64, unique=True)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.rollback}, imported"


class Measure(models.Model):
    """What trends show of one ended rollback, worked out once when it ended.

    Seconds, None for a phase it never reached; `low` and `high` are the author's estimate.
    `steps` holds [title, attempts, how many of them ended badly, [seconds, ...]] for each step
    that was tried. It can be made anew from the rollback at any time.
    """

    rollback = models.OneToOneField(Rollback, models.CASCADE, related_name="measure")
    plan = models.ForeignKey(Plan, models.PROTECT, related_name="+")
    service = models.ForeignKey(Service, models.PROTECT, related_name="+")
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="+")
    title = models.CharField(max_length=200)
    procedure = models.TextField()
    state = models.CharField(max_length=12)
    requested_at = models.DateTimeField(db_index=True)
    started = models.BooleanField()
    decide = models.FloatField(null=True)
    approve = models.FloatField(null=True)
    start = models.FloatField(null=True)
    restore = models.FloatField(null=True)
    recover = models.FloatField(null=True)
    recover_known = models.BooleanField()
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    imported = models.BooleanField()
    steps = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"Measures of {self.rollback}"
