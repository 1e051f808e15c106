"""What is posted about a request besides yes and no: questions, nudges, break-glass."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from rollback_console.rollbacks.actions import approvals, break_glass
from rollback_console.rollbacks.errors import Changed, Refused
from rollback_console.web.forms.deciding import BreakGlassForm

from ...authentication.step_up import step_up
from ...http.current_user import person
from ...http.lookup import rollback_of
from ...http.responses import done, refused
from . import approval


@require_POST
def ask_question(request: HttpRequest, number: int) -> HttpResponse:
    """Put a question into the timeline."""
    try:
        approvals.ask_question(
            rollback_of(number), by=person(request), text=request.POST.get("text", "")
        )
    except Refused as error:
        return refused(request, error, "rollback", number=number)
    return done(request, gettext("Question posted."), "rollback", number=number)


@require_POST
def answer_question(request: HttpRequest, number: int, question: int) -> HttpResponse:
    """Answer a question."""
    rollback, text = rollback_of(number), request.POST.get("text", "")
    try:
        approvals.answer_question(rollback, question=question, by=person(request), text=text)
    except Refused as error:
        return refused(request, error, "rollback", number=number)
    return done(request, gettext("Answer posted."), "rollback", number=number)


@require_POST
def nudge(request: HttpRequest, number: int) -> HttpResponse:
    """Ask those who decide once more."""
    try:
        nudge_event = approvals.nudge(rollback_of(number), by=person(request))
    except Refused as error:
        return refused(request, error, "rollback", number=number)
    names = ", ".join(each["name"] for each in nudge_event.facts["to"])
    return done(
        request, gettext("Reminder sent to {names}.").format(names=names), "rollback", number=number
    )


@require_POST
@step_up("start rollback {number} without approval")
def start_without_approval(request: HttpRequest, number: int) -> HttpResponse:
    """Start it without the approvals it needs."""
    rollback, by = rollback_of(number), person(request)
    form = BreakGlassForm(rollback, request.POST)
    if not form.is_valid() and not break_glass.why_not(rollback, by):
        return approval.page(request, rollback, by, glass_form=form)
    seen, reason = request.POST.get("snapshot_sha256", ""), request.POST.get("reason", "")
    try:
        break_glass.break_glass(rollback, by=by, snapshot_sha256=seen, reason=reason)
    except Changed as error:
        return approval.changed(request, rollback, error)
    except Refused as error:
        return refused(request, error, "rollback", number=number)
    sentence = gettext(
        "Starting without approval. All decision makers of this environment are notified."
    )
    return done(request, sentence, "rollback", number=number)


@require_POST
@step_up("close the review of rollback {number}")
def review(request: HttpRequest, number: int) -> HttpResponse:
    """Close the review of a start without approval."""
    rollback, finding = rollback_of(number), request.POST.get("finding", "")
    try:
        break_glass.close_review(rollback, by=person(request), finding=finding)
    except Refused as error:
        return refused(request, error, "rollback", number=number)
    return done(request, gettext("Review closed."), "rollback", number=number)
