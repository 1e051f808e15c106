"""Where monitoring proposes rollbacks and pipelines tell of deployments: each integration has
one address, behind its secret.

Not a route of the REST door: its bodies are those of Alertmanager, GitHub and others, and its
secret opens this address alone. docs/messages.md and docs/deployments.md describe it.
"""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase, HttpResponseNotAllowed

from rollback_console.deployments import pipeline_events
from rollback_console.deployments.actions import pipelines
from rollback_console.proposals import alert_parsers, authentication
from rollback_console.proposals.actions import integrations, proposals
from rollback_console.proposals.models import Integration
from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.errors import Refused

from .errors.problems import Problem, respond

LARGEST = 256 * 1024
"""Bytes of a body."""


def receive(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """Take what an integration sends: 202 with the proposals that stand for its alerts."""
    if request.method not in {"POST", "PUT"}:
        return HttpResponseNotAllowed(["POST", "PUT"])
    try:
        return _taken(request, key)
    except (alert_parsers.Unreadable, pipeline_events.UnreadableEvent) as error:
        return respond(request, Problem("malformed", str(error)))
    except Refused as error:
        return respond(request, Problem("refused", str(error)))
    except Problem as problem:
        return respond(request, problem)


def _taken(request: HttpRequest, key: UUID) -> HttpResponse:
    body = request.body
    if len(body) > LARGEST:
        raise Problem("too-large", "A body holds at most 256 KiB. Group fewer alerts together.")
    integration = Integration.objects.select_related("environment", "plan").filter(key=key).first()
    now = db_clock.now()
    if why := authentication.problem(integration, request.headers, body, now.timestamp()):
        raise Problem("unauthenticated", why, headers=_CHALLENGE)
    assert integration is not None  # noqa: S101  entrance believes nobody whom it does not know
    if not integrations.count_call(integration, now):
        raise Problem("too-many", _TOO_MANY, headers={"Retry-After": "60"})
    if integration.kind in pipeline_events.KINDS:
        return _taken_deployment(integration, body)
    made = proposals.take_alerts(integration, alert_parsers.parse_alerts(integration.kind, body))
    return JsonResponse({"proposals": [each.pk for each in made]}, status=202)


def _taken_deployment(integration: Integration, body: bytes) -> HttpResponse:
    """202 also for what says nothing about a deployment there: senders send all they have."""
    event = pipeline_events.parse_event(integration.kind, body)
    made = pipelines.take_event(integration, event) if event else None
    return JsonResponse({"deployments": [made.pk] if made else []}, status=202)


_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Rollback Console integration"'}
_TOO_MANY = f"An integration sends at most {integrations.MANY} bodies a minute. Group alerts."
