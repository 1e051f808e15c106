"""Past incidents as JSON: loading one, and writing a rollback as one. docs/postmortems.md has
the format."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now
from django.utils.text import slugify

from rollback_console.common.permission import may_do
from rollback_console.engine.snapshot import Snapshot, StepSpec
from rollback_console.plans.actions.plans import import_document
from rollback_console.plans.models import Environment, Plan, Revision, Service
from rollback_console.rollbacks.actions import history
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.events import actor
from rollback_console.rollbacks.execution.view import snapshot_of
from rollback_console.rollbacks.models import Rollback

from ..models import Import, Postmortem
from ..trends.record import measure
from .parser import FORMAT, Incident, parse_incident


@transaction.atomic
def load(data: bytes, *, by: User) -> Postmortem:
    """Keep a past incident with a draft of its postmortem. Raises Refused with what is wrong.

    It belongs to the plan that the file names; where it names none, a plan of its steps is
    made, which holds no command and can never run.
    """
    if not may_do(by, "plans.add_plan"):
        raise Refused("You may not load past incidents. Ask an operator.")
    sha256 = hashlib.sha256(data).hexdigest()
    if known := Import.objects.filter(sha256=sha256).first():
        raise Refused(f"This file was loaded already: it is rollback {known.rollback_id}.")
    incident = parse_incident(data)
    revision = _revision(incident, by)
    rollback = history.load_history(
        revision,
        by=by,
        title=incident.title,
        reason=incident.reason,
        trigger=incident.trigger,
        state=incident.state,
        snapshot=_snapshot(incident, revision),
        past=incident.events,
        source_sha256=sha256,
    )
    Import.objects.create(rollback=rollback, sha256=sha256, by=by, at=Now())
    postmortem = Postmortem.objects.create(rollback=rollback, began_at=incident.began_at)
    measure(rollback)
    return postmortem


def as_incident(rollback: Rollback) -> dict[str, Any]:
    """The rollback in the format that `load` takes, for another console."""
    snapshot = snapshot_of(rollback.snapshot)
    began = Postmortem.objects.filter(rollback=rollback).values_list("began_at", flat=True).first()
    return {
        "format": FORMAT,
        "title": rollback.title,
        "service": snapshot.service,
        "environment": snapshot.environment,
        "procedure": snapshot.procedure,
        "reason": rollback.reason,
        "trigger": rollback.trigger,
        "state": rollback.state,
        "began_at": began.isoformat() if began else None,
        "steps": [{"title": step.title, "time_limit": step.time_limit} for step in snapshot.steps],
        "events": [
            {
                "at": event.at,
                "kind": event.kind,
                "by": actor(event),
                "facts": {
                    name: value
                    for name, value in event.facts.items()
                    if name not in {"said_by", "imported"}
                },
            }
            for event in rollback.events.select_related("by").order_by("seq")
        ],
    }


def _revision(incident: Incident, by: User) -> Revision:
    if incident.plan:
        revision = Revision.objects.filter(plan__slug=incident.plan).order_by("-number").first()
        if revision is None:
            raise Refused(f"There is no plan {incident.plan}. Correct `plan`, or leave it out.")
        return revision
    service = Service.objects.filter(slug=incident.service).first()
    place = Environment.objects.filter(slug=incident.environment).first()
    if service is None or place is None:
        raise Refused(
            f"There is no service “{incident.service}” or no environment "
            f"“{incident.environment}”. Make it first, or name a `plan`."
        )
    return _made(incident, service, place, by)


def _made(incident: Incident, service: Service, place: Environment, by: User) -> Revision:
    """The plan that holds this service's loaded incidents of that title."""
    title = f"{incident.title} (loaded)"[:200]
    slug = slugify(f"{service.slug} {place.slug} {title}")[:120].strip("-")
    if plan := Plan.objects.filter(slug=slug).first():
        return plan.revisions.order_by("-number")[0]
    return import_document(
        _document(incident).encode(),
        by=by,
        service=service,
        environment=place,
        title=title,
        note="Loaded from a past incident",
    )


def _document(incident: Incident) -> str:
    steps = "".join(
        f"\n### Step {number}: {_plain(step.title)}\n\nDone in a past incident.\n"
        for number, step in enumerate(incident.steps, start=1)
    )
    return f"# {_plain(incident.title)}\n\n## Rollback Steps\n{steps}"


def _plain(text: str) -> str:
    """On one line, and nothing in it Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", " ".join(text.split()))


def _snapshot(incident: Incident, revision: Revision) -> Snapshot:
    plan = revision.plan
    return Snapshot(
        plan=plan.slug,
        revision=revision.number,
        revision_sha256=revision.sha256,
        title=incident.title,
        service=plan.service.slug,
        environment=plan.environment.slug,
        production=plan.environment.is_production,
        procedure=incident.procedure,
        steps=tuple(
            StepSpec(position, step.title, kind="manual", time_limit=step.time_limit)
            for position, step in enumerate(incident.steps, start=1)
        ),
        hosts=(),
    )
