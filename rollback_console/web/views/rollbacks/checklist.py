"""What is to be checked and done: of one rollback while it runs, and of everyone afterwards."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from rollback_console.postmortems import checklist
from rollback_console.rollbacks import db_clock
from rollback_console.rollbacks.errors import Refused
from rollback_console.web.forms.postmortems import AssignmentForm

from ...http.current_user import person
from ...http.lookup import rollback_of
from ...http.responses import done, refused

MOST = 300


def list_actions(request: HttpRequest) -> HttpResponse:
    """Every open action, or those of one person; `owner=me` is whoever looks."""
    name = request.GET.get("owner", "")
    named = request.user.get_username() if name == "me" else name
    owner = User.objects.filter(username=named).first() if named else None
    items = checklist.open_items(owner)
    page = {
        "items": items.none() if named and owner is None else items[:MOST],
        "owner": owner,
        "named": named,
        "today": db_clock.now().date(),
        "owners": User.objects.filter(action_items__done_at=None, action_items__isnull=False)
        .distinct()
        .order_by("username"),
    }
    return render(request, "postmortems/actions.html", page)


def show_checklist(request: HttpRequest, number: int) -> HttpResponse:
    """The checks and actions of one rollback, whether or not it has ended."""
    rollback = rollback_of(number)
    entries = checklist.entries(rollback)
    page = {
        "rollback": rollback,
        "items": [(each, AssignmentForm.of(each.item)) for each in entries],
        "open": sum(not each.done for each in entries),
    }
    return render(request, "postmortems/checklist.html", page)


@require_POST
def assign(request: HttpRequest, number: int, key: str) -> HttpResponse:
    """Who does it, until when, and when to remind them."""
    try:
        item = checklist.item_of(rollback_of(number), key)
        form = AssignmentForm.of(item, request.POST)
        if not form.is_valid():
            sentence = gettext("Enter dates as YYYY-MM-DD, such as 2026-11-25. Nothing was saved.")
            return refused(request, sentence, "checklist", number=number)
        checklist.assign_item(item, by=person(request), **form.cleaned_data)
    except Refused as error:
        return refused(request, error, "checklist", number=number)
    return done(request, gettext("Assignment saved."), "checklist", number=number)


@require_POST
def tick(request: HttpRequest, number: int, key: str) -> HttpResponse:
    """It is done, or not after all, with what shows it."""
    is_done, evidence = request.POST.get("done") == "yes", request.POST.get("evidence")
    try:
        item = checklist.item_of(rollback_of(number), key)
        checklist.tick_item(item, by=person(request), done=is_done, evidence=evidence)
    except Refused as error:
        return refused(request, error, "checklist", number=number)
    return done(request, gettext("Item updated."), "checklist", number=number)
