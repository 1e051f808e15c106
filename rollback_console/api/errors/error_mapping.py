"""From what services and the framework raise to problems."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from rollback_console.access.errors import AccessError
from rollback_console.audit.stale_edit import StaleEdit
from rollback_console.plans.errors import NotConfirmed, NotReady, PlanError, UnreadablePlan
from rollback_console.rollbacks.errors import Changed, RollbackError

from .problems import Problem, respond

log = logging.getLogger(__name__)

REFUSALS = (Problem, RollbackError, PlanError, StaleEdit, AccessError, PermissionDenied, Http404)
"""What a route raises on purpose: nothing was done, or what was done is on record."""


def install(api: NinjaAPI) -> None:
    """Have `api` answer every exception with a problem, never with a stack trace."""
    for kind, translate in _TRANSLATIONS.items():
        api.add_exception_handler(kind, _handler(translate))


def _handler(translate: Callable[[Any], Problem]) -> Callable[[HttpRequest, Any], HttpResponse]:
    return lambda request, error: respond(request, translate(error))


def _changed(error: Changed) -> Problem:
    changes = [{"path": path, "old": old, "new": new} for path, old, new in error.changes]
    return Problem("changed", str(error), changes=changes)


def _invalid(error: ValidationError) -> Problem:
    wrong = [{"pointer": _pointer(each["loc"]), "detail": each["msg"]} for each in error.errors]
    first = f"{wrong[0]['pointer']}: {wrong[0]['detail']}" if wrong else ""
    more = f" ({len(wrong) - 1} more in `errors`)" if len(wrong) > 1 else ""
    return Problem("invalid", f"{first}{more}", errors=wrong)


def _pointer(place: tuple[Any, ...]) -> str:
    # ("body", "body", "reason"): where it stands, our argument's name, and the way inside.
    inside = place[2:] if place[:1] == ("body",) else place[1:]
    return "/".join([f"#/{place[0]}", *(str(each) for each in inside)])


def _framework(error: HttpError) -> Problem:
    if error.status_code == 401:
        return Problem("unauthenticated", "Send `Authorization: Bearer TOKEN`.", headers=CHALLENGE)
    return Problem("malformed", "The body is not JSON. Send one JSON object in UTF-8.")


CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Rollback Console"'}


def _missing(error: Http404) -> Problem:
    return Problem("not-found", str(error) or "There is nothing at this address.")


def _unconfirmed(error: NotConfirmed) -> Problem:
    address = f"{settings.ORIGIN}{reverse('arrange', args=[error.plan.slug])}"
    return Problem("not-confirmed", str(error), confirm_at=address)


def _denied(error: PermissionDenied) -> Problem:
    return Problem("forbidden", str(error) or "You may not do this. Ask an admin for the right.")


def _database(error: Exception) -> Problem:
    log.error("The database did not answer a request.", exc_info=error)
    return Problem(
        "unavailable",
        "The database does not answer. Nothing was done; try again in a moment.",
        headers={"Retry-After": "2"},
    )


def _unexpected(error: Exception) -> Problem:
    incident = str(uuid.uuid4())
    log.error("A request failed unexpectedly, incident %s.", incident, exc_info=error)
    return Problem(
        "internal",
        f"This is a fault of the console. Tell its admin the incident {incident}, which is in the "
        "log, and look at what happened before you try again.",
        incident=incident,
    )


_TRANSLATIONS: dict[type[Exception], Callable[[Any], Problem]] = {
    Problem: lambda error: error,
    Changed: _changed,
    StaleEdit: lambda error: Problem("changed", str(error)),
    RollbackError: lambda error: Problem("refused", str(error)),
    NotConfirmed: _unconfirmed,
    NotReady: lambda error: Problem("not-ready", str(error), problems=error.problems),
    AccessError: lambda error: Problem("refused", str(error)),
    UnreadablePlan: lambda error: Problem("unreadable-plan", str(error)),
    PlanError: lambda error: Problem("refused", str(error)),
    PermissionDenied: _denied,
    Http404: _missing,
    ValidationError: _invalid,
    HttpError: _framework,
    OperationalError: _database,
    InterfaceError: _database,
    Exception: _unexpected,
}
