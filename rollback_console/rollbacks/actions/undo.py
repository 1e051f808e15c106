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

    Raises Refused while it runs or where no dump of its own is on record, and what
    `request.request` raises.
    """
    if rollback.state not in TERMINAL:
        raise Refused("This rollback has not ended. Undo its steps where it asks, or abort it.")
    if (dump := database_dumps.dump_to_restore(rollback)) is None:
        raise Refused(f"{database_dumps.why_no_restore(rollback)} There is nothing to put back.")
    values = {key: value for key, value in asdict(dump).items() if key in _FROZEN}
    choices = {"restores": {"rollback": rollback.pk, **values}}
    return request.request(rollback.revision, by=by, reason=reason, choices=choices)


_FROZEN = frozenset({"host", "path", "size", "sha256"})
