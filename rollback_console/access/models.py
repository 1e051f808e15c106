"""The tables of access; that of tokens is kept under its old label, `api`."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models

from .scope_limits import ScopeLimit


class AttemptCount(models.Model):
    """Wrong proofs of one kind: `bucket` hashes whose, from where, by which device.

    Until `next_at` no further proof of that kind is looked at.
    """

    bucket = models.CharField(max_length=64, unique=True)
    username = models.CharField(max_length=150, db_index=True)
    failures = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(db_index=True)
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.failures} wrong proofs for {self.username or 'an address'}"


class KnownAddress(models.Model):
    """A person signed in from there: guesses made elsewhere do not keep them out."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    address = models.CharField(max_length=64)
    last_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "address"], name="one_known_address")
        ]

    def __str__(self) -> str:
        return f"{self.user} from {self.address}"


class GroupLimit(models.Model):
    """A group's rights hold there alone; slugs, and an empty list does not limit."""

    group = models.OneToOneField(Group, models.CASCADE, related_name="limit_row")
    environments = models.JSONField(default=list)
    services = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.group}: {self.limit}"

    @property
    def limit(self) -> ScopeLimit:
        """As a value that knows what it covers."""
        return ScopeLimit.of(self.environments, self.services)


class Invitation(models.Model):
    """A link behind which a person chooses their first password, once; its secret is not stored.

    `sha256` is the hexadecimal hash of the secret, which is 256 random bits: no salt needed.
    `made_by` is empty for the command line.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="invitations")
    sha256 = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"for {self.person}"


class PendingChange(models.Model):
    """A right that one Admin proposed and another one has to confirm.

    `details` holds what the change needs; of a password only its hash. Of rules, which are for
    nobody in particular, the subject is who proposed them.
    """

    BREAK_GLASS, DECISION_MAKER = "break_glass", "decision_maker"
    ADMIN = "admin"
    PASSWORD, SECOND_FACTOR = "password", "second_factor"
    ACTIVATION, RULES = "activation", "rules"
    HOST, NAMES, LIMIT = "host", "names", "limit"
    OPEN, CONFIRMED, REFUSED = "open", "confirmed", "refused"

    kind = models.CharField(max_length=20)
    subject = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    environment = models.ForeignKey(
        "plans.Environment", models.CASCADE, null=True, related_name="+"
    )
    details = models.JSONField(default=dict)
    state = models.CharField(max_length=10, default=OPEN, db_index=True)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.sentence} (proposed by {self.proposed_by})"

    @property
    def sentence(self) -> str:
        """What happens once it is confirmed."""
        role, rung = self.details.get("role", ""), self.details.get("rung", "")
        return {
            self.BREAK_GLASS: f"{self.subject} may start rollbacks without approval",
            self.DECISION_MAKER: f"{self.subject} becomes {role}, "
            f"escalation level {rung}, in {self.environment}",
            self.ADMIN: f"{self.subject} becomes Admin",
            self.PASSWORD: f"{self.subject} gets a new password",
            self.SECOND_FACTOR: f"{self.subject} loses the second factor and adds a new one",
            self.ACTIVATION: f"{self.subject} can sign in again",
            self.RULES: self._rules,
            self.HOST: str(self.details.get("sentence", "")),
            self.LIMIT: str(self.details.get("sentence", "")),
            self.NAMES: f"{self.subject} becomes {self._names}",
        }[self.kind]

    @property
    def _rules(self) -> str:
        rules = self.details
        return (
            f"in {self.environment}, {rules.get('approvals_code')} must approve code alone and "
            f"{rules.get('approvals_data')} where data is at risk; role that must agree: "
            f"{rules.get('data_role') or 'none'}; second person: {rules.get('second_person')}; "
            f"hosts that are not ready: {rules.get('readiness_rule')}; a request counts for "
            f"{rules.get('request_expires')} min and an approval for {rules.get('start_expires')}; "
            f"production: {'yes' if rules.get('is_production') else 'no'}; readiness may reach "
            f"{self._reached_by_readiness}; network zone: {rules.get('zone') or 'none'}"
        )

    @property
    def _reached_by_readiness(self) -> str:
        names = ("database_servers", "page_hosts", "file_folders")
        lines = "\n".join(str(self.details.get(name) or "") for name in names).split("\n")
        return ", ".join(filter(None, map(str.strip, lines))) or "nothing"

    @property
    def _names(self) -> str:
        return ", ".join(
            f"{name.replace('_', ' ')} {value or 'empty'}" for name, value in self.details.items()
        )
