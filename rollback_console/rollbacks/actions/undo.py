"""Asking that a rollback itself be undone: a request like any other, for the dump it took."""

from __future__ import annotations

from dataclasses import asdict

from django.contrib.auth.models import User

from rollback_console.engine.states import TERMINAL

from .. import database_dumps
from ..errors import Refused
from ..models import Rollback
from . import request


def revert(rollback: Rollback, *, by: User, reason: str) -> Rollback:
    """Ask for the rollback that puts the database back as it was before this one.

    Raises Refused while it runs or where it took no dump, and what `services.request` raises.
    """
    if rollback.state not in TERMINAL:
        raise Refused("This rollback has not ended. Undo its steps where it asks, or abort it.")
    if not (kept := database_dumps.of(rollback)):
        raise Refused("This rollback took no dump, so there is nothing to put back.")
    dump = {key: value for key, value in asdict(kept[0]).items() if key in _FACTS}
    choices = {"restores": {"rollback": rollback.pk, **dump}}
    return request.request(rollback.revision, by=by, reason=reason, choices=choices)


_FACTS = {"host", "path", "sha256"}
