"""The writes of what was learned."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from rollback_console.engine.states import TERMINAL
from rollback_console.plans.reading import document
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.models import Rollback

from .models import ActionItem, Postmortem

WRITTEN = ("impact", "what_went_wrong", "how_to_prevent", "additional_testing")
_NEXT = {"draft": {"in_review"}, "in_review": {"draft", "published"}, "published": {"in_review"}}


@transaction.atomic
def of(rollback: Rollback) -> Postmortem:
    """The rollback's postmortem, begun with the plan's own actions when it is new."""
    if rollback.state not in TERMINAL:
        raise Refused("The postmortem begins when the rollback has ended.")
    postmortem, new = Postmortem.objects.get_or_create(rollback=rollback)
    if new:
        ActionItem.objects.bulk_create(
            ActionItem(postmortem=postmortem, text=action.text[:300], kind=action.when)
            for action in document(rollback.revision).actions
        )
    return postmortem


def write(postmortem: Postmortem, *, by: User, version: int, **texts: str) -> Postmortem:
    """Change what people write, unless somebody else did since `version`."""
    _permit(by)
    if unknown := texts.keys() - set(WRITTEN):
        raise Refused(f"A postmortem has no {', '.join(sorted(unknown))}.")
    if postmortem.state == "published":
        raise Refused("This postmortem is published. Take it back to review before changing it.")
    mine = Postmortem.objects.filter(pk=postmortem.pk, version=version)
    changed: dict[str, Any] = {**texts, "edited_by": by, "edited_at": Now()}
    if not mine.update(version=F("version") + 1, **changed):
        raise Refused("Somebody else changed this meanwhile. Copy your text, reload, and merge.")
    postmortem.refresh_from_db()
    return postmortem


def move(postmortem: Postmortem, *, by: User, to: str) -> Postmortem:
    """Draft, in review, published, and back."""
    _permit(by)
    if to not in _NEXT[postmortem.state]:
        raise Refused(f"A postmortem that is {postmortem.get_state_display()} cannot become {to}.")
    if to == "published" and not postmortem.what_went_wrong.strip():
        raise Refused("Write what went wrong before publishing.")
    if not Postmortem.objects.filter(pk=postmortem.pk, state=postmortem.state).update(state=to):
        raise Refused("Somebody else moved this postmortem meanwhile. Reload the page.")
    postmortem.refresh_from_db()
    return postmortem


def add_item(
    postmortem: Postmortem,
    *,
    by: User,
    text: str,
    kind: str,
    owner: User | None = None,
    due: Any = None,
) -> ActionItem:
    """Something to do afterwards."""
    _permit(by)
    if not text.strip():
        raise Refused("Say what is to be done.")
    return ActionItem.objects.create(
        postmortem=postmortem, text=text.strip()[:300], kind=kind, owner=owner, due=due
    )


def assign(item: ActionItem, *, by: User, owner: User | None, due: Any = None) -> ActionItem:
    """Who does it, and until when."""
    _permit(by)
    ActionItem.objects.filter(pk=item.pk).update(owner=owner, due=due)
    item.refresh_from_db()
    return item


def tick(item: ActionItem, *, by: User, done: bool) -> ActionItem:
    """It is done, or not after all."""
    _permit(by)
    when, who = (Now(), by) if done else (None, None)
    ActionItem.objects.filter(pk=item.pk).update(done_at=when, done_by=who)
    item.refresh_from_db()
    return item


def _permit(by: User) -> None:
    if not (by.is_active and by.has_perm("rollbacks.operate_rollback")):
        raise Refused("You may read postmortems, but not write them. Ask an operator.")
