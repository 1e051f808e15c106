"""What a message says: a title, a few lines and a link. Deciding happens behind the link."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.conf import settings
from django.contrib.auth.models import User

from rollback_console.common.people import display_name
from rollback_console.documents.shell.hidden_characters import show_hidden_in_output
from rollback_console.plans.inventory.masked_values import values_to_mask
from rollback_console.plans.models import Environment
from rollback_console.remote.redaction.redact import Redactor
from rollback_console.rollbacks.events import KINDS, sentence
from rollback_console.rollbacks.execution.view import snapshot_of
from rollback_console.rollbacks.models import Event, Rollback

from .push import people_to_push

LONGEST = 4000

# Where chats would read a call to people, or words that stand for an address: `<address|words>` in
# Slack, `[words](address)` in Markdown. An address by itself stays one.
_CALLS = re.compile(r"(?<=@)(?=everyone|here|channel)|(?<=<)(?=[!@#A-Za-z/])|(?<=\])(?=\()")


@dataclass(frozen=True, slots=True)
class Notice:
    """One message before it is known to whom. `to` are the mail addresses it concerns,
    `people` the numbers of those whose devices ring."""

    cause: str
    topic: str
    kind: str
    environment: Environment
    title: str
    text: str
    link: str
    rollback: Rollback | None = None
    to: tuple[str, ...] = ()
    people: tuple[int, ...] = ()


def link(path: str) -> str:
    """The whole address of a page."""
    return f"{settings.BASE_URL}{path}"


def notice_of(rollback: Rollback, event: Event) -> Notice | None:
    """What others are told of an event; None when its kind belongs to no topic."""
    kind = KINDS.get(event.kind)
    if kind is None or not kind.topic:
        return None
    people = _concerned(event)
    lines = [_first_line(rollback, event), *_about(rollback, kind.topic, people)]
    return Notice(
        cause=f"event:{rollback.pk}:{event.seq}",
        topic=kind.topic,
        kind=event.kind,
        environment=rollback.environment,
        title=f"{kind.opening}: {rollback.title}",
        text="\n".join(line for line in lines if line),
        link=link(f"/rollbacks/{rollback.pk}/"),
        rollback=rollback,
        to=_mails(person for person, _ in people) or _mails([rollback.requested_by]),
        people=people_to_push(rollback, event, kind.topic),
    )


def masked(note: Notice) -> Notice:
    """Without secrets, calls to people in a chat, words that stand for an address, or more than a
    chat takes."""
    secrets = list(values_to_mask(note.environment.pk))
    title = _clean(note.title, secrets).replace("\n", " ")
    text = _clean(note.text, secrets)
    text = text if len(text) <= LONGEST else f"{text[:LONGEST]} …"
    return replace(note, title=f"[{note.environment.name}] {title}"[:200], text=text)


def _first_line(rollback: Rollback, event: Event) -> str:
    if event.kind == "message.sent":
        return str(event.facts.get("text", ""))
    return sentence(event, snapshot_of(rollback.snapshot))


def _about(rollback: Rollback, topic: str, people: list[tuple[User, str]]) -> list[str]:
    lines = [f"Rollback {rollback.pk} of {rollback.service} in {rollback.environment}"]
    if topic in {"decide", "break_glass"}:
        lines += [f"Reason: {rollback.reason}", f"Trigger: {rollback.trigger or 'none named'}"]
    if people:
        lines.append(f"{_TELLS.get(topic, 'For')}: {', '.join(_name(*each) for each in people)}")
    if people and topic == "decide":
        lines.append(f"Until {rollback.expires_at:%H:%M} UTC")
    return lines


_TELLS = {"decide": "Asked now", "break_glass": "Decision makers"}


def _name(person: User, role: str) -> str:
    name = display_name(person)
    return f"{name} ({role})" if role else name


def _concerned(event: Event) -> list[tuple[User, str]]:
    """Whom the event names as those it is for, such as who is asked now; see rollbacks.events."""
    named = event.facts.get("to")
    named = [each for each in named if isinstance(each, dict)] if isinstance(named, list) else []
    users = User.objects.in_bulk([each.get("person") for each in named])
    return [
        (users[each["person"]], str(each.get("role", "")))
        for each in named
        if each.get("person") in users
    ]


def _mails(people: Iterable[User]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.email for each in people if each.is_active and each.email))


def _clean(text: str, secrets: list[str]) -> str:
    redactor = Redactor(secrets)
    shown = redactor.feed(text.encode("utf-8", "replace")) + redactor.flush()
    read = shown.decode("utf-8", "replace")
    clean = show_hidden_in_output(read)
    return _CALLS.sub("\N{ZERO WIDTH SPACE}", clean)
