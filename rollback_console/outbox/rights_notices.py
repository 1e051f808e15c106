"""Rights that Admins gave, for the targets and people of every environment they hold in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.contrib.auth.models import Group, User
from django.db.models import Q

from rollback_console.audit import kinds
from rollback_console.audit.models import ConfigurationEvent
from rollback_console.common.people import display_name
from rollback_console.plans.models import Environment

from .messages import Notice, link

_OF_A_PERSON = frozenset({
    kinds.PASSWORD_RESET,
    kinds.FACTOR_RESET,
    kinds.PERSON_ACTIVATED,
    kinds.PERSON_CHANGED,
    kinds.PERSON_DEACTIVATED,
    kinds.ROLES_CHANGED,
})  # fmt: skip
TELLS = _OF_A_PERSON | {
    kinds.BREAK_GLASS_GRANTED,
    kinds.DECISION_MAKER_NAMED,
    kinds.DECISION_MAKER_CHANGED,
    kinds.DECISION_MAKER_REMOVED,
    kinds.DELEGATION_GIVEN,
    kinds.GROUP_LIMITED,
    kinds.LADDER_REPLACED,
    kinds.POLICY_CHANGED,
    kinds.RIGHT_PROPOSED,
    kinds.RIGHT_CONFIRMED,
}
_LOOKS_BACK = timedelta(days=2)


def find_rights(now: datetime) -> Iterator[Notice]:
    """One notice an act and environment; the ladder and the Admins are who it concerns."""
    events = ConfigurationEvent.objects.filter(kind__in=TELLS, at__gt=now - _LOOKS_BACK)
    for event in events.order_by("seq"):
        for environment in _environments(event):
            yield _notice(event, environment)


def _environments(event: ConfigurationEvent) -> Iterable[Environment]:
    """There, or where the person decides; everywhere for Admins and break-glass."""
    if event.subject_type == "environment":
        return Environment.objects.filter(pk=event.subject_id)
    if event.kind in _OF_A_PERSON and not _administers(event):
        return Environment.objects.filter(decision_makers__user=int(event.subject_id))
    return Environment.objects.all()


def _administers(event: ConfigurationEvent) -> bool:
    """Whether the event is about an Admin, also one who was until then."""
    admins = Group.objects.filter(permissions__codename="change_environment")
    before, _ = event.changes.get("groups") or ([], [])
    return (
        User.objects.filter(pk=event.subject_id)
        .filter(Q(is_superuser=True) | Q(groups__in=admins))
        .exists()
        or admins.filter(name__in=before or []).exists()
    )


def _notice(event: ConfigurationEvent, environment: Environment) -> Notice:
    facts = {"person": "", "environment": environment.name, **event.facts}
    sentence = kinds.kind_of(event.kind).sentence.format(
        **{**facts, "by": event.by_name or "the command line", "subject": event.subject_label}
    )
    change = str(event.facts.get("change", ""))
    return Notice(
        cause=f"configuration:{event.seq}:{environment.pk}",
        topic="rights",
        kind=event.kind,
        environment=environment,
        title=sentence.rstrip("."),
        text="\n".join(filter(None, [sentence, change, f"At {event.at:%Y-%m-%d %H:%M} UTC"])),
        link=link(f"/environments/{environment.slug}/deciders/"),
        to=_mails(environment),
    )


def _mails(environment: Environment) -> tuple[str, ...]:
    deciding = User.objects.filter(decides__environment=environment, is_active=True)
    admins = User.objects.with_perm(
        "plans.change_environment", backend="django.contrib.auth.backends.ModelBackend"
    )
    people = sorted({*deciding, *admins}, key=display_name)
    return tuple(dict.fromkeys(each.email for each in people if each.email))
