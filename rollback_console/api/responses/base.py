"""What all shapes share: times, people, pages."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.contrib.auth.models import User
from pydantic import BaseModel, PlainSerializer, WithJsonSchema


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, as events write it."""
    return moment.isoformat(timespec="milliseconds")


Time = Annotated[
    datetime,
    PlainSerializer(iso, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class Person(BaseModel):
    """Who."""

    username: str
    name: str


def person(user: User) -> Person:
    """A user as others may see them."""
    return Person(username=user.get_username(), name=user.get_full_name() or user.get_username())
