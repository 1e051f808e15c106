"""Ending the sessions of a person."""

from __future__ import annotations

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.utils import timezone


def end_sessions(person: User, *, but: str | None = None) -> int:
    """Sign a person out everywhere, except from the session with the key `but`.

    Returns how many ended. A session names its person inside its signed data, so that every
    one that has not expired is opened.
    """
    alive = Session.objects.filter(expire_date__gt=timezone.now()).exclude(session_key=but or "")
    theirs = [
        row.session_key
        for row in alive.iterator()
        if row.get_decoded().get(SESSION_KEY) == str(person.pk)
    ]
    Session.objects.filter(session_key__in=theirs).delete()
    return len(theirs)
