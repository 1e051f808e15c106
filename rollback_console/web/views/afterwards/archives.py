"""What leaves a rollback's record and what comes into it: archives, past incidents, lessons."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from rollback_console.audit import kinds
from rollback_console.audit.record import record_change
from rollback_console.plans.errors import PlanError
from rollback_console.postmortems.actions import postmortems
from rollback_console.postmortems.archive import writer
from rollback_console.postmortems.archive.streaming import apart
from rollback_console.postmortems.incidents import importer
from rollback_console.postmortems.incidents.parser import LARGEST
from rollback_console.postmortems.lessons import takeover
from rollback_console.rollbacks.errors import Refused
from rollback_console.web.forms.postmortems import IncidentForm

from ...http.current_user import person
from ...http.lookup import rollback_of
from ...http.rate_limit import costly
from ...http.responses import done, refused
from ...presenters import diffs


def download(request: HttpRequest, number: int) -> HttpResponseBase:
    """Everything of one rollback as one file, made while it is sent."""
    rollback = rollback_of(number)
    try:
        pieces: Iterator[bytes] | AsyncIterator[bytes] = writer.archive(rollback)
    except Refused as error:
        return refused(request, error, "rollback", number=number)
    record_change(kinds.ARCHIVE_EXPORTED, by=person(request), subject=rollback)
    if isinstance(request, ASGIRequest) and isinstance(pieces, Iterator):
        pieces = apart(pieces)
    answer = StreamingHttpResponse(pieces, content_type="application/gzip")
    answer["Content-Disposition"] = f'attachment; filename="{writer.archive_name(rollback)}"'
    answer["Cache-Control"] = "no-store"
    return answer


@costly
def load_incident(request: HttpRequest) -> HttpResponse:
    """Load a past incident; a mistake is named and the page kept."""
    form = IncidentForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data["file"].read(LARGEST + 1)
        try:
            made = importer.load(data, by=person(request))
        except Refused as error:
            form.add_error("file", str(error))
        else:
            message = gettext("Incident loaded. It counts in trends and cannot be run.")
            return done(request, message, "postmortem", number=made.rollback_id)
    status = 422 if form.errors else 200
    return render(request, "postmortems/import.html", {"form": form}, status=status)


def lessons(request: HttpRequest, number: int) -> HttpResponse:
    """What taking over would write into the plan, line by line."""
    try:
        postmortem = postmortems.open_postmortem(rollback_of(number))
        proposal = takeover.proposal(postmortem)
    except (Refused, PlanError) as error:
        return refused(request, error, "postmortem", number=number)
    page = {
        "rollback": postmortem.rollback,
        "proposal": proposal,
        "rows": diffs.lines(proposal.old, proposal.new),
    }
    return render(request, "postmortems/lessons.html", page)


@require_POST
def take_over(request: HttpRequest, number: int) -> HttpResponse:
    """Write it into the plan's next revision."""
    try:
        made = takeover.take_over(
            postmortems.open_postmortem(rollback_of(number)), by=person(request)
        )
    except Refused as error:
        return refused(request, error, "postmortem", number=number)
    message = gettext("Revision {number} of the plan contains the findings.").format(
        number=made.number
    )
    return done(request, message, "changes", slug=made.plan.slug, number=made.number)
