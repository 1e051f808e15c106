"""The writes of what was learned. Those of checks and actions are in checklist.py."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from rollback_console.common.permission import may_do
from rollback_console.common.text import LONGEST_TEXT
from rollback_console.engine.states import TERMINAL
from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.execution.view import snapshot_of
from rollback_console.rollbacks.models import Rollback

from .. import checklist
from ..models import ActionItem, Comment, Postmortem, PostmortemMove, PostmortemVersion
from ..trends.record import measure

WRITTEN = (
    "impact",
    "contributing_factors",
    "what_went_wrong",
    "how_to_prevent",
    "additional_testing",
)
_NEXT = {"draft": {"in_review"}, "in_review": {"draft", "published"}, "published": {"in_review"}}
_KEPT: Any = object()
ONE_EDIT = timedelta(minutes=15)
"""For so long what is saved by itself while one person writes belongs to one edit."""


@transaction.atomic
def open_postmortem(rollback: Rollback) -> Postmortem:
    """The rollback's postmortem, begun with the plan's own checks and actions when new."""
    if rollback.state not in TERMINAL:
        raise Refused("The postmortem begins when the rollback has ended.")
    postmortem, new = Postmortem.objects.get_or_create(rollback=rollback)
    if new:
        checklist.begin_checklist(rollback)
        measure(rollback)
    return postmortem


@transaction.atomic
def write_texts(
    postmortem: Postmortem,
    *,
    by: User,
    version: int,
    began_at: datetime | None = _KEPT,
    autosaved: bool = False,
    **texts: str,
) -> Postmortem:
    """Change what people write, unless somebody else did since `version`; each edit is kept.

    What is `autosaved` while one person writes is one edit.
    """
    _permit(by, postmortem.rollback)
    _check(postmortem, texts)
    changed: dict[str, Any] = {**texts, "edited_by": by, "edited_at": Now()}
    if began_at is not _KEPT:
        changed["began_at"] = _before_the_end(postmortem, began_at)
    mine = Postmortem.objects.filter(pk=postmortem.pk, version=version)
    if not mine.update(version=F("version") + 1, **changed):
        raise Refused("Somebody else has changed this. Copy your text, reload the page and merge.")
    postmortem.refresh_from_db()
    _keep(postmortem, by, autosaved)
    if "began_at" in changed:
        measure(postmortem.rollback)
    return postmortem


@transaction.atomic
def move_postmortem(postmortem: Postmortem, *, by: User, to: str) -> Postmortem:
    """Draft, in review, published, and back; who did it is kept."""
    _permit(by, postmortem.rollback)
    old = postmortem.state
    if to not in _NEXT[old]:
        raise Refused(f"A postmortem that is {postmortem.get_state_display()} cannot become {to}.")
    if to == "published" and not postmortem.what_went_wrong.strip():
        raise Refused("Write what went wrong before publishing.")
    if to == "published" and not _may_publish(postmortem.rollback, by):
        raise Refused("You asked for this rollback: somebody else has to publish its postmortem.")
    if not Postmortem.objects.filter(pk=postmortem.pk, state=old).update(state=to):
        raise Refused("Somebody else moved this postmortem meanwhile. Reload the page.")
    PostmortemMove.objects.create(postmortem=postmortem, old=old, new=to, by=by, at=Now())
    postmortem.refresh_from_db()
    return postmortem


def comment(postmortem: Postmortem, *, by: User, text: str) -> Comment:
    """Say something about it; whoever may read it may do so, also once it is published."""
    if not by.is_active:
        raise Refused("Your account is deactivated.")
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise Refused(f"A comment holds between 1 and {LONGEST_TEXT:,} characters.")
    made = Comment.objects.create(postmortem=postmortem, text=text.strip(), by=by, at=Now())
    made.refresh_from_db()
    return made


def add_item(postmortem: Postmortem, *, by: User, text: str, kind: str, **more: Any) -> ActionItem:
    """Something to do afterwards; see checklist.add_item."""
    return checklist.add_item(postmortem.rollback, by=by, text=text, kind=kind, **more)


def _check(postmortem: Postmortem, texts: dict[str, str]) -> None:
    if unknown := texts.keys() - set(WRITTEN):
        raise Refused(f"A postmortem has no {', '.join(sorted(unknown))}.")
    if any(len(text) > LONGEST_TEXT for text in texts.values()):
        raise Refused(f"Each text holds at most {LONGEST_TEXT:,} characters. Link to the rest.")
    if postmortem.state == "published":
        raise Refused("This postmortem is published. Take it back to review before changing it.")


def _may_publish(rollback: Rollback, by: User) -> bool:
    """Whoever asked for a rollback is not the only one who looked at what it taught."""
    alone = by.pk == rollback.requested_by_id
    return not (alone and snapshot_of(rollback.snapshot).policy.second_person)


def _before_the_end(postmortem: Postmortem, began_at: datetime | None) -> datetime | None:
    ended = postmortem.rollback.finished_at
    if began_at and ended and began_at > ended:
        raise Refused("It cannot have begun after the rollback ended. Look at the date and zone.")
    return began_at


def _keep(postmortem: Postmortem, by: User, autosaved: bool) -> None:
    began = postmortem.began_at
    texts: dict[str, str] = {name: getattr(postmortem, name) for name in WRITTEN}
    texts["began_at"] = began.isoformat() if began else ""
    last = postmortem.versions.first() if autosaved else None
    if last and last.by_id == by.pk and last.at > db_clock.now() - ONE_EDIT:
        postmortem.versions.filter(pk=last.pk).update(number=postmortem.version, texts=texts)
        return
    PostmortemVersion.objects.create(
        postmortem=postmortem, number=postmortem.version, texts=texts, by=by, at=Now()
    )


def _permit(by: User, rollback: Rollback) -> None:
    if not may_do(by, "rollbacks.operate_rollback", rollback):
        raise Refused("You may read postmortems, but not write them. Ask an operator.")
