"""Issue trackers, written by Admins, and the issues that action items become there."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from rollback_console.audit import kinds
from rollback_console.audit.fields import snapshot_fields
from rollback_console.audit.record import record_change
from rollback_console.common.people import display_name
from rollback_console.common.permission import may_do
from rollback_console.notify import Rules, issue_trackers
from rollback_console.plans.inventory.masked_values import values_to_mask
from rollback_console.plans.models import Service
from rollback_console.remote.redaction.redact import Redactor
from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.models import Rollback

from ..models import ActionItem, IssueTracker

RECORDED = ("kind", "project", "service", "account", "token")
_SECONDS = 10.0
_ATTEMPT = timedelta(minutes=1)
"""For so long one attempt keeps a second one from opening another issue."""


def rules() -> Rules:
    """Where issue trackers may be, as the settings allow it."""
    return Rules(
        allowed=tuple(settings.MESSAGES_ALLOW),
        seconds=min(float(settings.MESSAGES_SECONDS), _SECONDS),
        ca_file=settings.MESSAGES_CA_FILE,
    )


@transaction.atomic
def add_tracker(
    *,
    by: User,
    kind: str,
    project: str,
    token: str,
    service: Service | None = None,
    account: str = "",
) -> IssueTracker:
    """Issues of a service (None: of all without one of their own) are opened there from now on."""
    _permit_admin(by)
    if why := issue_trackers.problem_with_project(kind, project, rules()):
        raise Refused(why)
    if not token.isascii() or not token.isprintable() or " " in token or not token:
        raise Refused("A token holds no spaces and no letters outside ASCII. Copy it again.")
    if IssueTracker.objects.filter(service=service).exists():
        raise Refused("There is one for this already. Remove it first.")
    made = IssueTracker.objects.create(
        kind=kind,
        project=project.strip().rstrip("/"),
        service=service,
        account=account.strip(),
        token=token,
        made_by=by,
        made_at=Now(),
    )
    made.refresh_from_db()
    after = snapshot_fields(made, *RECORDED)
    record_change(kinds.ISSUE_TRACKER_ADDED, by=by, subject=made, after=after)
    return made


@transaction.atomic
def remove_tracker(tracker: IssueTracker, *, by: User) -> None:
    """No issue is opened there any more; those that were stay linked."""
    _permit_admin(by)
    before = snapshot_fields(tracker, *RECORDED)
    record_change(kinds.ISSUE_TRACKER_REMOVED, by=by, subject=tracker, before=before)
    tracker.delete()


def tracker_of(rollback: Rollback) -> IssueTracker | None:
    """Where issues of a rollback's service are opened; None where no Admin named a tracker."""
    rows = IssueTracker.objects.filter(Q(service=rollback.service_id) | Q(service=None))
    return rows.order_by("service_id").last()


def open_issue(item: ActionItem, *, by: User) -> ActionItem:
    """Open an issue that links to the postmortem, and link the item to it.

    An item has one issue. Raises Refused, also where nobody knows whether one was opened.
    """
    rollback = item.rollback
    if not may_do(by, "rollbacks.operate_rollback", rollback):
        raise Refused("You may read this, but not open issues. Ask an operator.")
    tracker = tracker_of(rollback)
    if tracker is None:
        raise Refused("No issue tracker is set up. An Admin adds one under Issue trackers.")
    _claim(item, by)
    project = issue_trackers.TrackerProject(
        tracker.kind, tracker.project, tracker.token, tracker.account
    )
    title, text = (_masked(rollback, each) for each in (item.text, _text(item, by)))
    try:
        address = issue_trackers.open_issue(
            project, rules(), title=title.replace("\n", " ")[:250], text=text
        )
    except issue_trackers.IssueRefused as error:
        ActionItem.objects.filter(pk=item.pk).update(issue_at=None)
        raise Refused(f"No issue was opened in {project.path}. {error}") from error
    except issue_trackers.IssueUncertain as error:
        raise Refused(
            f"It is not known whether an issue was opened in {project.path}: look there before you "
            f"try again. {error}"
        ) from error
    ActionItem.objects.filter(pk=item.pk).update(issue_url=address)
    item.refresh_from_db()
    return item


def _claim(item: ActionItem, by: User) -> None:
    """Let one attempt at a time open an issue, and none once there is one."""
    free = Q(issue_at=None) | Q(issue_at__lt=db_clock.later(-_ATTEMPT))
    mine = ActionItem.objects.filter(free, pk=item.pk, issue_url="")
    if not mine.update(issue_at=Now(), issue_by=by):
        raise Refused("This action item has an issue, or one is being opened. Reload the page.")


def _text(item: ActionItem, by: User) -> str:
    rollback = item.rollback
    page = f"{settings.BASE_URL}/rollbacks/{rollback.pk}/postmortem/"
    lines = [
        f"Action item of rollback {rollback.pk}: {rollback.title}",
        f"Service: {rollback.service}. Environment: {rollback.environment}.",
        f"Owner: {display_name(item.owner, nobody='nobody yet')}."
        + (f" Due: {item.due:%Y-%m-%d}." if item.due else ""),
        f"Postmortem: {page}",
        f"Opened by {display_name(by)} from the Rollback Console.",
    ]
    return "\n\n".join(lines)


def _masked(rollback: Rollback, text: str) -> str:
    redactor = Redactor(list(values_to_mask(rollback.environment_id)))
    shown = redactor.feed(text.encode("utf-8", "replace")) + redactor.flush()
    return shown.decode("utf-8", "replace")


def _permit_admin(by: User) -> None:
    if not may_do(by, "plans.change_environment"):
        raise Refused("Only Admins can change issue trackers.")
