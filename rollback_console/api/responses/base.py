"""What all shapes share: times, people, pages."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.contrib.auth.models import User
from pydantic import BaseModel, PlainSerializer, WithJsonSchema

from rollback_console.common.people import display_name


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, as events write it."""
    return moment.isoformat(timespec="milliseconds")


Time = Annotated[
    datetime,
    PlainSerializer(iso, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class HiddenCharacterOut(BaseModel):
    """A character that nobody sees, in what is sent raw here: `where` it stands and on which
    `line` of that, its `code` and `name` in Unicode."""

    where: str
    line: int
    code: str
    name: str


class Person(BaseModel):
    """Who."""

    username: str
    name: str


def person(user: User) -> Person:
    """A user as others may see them."""
    return Person(username=user.get_username(), name=display_name(user))
