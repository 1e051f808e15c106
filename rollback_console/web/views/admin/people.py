"""People: who may sign in, and in which groups they are."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from rollback_console.plans.approval import delegations
from rollback_console.rollbacks.permissions import rights
from rollback_console.web.forms.people import PersonForm

from ...authentication.step_up import step_up
from ...http.current_user import admin_only, person
from ...http.responses import done, refused


@admin_only
def listing(request: HttpRequest) -> HttpResponse:
    """Everybody, those who may sign in first."""
    people = User.objects.prefetch_related("groups", "decides__environment")
    page = {"people": people.order_by("-is_active", "username")}
    return render(request, "people/list.html", page)


@admin_only
@step_up("add a person")
def new(request: HttpRequest) -> HttpResponse:
    """Add a person."""
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = form.save()
        return done(request, f"{made.username} can sign in.", "people")
    return render(request, "people/person.html", {"form": form}, status=_status(form))


@admin_only
@step_up("change a person")
def show(request: HttpRequest, number: int) -> HttpResponse:
    """One person; POST changes names, groups or the password."""
    found = get_object_or_404(User, pk=number)
    form = PersonForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        form.save()
        return done(request, "Kept.", "person", number=number)
    page = {
        "form": form,
        "person": get_object_or_404(User, pk=number),
        "glass": rights.may_break_glass(found),
        "delegations": delegations.of(found)[:20],
        "standing": delegations.standing_ids(),
    }
    return render(request, "people/person.html", page, status=_status(form))


@require_POST
@admin_only
@step_up("deactivate a person")
def deactivate(request: HttpRequest, number: int) -> HttpResponse:
    """They can no longer sign in, decide or steer; what they did stays on record."""
    found = get_object_or_404(User, pk=number)
    if found == person(request):
        sentence = "Another Admin must deactivate you: nobody should lock themselves out."
        return refused(request, sentence, "person", number=number)
    User.objects.filter(pk=number).update(is_active=False)
    return done(request, f"{found.username} can no longer sign in.", "person", number=number)


@require_POST
@admin_only
@step_up("let a person sign in again")
def activate(request: HttpRequest, number: int) -> HttpResponse:
    """They can sign in again."""
    found = get_object_or_404(User, pk=number)
    User.objects.filter(pk=number).update(is_active=True)
    return done(request, f"{found.username} can sign in again.", "person", number=number)


@require_POST
@admin_only
@step_up("say who may break glass")
def break_glass(request: HttpRequest, number: int) -> HttpResponse:
    """Give or take the right to start without approval; nobody gives it to themselves."""
    found, gives = get_object_or_404(User, pk=number), request.POST.get("may") == "yes"
    if gives and found == person(request):
        return refused(request, "Another Admin must give you that right.", "person", number=number)
    rights.let_break_glass(found, gives)
    said = "may break glass" if gives else "may not break glass any more"
    return done(request, f"{found.username} {said}.", "person", number=number)


def _status(form: PersonForm) -> int:
    return 422 if form.errors else 200
