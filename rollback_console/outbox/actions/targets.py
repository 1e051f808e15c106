"""The writes of people: targets, trying one out, and asking for another attempt."""

from __future__ import annotations

import logging
import secrets
import uuid
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Count, QuerySet
from django.db.models.functions import Now

from rollback_console import notify
from rollback_console.audit import kinds
from rollback_console.audit.fields import changes_between, snapshot_fields
from rollback_console.audit.integrity.row_ledger import changed
from rollback_console.audit.record import record_change
from rollback_console.audit.stale_edit import refuse_stale_edit
from rollback_console.common.people import display_name
from rollback_console.common.permission import may_do
from rollback_console.notify import target_urls
from rollback_console.plans.models import Environment
from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.models import Rollback

from .. import dispatch, messages
from ..models import Delivery, Target
from ..topics import known_topics

RECORDED = ("name", "environment", "url", "topics", "personal", "is_active")
"""What of a target is on record, and what a form of it is drawn from."""

log = logging.getLogger(__name__)


@transaction.atomic
def add_target(
    *,
    by: User,
    name: str,
    url: str,
    topics: list[str],
    environment: Environment | None = None,
    personal: bool = False,
) -> tuple[Target, str]:
    """A new target, and a webhook's signing secret, which is shown this once ("" for others)."""
    _permit(by)
    fields = _fields(name, url, topics, personal)
    secret = secrets.token_urlsafe(32) if notify.Letter(url, "").signed else ""
    made = Target.objects.create(
        **fields, environment=environment, secret=secret, made_by=by, made_at=Now()
    )
    made.refresh_from_db()
    after = snapshot_fields(made, *RECORDED)
    record_change(kinds.TARGET_ADDED, by=by, subject=made, after=after, shown=made.shown)
    return made, secret


@transaction.atomic
def change_target(
    target: Target,
    *,
    by: User,
    name: str,
    topics: list[str],
    environment: Environment | None,
    personal: bool,
    is_active: bool,
    url: str = "",
    drawn_from: str | None = None,
) -> tuple[Target, str]:
    """Other words, topics or another URL ("" keeps it); a webhook that becomes one is given a
    secret, which is returned this once. Raises StaleEdit for an outdated `drawn_from`."""
    _permit(by)
    target = Target.objects.select_for_update().get(pk=target.pk)
    refuse_stale_edit(target, drawn_from, *RECORDED)
    before = snapshot_fields(target, *RECORDED)
    fields = _fields(name, url or target.url, topics, personal, check=bool(url))
    secret = ""
    if notify.Letter(fields["url"], "").signed and not target.secret:
        secret = fields["secret"] = secrets.token_urlsafe(32)
    for field, value in {**fields, "environment": environment, "is_active": is_active}.items():
        setattr(target, field, value)
    target.save()
    after = snapshot_fields(target, *RECORDED)
    beside = [*(["shown"] if url else []), *(["secret"] if secret else [])]
    facts: dict[str, Any] = {
        "shown": target.shown,
        "rows": [changed(target, *changes_between(before, after), *beside)],
    }
    record_change(kinds.TARGET_CHANGED, by=by, subject=target, before=before, after=after, **facts)
    return target, secret


@transaction.atomic
def renew_secret(target: Target, *, by: User) -> str:
    """A new signing secret, shown this once."""
    _permit(by)
    if not target.is_webhook:
        raise Refused("Only webhooks are signed.")
    secret = secrets.token_urlsafe(32)
    target.secret = secret
    target.save(update_fields=["secret"])
    rows = [changed(target, "secret")]
    record_change(kinds.TARGET_SECRET_RENEWED, by=by, subject=target, rows=rows)
    return secret


@transaction.atomic
def remove_target(target: Target, *, by: User) -> None:
    """Nothing goes there any more; what was sent stays on record."""
    _permit(by)
    before = snapshot_fields(target, *RECORDED)
    record_change(kinds.TARGET_REMOVED, by=by, subject=target, before=before, shown=target.shown)
    target.delete()


def try_out(target: Target, *, by: User) -> Delivery:
    """Send a test now and wait for what comes of it."""
    _permit(by)
    made = Delivery.objects.create(
        target=target,
        target_name=target.name,
        cause=f"test:{uuid.uuid4()}",
        topic="test",
        kind="test",
        environment=target.environment.slug if target.environment else "",
        title="A test of the Rollback Console",
        text=f"{display_name(by)} is testing {target.name}. Nothing happened.",
        link=messages.link("/"),
        to=[by.email] if target.personal and by.email else [],
        # The sweeper is to leave it alone; a test is tried once.
        attempts=len(dispatch.DELAYS),
        made_at=Now(),
        due_at=db_clock.later(dispatch.LEFT),
    )
    dispatch.send_delivery(made.pk, early=True)
    made.refresh_from_db()
    return made


def retry_delivery(delivery: Delivery, *, by: User) -> Delivery:
    """Try a failed one again soon."""
    if not may_do(by, "rollbacks.operate_rollback"):
        raise Refused("You may not resend messages. Ask an operator.")
    failed = Delivery.objects.filter(pk=delivery.pk, state=Delivery.FAILED)
    again = {"state": Delivery.WAITING, "attempts": 0, "due_at": Now(), "claim": None}
    if not failed.update(**again, retried_by=by, retried_at=Now()):
        raise Refused("Only a failed message can be sent again. Reload the page.")
    delivery.refresh_from_db()
    return delivery


def list_targets() -> QuerySet[Target]:
    """Every target as a list shows it, without what is secret."""
    return Target.objects.defer("url", "secret").select_related("environment")


def troubled_deliveries() -> QuerySet[Delivery]:
    """What failed, or waits after a failure, newest first."""
    return (
        Delivery.objects.exclude(state=Delivery.SENT).exclude(problem="").select_related("target")
    )


def count_troubled() -> dict[str, int]:
    """How many of the last week's messages failed, and how many wait after a failure."""
    recent = troubled_deliveries().filter(
        made_at__gte=db_clock.later(timedelta(days=-7)), target__isnull=False
    )
    counted = dict(recent.order_by().values_list("state").annotate(Count("id")))
    return {state: counted.get(state, 0) for state in (Delivery.FAILED, Delivery.WAITING)}


def deliveries_of(rollback: Rollback) -> QuerySet[Delivery]:
    """What was sent about a rollback, newest first."""
    return rollback.deliveries.select_related("target", "retried_by").order_by("-id")


def targets_for(rollback: Rollback, topic: str) -> list[Target]:
    """Active targets that are told of a topic of this rollback."""
    here = {None, rollback.environment_id}
    rows = list_targets().filter(is_active=True)
    return [each for each in rows if each.environment_id in here and topic in each.topics]


def _fields(
    name: str, url: str, topics: list[str], personal: bool, *, check: bool = True
) -> dict[str, Any]:
    if check and (why := notify.problem_with(url, dispatch.rules())):
        raise Refused(why)
    if personal and not target_urls.is_mail(url):
        raise Refused("Only e-mail can be sent to the people concerned. Clear that box.")
    return {
        "name": name.strip(),
        "url": url.strip(),
        "shown": target_urls.masked(url),
        "topics": known_topics(topics),
        "personal": personal,
    }


def _permit(by: User) -> None:
    if not may_do(by, "plans.change_environment"):
        raise Refused("Only Admins can change notification channels.")
