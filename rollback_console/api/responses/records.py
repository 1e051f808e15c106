"""What is on record about a rollback or a service: events, messages, answers, pins."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from rollback_console.rollbacks.events import sentence
from rollback_console.rollbacks.models import Event, Message, Pin, StepAnswer

from .base import Person, Time, person


class EventOut(BaseModel):
    """One fact; `text` tells it as a sentence.

    `sha256` covers all but `text`, and `previous`, the hash of the fact before.
    """

    seq: int
    kind: str
    by: Person | None
    at: str
    text: str
    facts: dict[str, Any]
    previous: str
    sha256: str


class EventPage(BaseModel):
    """Facts in order. `next` is the `after` of the next page, null when there is none yet."""

    items: list[EventOut]
    next: int | None
    last_seq: int


class MessageOut(BaseModel):
    """A message that was put on record."""

    text: str
    recipients: str
    by: Person | None
    at: Time


class AnswerOut(BaseModel):
    """What a person said about a step; `kind` is what they had been asked."""

    position: int
    number: str
    kind: str
    answer: str
    note: str
    by: Person
    at: Time


class PinOut(BaseModel):
    """A version that must not be deployed again, until it is lifted."""

    id: int
    service: str
    version: str
    reason: str
    rollback: int | None
    by: Person
    at: Time
    lifted_at: Time | None


def event_out(event: Event) -> EventOut:
    """A fact."""
    return EventOut(
        seq=event.seq,
        kind=event.kind,
        by=person(event.by) if event.by else None,
        at=event.at,
        text=sentence(event),
        facts=event.facts,
        previous=event.previous,
        sha256=event.sha256,
    )


def message_out(message: Message) -> MessageOut:
    """A message."""
    return MessageOut(
        text=message.text,
        recipients=message.recipients,
        by=person(message.by) if message.by else None,
        at=message.at,
    )


def answer_out(given: StepAnswer) -> AnswerOut:
    """An answer."""
    return AnswerOut(
        position=given.position,
        number=given.rollback.number_of(given.position),
        kind=given.kind,
        answer=given.answer,
        note=given.reason,
        by=person(given.by),
        at=given.at,
    )


def pin_out(pin: Pin) -> PinOut:
    """A pin."""
    return PinOut(
        id=pin.pk,
        service=pin.service.slug,
        version=pin.version,
        reason=pin.reason,
        rollback=pin.rollback_id,
        by=person(pin.by),
        at=pin.at,
        lifted_at=pin.lifted_at,
    )
