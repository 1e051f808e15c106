"""What access refuses; `str()` of each is a sentence for whoever asked."""

from __future__ import annotations


class AccessError(Exception):
    """An act on people, tokens or factors that cannot be done now."""


class BadToken(AccessError):
    """A token that cannot be made, or that does not open the API."""


class WeakPassword(AccessError):
    """A password that the rules refuse."""


class BadInvitation(AccessError):
    """A link that opens nothing, whatever the reason: whoever guesses learns nothing."""

    def __init__(self) -> None:
        super().__init__(
            "This link does not open anything. It may have expired, been used or been revoked. "
            "Ask the person who sent it for a new one."
        )


class SecondAdminMissing(AccessError):
    """An act that another Admin has to confirm."""
