"""What is sent, by which rules, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one place.

    `url` is `https://...` for a signed webhook, whose body is `payload` as JSON signed with
    `secret`; anything else is an Apprise URL, told `title` and `text`. `to` are mail addresses
    beside those in a `mailto` URL. `number` names the delivery: a repeated one is the same.
    """

    url: str
    number: str
    title: str = ""
    text: str = ""
    payload: dict[str, Any] = field(default_factory=dict)
    secret: str = ""
    to: tuple[str, ...] = ()

    @property
    def signed(self) -> bool:
        """Whether it is a webhook of our own."""
        return is_webhook(self.url)


@dataclass(frozen=True, slots=True)
class Push:
    """One notification to one browser at its push service.

    `public_key` and `auth` are the browser's; `secret` is the console's private key in PEM and
    `subject` whom the push service may write to about it.
    """

    url: str
    public_key: str
    auth: str
    secret: str
    subject: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rules:
    """`allowed` are networks in CIDR form that are reachable though they are not public;
    `seconds` is what one message may take; `ca_file` replaces the system's authorities."""

    allowed: tuple[str, ...] = ()
    seconds: float = 15.0
    ca_file: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """`problem` is a sentence, "" when the other side took the message."""

    problem: str = ""

    @property
    def taken(self) -> bool:
        """Whether the other side said that it has it."""
        return not self.problem


def is_webhook(url: str) -> bool:
    """Whether a URL is one that we post to ourselves."""
    return url.lower().startswith(("https://", "http://"))
