"""Which processes are alive, as far as the database has heard."""

from __future__ import annotations

import logging
import os
import socket
import threading
from datetime import timedelta

from django.conf import settings
from django.db import Error, close_old_connections
from django.db.models.functions import Now

from .. import db_clock
from ..models import ProcessSeen

log = logging.getLogger(__name__)

FRESH = timedelta(seconds=30)
EVERY = 10.0


def say_alive(role: str) -> None:
    """Note that this process, a `worker` or a `sweeper`, is alive."""
    name = f"{_here(role)}{os.getpid()}"
    ProcessSeen.objects.update_or_create(
        name=name, defaults={"role": role, "zones": settings.ZONES, "at": Now()}
    )
    ProcessSeen.objects.filter(at__lt=db_clock.later(timedelta(days=-1))).delete()


def seen() -> dict[str, bool]:
    """Whether a worker and the sweeper were heard of within 30 seconds."""
    recent = ProcessSeen.objects.filter(at__gte=db_clock.later(-FRESH))
    roles = set(recent.values_list("role", flat=True))
    return {role: role in roles for role in ("worker", "sweeper")}


def seen_here(role: str) -> bool:
    """Whether one of that role was heard of within 30 seconds from this host or container."""
    recent = ProcessSeen.objects.filter(at__gte=db_clock.later(-FRESH))
    return recent.filter(name__startswith=_here(role)).exists()


def keep_saying(role: str, stop: threading.Event) -> None:
    """Say so every 10 seconds in a thread until `stop` is set."""
    threading.Thread(target=_say_until, args=(role, stop), name="alive", daemon=True).start()


def _say_until(role: str, stop: threading.Event) -> None:
    while True:
        try:
            close_old_connections()
            say_alive(role)
        except Error as error:
            log.warning("Could not say that this %s is alive: %s", role, error)
        if stop.wait(EVERY):
            return


def _here(role: str) -> str:
    return f"{role} {socket.gethostname()}:"
