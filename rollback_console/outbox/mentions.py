"""Those whom a note, a comment or a postmortem mentions with `@name` are notified, once each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.contrib.auth.models import User

from rollback_console.common.mentions import mentioned_names
from rollback_console.common.people import display_name
from rollback_console.postmortems.actions.postmortems import WRITTEN
from rollback_console.postmortems.models import Comment, Postmortem
from rollback_console.rollbacks.models import Event, Rollback

from .messages import Notice, link

TOPIC = "mentions"
_LOOKS_BACK = timedelta(days=2)
_STILL = timedelta(minutes=1)
"""A text that saves itself while it is written mentions somebody once it rests."""


def mentions_in_note(rollback: Rollback, event: Event) -> Iterator[Notice]:
    """One notice for each person whom a note on the timeline mentions."""
    if event.kind == "note.added":
        text = str(event.facts.get("text", ""))
        yield from _notices(rollback, f"note:{rollback.pk}:{event.seq}", text, event.by)


def find_mentions(now: datetime) -> Iterator[Notice]:
    """One notice a person and text, of comments and postmortems."""
    since = now - _LOOKS_BACK
    comments = Comment.objects.filter(at__gte=since, text__contains="@")
    for comment in comments.select_related("by", *_of("postmortem__rollback")):
        rollback = comment.postmortem.rollback
        cause = f"comment:{comment.pk}"
        yield from _notices(rollback, cause, comment.text, comment.by, "postmortem/")
    written = Postmortem.objects.filter(edited_at__gte=since, edited_at__lte=now - _STILL)
    for each in written.select_related("edited_by", *_of("rollback")):
        text = "\n\n".join(getattr(each, name) for name in WRITTEN)
        cause = f"postmortem:{each.pk}"
        yield from _notices(each.rollback, cause, text, each.edited_by, "postmortem/")


def _of(rollback: str) -> tuple[str, ...]:
    return f"{rollback}__environment", f"{rollback}__service"


def _notices(
    rollback: Rollback, cause: str, text: str, writer: User | None, page: str = ""
) -> Iterator[Notice]:
    names = mentioned_names(text)
    people = User.objects.filter(username__in=names, is_active=True) if names else ()
    for person in people:
        if person != writer:
            yield Notice(
                cause=f"mention:{cause}:{person.pk}",
                topic=TOPIC,
                kind="person.mentioned",
                environment=rollback.environment,
                title=f"{display_name(writer, nobody='Somebody')} mentions "
                f"{display_name(person)}: {rollback.title}",
                text=f"{_paragraph(text, person.username)}\n\n"
                f"Rollback {rollback.pk} of {rollback.service} in {rollback.environment}",
                link=link(f"/rollbacks/{rollback.pk}/{page}"),
                rollback=rollback,
                to=(person.email,) if person.email else (),
                people=(person.pk,),
            )


def _paragraph(text: str, name: str) -> str:
    """The first paragraph in which somebody is mentioned."""
    paragraphs = (each.strip() for each in text.split("\n\n"))
    return next((each for each in paragraphs if name in mentioned_names(each)), "")
