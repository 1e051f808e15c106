"""The one door: every route behind it, every answer a JSON document or a problem."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.response import HttpResponseBase, HttpResponseNotAllowed
from django.views.decorators.csrf import csrf_exempt

from . import idempotency
from .errors import error_mapping
from .errors.problems import KINDS, Problem, respond
from .openapi import Api
from .routes import (
    archives,
    checklists,
    configuration,
    deciders,
    deciding,
    deployments,
    logs,
    pins,
    plans,
    postmortems,
    proposals,
    rollbacks,
    steering,
    trends,
)
from .routes.admin import inventory, people

View = Callable[..., HttpResponseBase]

api = Api(
    title="Rollback Console",
    version="1",
    description="Plans, rollbacks, their events and logs, and what was learned. A token acts as "
    "its user, within its scopes; sessions are not looked at.",
    docs_url=None,
    urls_namespace="api",
)
error_mapping.install(api)
api.add_decorator(idempotency.make_idempotent, mode="operation")
for noun in (
    plans,
    rollbacks,
    deciding,
    deciders,
    steering,
    logs,
    postmortems,
    pins,
    trends,
    archives,
    proposals,
    checklists,
    deployments,
    configuration,
    people,
    inventory,
):
    api.add_router("", noun.router)


def behind(view: View) -> View:
    """`view` without session and CSRF, whose body fits, and whose errors are problems."""

    @login_not_required
    @csrf_exempt
    @wraps(view)
    def entered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            if (problem := _unfit(request)) is not None:
                return respond(request, problem)
            response = view(request, *args, **kwargs)
        except Http404 as error:
            return nothing_here(request, str(error))
        return _explained(request, response)

    return entered


def nothing_here(request: HttpRequest, detail: str = "") -> HttpResponse:
    """404 for every address that names no route."""
    known = "There is nothing at this address. /api/v1/openapi.json lists what there is."
    return respond(request, Problem("not-found", detail or known))


def describe_problem(request: HttpRequest, kind: str) -> HttpResponse:
    """What the `type` of a problem leads to."""
    if kind not in KINDS:
        raise Http404(f"No problem is called {kind}.")
    status, title = KINDS[kind]
    return JsonResponse({"kind": kind, "status": status, "title": title})


def _unfit(request: HttpRequest) -> Problem | None:
    try:
        _ = request.body
    except RequestDataTooBig:
        return Problem("too-large", "A request holds at most 1 MiB; a plan document 256 KiB.")
    except UnreadablePostError:
        return Problem("malformed", "The body broke off. Send it again.")
    return None


def _explained(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    response.headers.setdefault("Cache-Control", "no-store")
    if not isinstance(response, HttpResponseNotAllowed):
        return response
    allowed = response.headers["Allow"]
    detail = f"This address takes {allowed}, not {request.method}."
    return respond(request, Problem("method-not-allowed", detail, headers={"Allow": allowed}))
