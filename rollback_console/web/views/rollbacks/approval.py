"""Deciding a request: the page, and what is posted from it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRefresh

from rollback_console.documents.model import Severity
from rollback_console.engine.snapshot import difference
from rollback_console.engine.states import RollbackState
from rollback_console.plans.acknowledgement import ListedFinding, list_findings
from rollback_console.plans.data_loss import cost
from rollback_console.plans.document_cache import document
from rollback_console.plans.errors import NotReady
from rollback_console.plans.readiness import check, queue
from rollback_console.plans.snapshot.step_settings import steps_left_out
from rollback_console.postmortems.trends import estimates
from rollback_console.rollbacks.actions import approvals, requests
from rollback_console.rollbacks.actions.pins import pins_among
from rollback_console.rollbacks.errors import Changed, Refused
from rollback_console.rollbacks.execution.view import snapshot_of
from rollback_console.rollbacks.models import Pin, Rollback
from rollback_console.rollbacks.permissions import rights
from rollback_console.rollbacks.queries import approval_status, rehearsals
from rollback_console.rollbacks.sweeper import readiness_schedule
from rollback_console.web.forms.deciding import BreakGlassForm, DecisionForm, RejectionForm

from ...authentication.step_up import step_up
from ...http.current_user import person
from ...http.lookup import rollback_of
from ...http.rate_limit import costly
from ...http.responses import done, refused
from ...presenters.steps.step_track import no_return, stations

AGAIN = (RollbackState.REJECTED, RollbackState.EXPIRED, RollbackState.WITHDRAWN)
"""What ended before anything ran, and may be asked for once more."""


def page(
    request: HttpRequest,
    rollback: Rollback,
    by: User,
    form: DecisionForm | None = None,
    glass_form: BreakGlassForm | None = None,
) -> HttpResponse:
    """Everything a decision needs, and the buttons for those who may press them.

    A page that asks for news is loaded anew once what it `shown` is not what would run.
    """
    deciding, drift = approval_status.deciding_of(rollback, by), _drift(rollback)
    shown = f"{rollback.snapshot_sha256[:12]}{'-changed' if drift else ''}"
    if getattr(request, "htmx", False) and request.GET.get("shown", shown) != shown:
        return HttpResponseClientRefresh()
    pinned = _pins_of_target(rollback)
    facts = {
        "shown": shown,
        "rollback": rollback,
        "deciding": deciding,
        "snapshot": deciding.snapshot,
        "stations": stations(deciding.snapshot),
        "danger": no_return(deciding.snapshot),
        "left_out": steps_left_out(rollback.revision, deciding.snapshot),
        "findings": _findings_to_read(rollback),
        "authors_range": estimates.authors(document(rollback.revision), deciding.snapshot),
        "form": form or _form(rollback),
        "pinned": pinned,
        "glass_form": glass_form or BreakGlassForm(rollback),
        "changes": _since_last(deciding),
        "drift": drift,
        "drift_words": approvals.changes_in_words(rollback) if drift else [],
        "readiness": check.latest(rollback.revision, rollback.snapshot_sha256),
        "costing": cost.costing(rollback.revision, deciding.snapshot),
        "rehearsal": rehearsals.last(rollback.revision.plan, deciding.snapshot),
        "rehearsed_in": list(rollback.environment.rehearsals.all()),
        "asking": queue.open_asking(rollback.revision, rollback.snapshot_sha256),
        "asks_hosts": (RollbackState.REQUESTED, RollbackState.APPROVED),
        "takes_questions": rollback.state in (RollbackState.REQUESTED, RollbackState.APPROVED),
        "asks_again": AGAIN,
        "mine": rollback.requested_by_id == by.pk,
    }
    status = 422 if form or glass_form else 200
    return render(request, "rollbacks/approval.html", facts, status=status)


@require_POST
@step_up("approve rollback {number}")
def approve(request: HttpRequest, number: int) -> HttpResponse:
    """Say yes to the snapshot whose hash the page showed."""
    rollback, by = rollback_of(number), person(request)
    form = _form(rollback, request.POST)
    if not form.is_valid() and not rights.why_not(rollback, by, seen=rollback.snapshot_sha256):
        return page(request, rollback, by, form)
    seen, note = request.POST.get("snapshot_sha256", ""), request.POST.get("note", "")
    try:
        approvals.approve(rollback, by=by, snapshot_sha256=seen, note=note)
    except Changed as error:
        return changed(request, rollback, error)
    except Refused as error:
        return refused(request, error, "rollback", number=number)
    return done(request, gettext("You approved this rollback."), "rollback", number=number)


@require_POST
def reject(request: HttpRequest, number: int) -> HttpResponse:
    """Say no, with the reason."""
    rollback, by = rollback_of(number), person(request)
    form = RejectionForm(request.POST)
    form.is_valid()
    try:
        approvals.reject(
            rollback,
            by=by,
            snapshot_sha256=form.cleaned_data.get("snapshot_sha256", ""),
            reason=form.cleaned_data.get("note", ""),
        )
    except Changed as error:
        return changed(request, rollback, error)
    except Refused as error:
        return refused(request, error, "rollback", number=number)
    return done(
        request, gettext("Rejected. The requester can see your reason."), "rollback", number=number
    )


@require_POST
def withdraw(request: HttpRequest, number: int) -> HttpResponse:
    """Take one's own request back."""
    return _simple(request, number, requests.withdraw, gettext("Request withdrawn. Nothing ran."))


@require_POST
def start(request: HttpRequest, number: int) -> HttpResponse:
    """Start an approved rollback whose first start was refused."""
    return _simple(request, number, requests.start, gettext("Starting."))


@require_POST
@permission_required("rollbacks.request_rollback", raise_exception=True)
@costly
def ask_hosts(request: HttpRequest, number: int) -> HttpResponse:
    """Have a worker ask every host whether this would work, and what it would cost."""
    rollback = rollback_of(number)
    readiness_schedule.ask_hosts(
        rollback.revision, rollback.choices, why="person", by=person(request)
    )
    return done(request, gettext("Preflight checks started."), "rollback", number=number)


@require_POST
def renew(request: HttpRequest, number: int) -> HttpResponse:
    """Refresh the request; earlier approvals are void."""
    try:
        requests.renew(rollback_of(number), by=person(request))
    except (NotReady, Refused) as error:
        return refused(request, error, "rollback", number=number)
    sentence = gettext("Request refreshed. It needs every approval again.")
    return done(request, sentence, "rollback", number=number)


def changed(request: HttpRequest, rollback: Rollback, error: Changed) -> HttpResponse:
    """409: what they saw is not what would run; here is the difference."""
    facts = {"rollback": rollback, "error": error, "changes": error.changes}
    return render(request, "rollbacks/changed.html", facts, status=409)


def _simple(request: HttpRequest, number: int, service: Any, sentence: str) -> HttpResponse:
    try:
        service(rollback_of(number), by=person(request))
    except Refused as error:
        return refused(request, error, "rollback", number=number)
    return done(request, sentence, "rollback", number=number)


def _drift(rollback: Rollback) -> list[tuple[str, Any, Any]]:
    waits = rollback.state in (RollbackState.REQUESTED, RollbackState.APPROVED)
    return approvals.drift(rollback) if waits else []


def _form(rollback: Rollback, data: Any = None) -> DecisionForm:
    costing = cost.costing(rollback.revision, snapshot_of(rollback.snapshot))
    impossible = rollback.state == RollbackState.REQUESTED and bool(costing.impossible)
    pinned = bool(_pins_of_target(rollback))
    return DecisionForm(rollback, data, pinned=pinned, impossible=impossible)


def _pins_of_target(rollback: Rollback) -> list[Pin]:
    """Pins on the version that the request goes back to, while that can still be decided."""
    if rollback.state != RollbackState.REQUESTED:
        return []
    return pins_among(rollback.service, snapshot_of(rollback.snapshot).parameters.values())


def _findings_to_read(rollback: Rollback) -> list[ListedFinding]:
    """What reading the plan found and who acknowledged it; of mere notes those acknowledged."""
    findings = list_findings(rollback.revision)
    findings_to_read = [
        one for one in findings if one.acknowledgement or one.finding.severity is not Severity.NOTE
    ]
    return sorted(findings_to_read, key=lambda one: one.acknowledgement is not None)


def _since_last(deciding: approval_status.Deciding) -> list[tuple[str, Any, Any]] | None:
    if deciding.last is None:
        return None
    return difference(snapshot_of(deciding.last.snapshot), deciding.snapshot)
