"""Masking by hand a text that slipped through into logs or events."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, ngettext

from rollback_console.rollbacks.actions.redactions import redact_text, why_not_redact
from rollback_console.rollbacks.errors import Refused
from rollback_console.web.forms.redaction import RedactionForm

from ...authentication.step_up import step_up
from ...http.current_user import person
from ...http.lookup import rollback_of
from ...http.responses import done


@step_up("mask a text in rollback {number}", looking_too=True)
def redactions(request: HttpRequest, number: int) -> HttpResponse:
    """GET asks for the text and the reason; POST masks it."""
    rollback, by = rollback_of(number), person(request)
    if why := why_not_redact(rollback, by):
        raise PermissionDenied(why)
    form = RedactionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            event = redact_text(rollback, by=by, **form.cleaned_data)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            sentence = gettext("Masked {bytes} bytes of log and {texts}.").format(
                bytes=event.facts["bytes"], texts=_texts(event.facts)
            )
            return done(request, sentence, "rollback", number=number)
    status = 422 if form.errors else 200
    page = {"rollback": rollback, "form": form}
    return render(request, "rollbacks/redact.html", page, status=status)


def _texts(facts: dict[str, object]) -> str:
    events = facts["events"]
    number = len(events) if isinstance(events, dict) else 0
    return ngettext("{} event", "{} events", number).format(number)
