"""People: who may sign in, and in which groups they are."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from rollback_console.access.actions import attempts, people
from rollback_console.access.errors import AccessError
from rollback_console.plans.approval import delegations
from rollback_console.rollbacks.permissions import rights
from rollback_console.web.forms.people import PersonForm

from ...authentication.step_up import step_up
from ...http.current_user import admin_only, person
from ...http.responses import done, refused


@admin_only
def listing(request: HttpRequest) -> HttpResponse:
    """Everybody, those who may sign in first."""
    rows = User.objects.prefetch_related("groups", "decides__environment")
    page = {"people": rows.order_by("-is_active", "username")}
    return render(request, "people/list.html", page)


@admin_only
@step_up("add a person")
def new(request: HttpRequest) -> HttpResponse:
    """Add a person."""
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = people.add_person(by=person(request), **form.cleaned_data)
        return done(request, f"{made.username} can sign in.", "people")
    return render(request, "people/person.html", {"form": form}, status=_status(form))


@admin_only
@step_up("change a person")
def show(request: HttpRequest, number: int) -> HttpResponse:
    """One person; POST changes names, groups or the password."""
    user = get_object_or_404(User, pk=number)
    form = PersonForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        people.change_person(user, by=person(request), **form.cleaned_data)
        return done(request, "Saved.", "person", number=number)
    page = {
        "form": form,
        "person": get_object_or_404(User, pk=number),
        "glass": rights.may_break_glass(user),
        "delegations": delegations.of(user)[:20],
        "standing": delegations.standing_ids(),
    }
    return render(request, "people/person.html", page, status=_status(form))


@require_POST
@admin_only
@step_up("deactivate a person")
def deactivate(request: HttpRequest, number: int) -> HttpResponse:
    """They can no longer sign in, decide or steer; what they did stays on record."""
    user = get_object_or_404(User, pk=number)
    try:
        people.deactivate_person(user, by=person(request))
    except AccessError as error:
        return refused(request, error, "person", number=number)
    return done(request, f"{user.username} can no longer sign in.", "person", number=number)


@require_POST
@admin_only
@step_up("let a person sign in again")
def activate(request: HttpRequest, number: int) -> HttpResponse:
    """They can sign in again."""
    user = get_object_or_404(User, pk=number)
    people.activate_person(user, by=person(request))
    return done(request, f"{user.username} can sign in again.", "person", number=number)


@require_POST
@admin_only
@step_up("say who may break glass")
def break_glass(request: HttpRequest, number: int) -> HttpResponse:
    """Give or take the right to start without approval; nobody gives it to themselves."""
    user = get_object_or_404(User, pk=number)
    try:
        if request.POST.get("may") == "yes":
            people.grant_break_glass(user, by=person(request))
            sentence = f"{user.username} may break glass."
        else:
            people.revoke_break_glass(user, by=person(request))
            sentence = f"{user.username} may not break glass any more."
    except AccessError as error:
        return refused(request, error, "person", number=number)
    return done(request, sentence, "person", number=number)


@require_POST
@admin_only
@step_up("let a person sign in at once")
def lift_wait(request: HttpRequest, number: int) -> HttpResponse:
    """After wrong passwords and codes they can sign in at once."""
    user = get_object_or_404(User, pk=number)
    attempts.lift_wait(user, by=person(request))
    sentence = f"{user.username} can sign in at once: wrong passwords and codes are forgotten."
    return done(request, sentence, "person", number=number)


def _status(form: PersonForm) -> int:
    return 422 if form.errors else 200
