"""What others are told of a rollback: messages, how often, and the page behind a secret link."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from rollback_console.postmortems.models import StatusLink
from rollback_console.postmortems.stakeholders import cadence, messages, status_page
from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.actions import steering
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.models import Rollback
from rollback_console.web.forms.postmortems import CadenceForm, LinkForm, MessageForm

from ...http.current_user import person
from ...http.lookup import rollback_of
from ...http.rate_limit import costly
from ...http.responses import done, refused

_APART = {
    "Cache-Control": "no-store",
    # The address is the key: it goes to no other site and into no index.
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


def communication(request: HttpRequest, number: int) -> HttpResponse:
    """The plan's messages, filled in, and what was told to whom."""
    return _page(request, rollback_of(number))


@require_POST
@costly
def send(request: HttpRequest, number: int) -> HttpResponse:
    """Put a message on record with who got it."""
    rollback, form = rollback_of(number), MessageForm(request.POST)
    if form.is_valid():
        try:
            steering.send_message(rollback, by=person(request), **form.values())
        except Refused as error:
            form.add_error(None, str(error))
        else:
            return done(request, gettext("Update recorded."), "communication", number=number)
    return _page(request, rollback, writing=form)


@require_POST
def set_cadence(request: HttpRequest, number: int) -> HttpResponse:
    """How often others are told."""
    form = CadenceForm(request.POST)
    if not form.is_valid():
        sentence = gettext("Enter a number of minutes from 1 to 1,440.")
        return refused(request, sentence, "communication", number=number)
    minutes = form.cleaned_data["minutes"]
    try:
        cadence.set_cadence(rollback_of(number), by=person(request), minutes=minutes)
    except Refused as error:
        return refused(request, error, "communication", number=number)
    return done(
        request,
        gettext("An update is due every {minutes} min.").format(minutes=minutes),
        "communication",
        number=number,
    )


@require_POST
def share(request: HttpRequest, number: int) -> HttpResponse:
    """A new secret link, shown in this answer and never again."""
    rollback, form = rollback_of(number), LinkForm(request.POST)
    if not form.is_valid():
        return _page(request, rollback, link=form)
    try:
        _, secret = status_page.share(rollback, by=person(request), **form.cleaned_data)
    except Refused as error:
        return refused(request, error, "communication", number=number)
    address = request.build_absolute_uri(reverse("status", kwargs={"secret": secret}))
    return _page(request, rollback, address=address)


@require_POST
def revoke(request: HttpRequest, number: int, link: int) -> HttpResponse:
    """Whoever holds the link reads nothing any more."""
    status_link = get_object_or_404(StatusLink, pk=link, rollback_id=number)
    try:
        status_page.revoke(status_link, by=person(request))
    except Refused as error:
        return refused(request, error, "communication", number=number)
    return done(
        request,
        gettext("The link for {label} is revoked.").format(label=status_link.label),
        "communication",
        number=number,
    )


@login_not_required
@require_safe
def show_status_page(request: HttpRequest, secret: str) -> HttpResponse:
    """The page for those without an account; a wrong secret finds nothing."""
    rollback = status_page.behind(secret)
    if rollback is None:
        raise Http404("There is no status page at this address. Ask for a new link.")
    page = {"status": status_page.status(rollback), "now": db_clock.now()}
    answer = render(request, "status/status.html", page)
    for name, value in _APART.items():
        answer[name] = value
    return answer


def _page(
    request: HttpRequest, rollback: Rollback, *, address: str = "", **forms: Any
) -> HttpResponse:
    now = db_clock.now()
    wrong = any(form.errors for form in forms.values())
    written = messages.messages(rollback, now)
    groups = messages.groups(rollback)
    first = {"text": written[0].text, "recipients": ", ".join(groups)}
    page = {
        "rollback": rollback,
        "written": written,
        "groups": groups,
        "sent_messages": rollback.messages.select_related("by").order_by("-id"),
        "links": rollback.status_links.select_related("by", "revoked_by"),
        "address": address,
        "writing": MessageForm(initial=first),
        "rhythm": CadenceForm(initial={"minutes": _minutes(rollback)}),
        "link": LinkForm(),
        **forms,
    }
    answer = render(request, "status/communication.html", page, status=422 if wrong else 200)
    if address:
        answer["Cache-Control"] = "no-store"
    return answer


def _minutes(rollback: Rollback) -> int:
    return round(cadence.beat(rollback).every.total_seconds() / 60)
