"""People: who may sign in, and in which groups they are."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, User
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render, resolve_url
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from rollback_console.access.actions import attempts, pending_changes, people
from rollback_console.access.actions.passwords import set_password
from rollback_console.access.actions.second_admin import can_ease_approval, groups_that_ease
from rollback_console.access.actions.second_factors import reset_second_factor
from rollback_console.access.errors import AccessError, SecondAdminMissing
from rollback_console.access.invitations import open_invitations, people_without_password
from rollback_console.access.second_factor import has_second_factor
from rollback_console.access.tokens import Token
from rollback_console.common.people import display_name
from rollback_console.outbox.private_mail import can_mail
from rollback_console.plans.approval import delegations
from rollback_console.plans.models import DecisionMaker
from rollback_console.rollbacks.models import Rollback
from rollback_console.rollbacks.permissions import rights
from rollback_console.rollbacks.queries.lists import ALIVE
from rollback_console.web.forms.people import PersonForm

from ...authentication.step_up import step_up
from ...http.current_user import admin_only, person
from ...http.paging import list_page, search
from ...http.removals import ask_once_more, count_sentence, is_sure
from ...http.responses import done, refused
from .confirmations import WAITS


@admin_only
def list_people(request: HttpRequest) -> HttpResponse:
    """One page of the people who match, those who may sign in first."""
    chosen = {name: request.GET.get(name, "") for name in ("text", "group", "state")}
    rows = User.objects.prefetch_related("groups", "decides__environment")
    rows = search(rows, chosen["text"], "username", "first_name", "last_name", "email")
    if chosen["group"]:
        rows = rows.filter(pk__in=User.objects.filter(groups__name=chosen["group"]))
    if chosen["state"] in _STATES:
        rows = rows.filter(_STATES[chosen["state"]])
    page = {
        "list": list_page(request, rows, _ORDERS),
        "chosen": chosen,
        "states": list(_STATES),
        "groups": Group.objects.order_by("name"),
    }
    return render(request, "people/list.html", page)


_ORDERS = {
    "name": ("-is_active", "username"),
    "last signed in": ("-last_login", "username"),
    "newest": ("-date_joined", "username"),
}
_STATES = {
    "active": Q(is_active=True),
    "never signed in": Q(is_active=True, last_login=None),
    "in no group": Q(is_active=True, groups=None),
    "decision maker": Q(pk__in=DecisionMaker.objects.values("user")),
    "deactivated": Q(is_active=False),
}


@admin_only
@step_up("add a person")
def new_person(request: HttpRequest) -> HttpResponse:
    """Add a person."""
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return done(request, _add(request, form), "people")
    return render(request, "people/person.html", {"form": form}, status=_status(form))


@admin_only
@step_up("change a person")
def show_person(request: HttpRequest, number: int) -> HttpResponse:
    """One person; POST changes names, groups or the password."""
    user = get_object_or_404(User, pk=number)
    form = PersonForm(request.POST or None, instance=user)
    if request.method == "POST" and form.is_valid():
        try:
            return done(request, _save(request, user, form), "person", number=number)
        except AccessError as error:
            return refused(request, error, "person", number=number)
    page = {
        "form": form,
        "person": get_object_or_404(User, pk=number),
        "has_factor": has_second_factor(user),
        "glass": rights.may_break_glass(user),
        "delegations": delegations.delegations_of(user)[:20],
        "standing": delegations.standing_ids(),
        "decides": _decisions(user),
        "can_be_invited": people_without_password().filter(pk=number).exists(),
        "invitation": open_invitations().filter(person=user).first(),
        "can_mail": can_mail() and bool(user.email),
    }
    return render(request, "people/person.html", page, status=_status(form))


@require_POST
@admin_only
@step_up("deactivate a person")
def deactivate(request: HttpRequest, number: int) -> HttpResponse:
    """They can no longer sign in, decide or steer; what they did stays on record."""
    user = get_object_or_404(User, pk=number)
    if not is_sure(request):
        return _ask_deactivation(request, user)
    try:
        people.deactivate_person(user, by=person(request))
    except AccessError as error:
        return refused(request, error, "person", number=number)
    return done(
        request,
        gettext("{username} can no longer sign in.").format(username=user.username),
        "person",
        number=number,
    )


@require_POST
@admin_only
@step_up("let a person sign in again")
def activate(request: HttpRequest, number: int) -> HttpResponse:
    """They can sign in again."""
    user = get_object_or_404(User, pk=number)
    try:
        people.activate_person(user, by=person(request))
    except SecondAdminMissing:
        pending_changes.propose_activation(user, by=person(request))
        return done(request, gettext(WAITS), "person", number=number)
    return done(
        request,
        gettext("{username} can sign in again.").format(username=user.username),
        "person",
        number=number,
    )


@require_POST
@admin_only
@step_up("change who may start without approval")
def break_glass(request: HttpRequest, number: int) -> HttpResponse:
    """Give or take the right to start without approval; nobody gives it to themselves."""
    user = get_object_or_404(User, pk=number)
    try:
        if request.POST.get("may") == "yes":
            sentence = _grant_break_glass(user, by=person(request))
        else:
            people.revoke_break_glass(user, by=person(request))
            sentence = gettext("{username} may no longer start rollbacks without approval.").format(
                username=user.username
            )
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
    sentence = gettext("{username} can sign in now: failed attempts are cleared.").format(
        username=user.username
    )
    return done(request, sentence, "person", number=number)


@require_POST
@admin_only
@step_up("reset the second factor of a person")
def reset_factor(request: HttpRequest, number: int) -> HttpResponse:
    """They lost their app or passkey: they add a new one after signing in."""
    user, by = get_object_or_404(User, pk=number), person(request)
    try:
        reset_second_factor(user, by=by)
    except SecondAdminMissing:
        pending_changes.propose_second_factor_reset(user, by=by)
        return done(request, gettext(WAITS), "person", number=number)
    except AccessError as error:
        return refused(request, error, "person", number=number)
    sentence = gettext("{username} has no second factor now, and is signed out everywhere.").format(
        username=user.username
    )
    return done(request, sentence, "person", number=number)


def _save(request: HttpRequest, user: User, form: PersonForm) -> str:
    """What is said afterwards: a password may have to wait for another Admin."""
    typed, by = dict(form.cleaned_data), person(request)
    password, waits = typed.pop("password"), False
    try:
        people.change_person(user, by=by, **typed)
    except SecondAdminMissing:
        _propose_what_waits(user, typed, by=by)
        waits = True
    try:
        if password:
            set_password(user, by=by, password=password)
    except SecondAdminMissing:
        pending_changes.propose_password(user, by=by, password=password)
        waits = True
    return " ".join([gettext("Saved."), *([gettext(WAITS)] if waits else [])])


def _add(request: HttpRequest, form: PersonForm) -> str:
    by = person(request)
    try:
        made = people.add_person(by=by, **form.cleaned_data)
    except SecondAdminMissing:
        easing = easing_groups(form.cleaned_data["groups"])
        made = people.add_person(by=by, **without_groups(easing, form.cleaned_data))
        propose_rights(made, easing, by=by)
        return gettext(
            "{username} can sign in. Another Admin must confirm their further rights."
        ).format(username=made.username)
    return gettext("{username} can sign in.").format(username=made.username)


def _propose_what_waits(user: User, typed: dict[str, Any], *, by: User) -> None:
    """Save all but new groups that ease approvals, and another name or address of somebody who
    could ease one; those are proposed."""
    easing = easing_groups(typed["groups"].exclude(pk__in=user.groups.all()))
    rest = without_groups(easing, typed)
    names = {}
    if can_ease_approval(user) and user.pk != by.pk:
        stored = User.objects.get(pk=user.pk)
        names = {
            name: rest.pop(name)
            for name in ("username", "email")
            if name in rest and rest[name] != getattr(stored, name)
        }
    people.change_person(user, by=by, **rest)
    propose_rights(user, easing, by=by)
    if names:
        pending_changes.propose_names(user, by=by, **names)


def easing_groups(groups: QuerySet[Group]) -> set[int]:
    """Keys of those whose members administer, or may start without approval."""
    keys = groups_that_ease().values_list("pk", flat=True)
    return set(keys) & set(groups.values_list("pk", flat=True))


def without_groups(easing: set[int], typed: dict[str, Any]) -> dict[str, Any]:
    """What was typed, without those groups."""
    return {**typed, "groups": typed["groups"].exclude(pk__in=easing)}


def propose_rights(user: User, easing: set[int], *, by: User) -> None:
    """What those groups would give waits for another Admin."""
    groups = Group.objects.filter(pk__in=easing)
    if groups.filter(permissions__codename="change_environment").exists():
        pending_changes.propose_admin(user, by=by)
    if groups.filter(permissions__codename="break_glass").exists():
        pending_changes.propose_break_glass(user, by=by)


def _grant_break_glass(user: User, *, by: User) -> str:
    try:
        people.grant_break_glass(user, by=by)
    except SecondAdminMissing:
        pending_changes.propose_break_glass(user, by=by)
        return gettext(WAITS)
    return gettext("{username} may start rollbacks without approval in an emergency.").format(
        username=user.username
    )


def _status(form: PersonForm) -> int:
    return 422 if form.errors else 200


def _ask_deactivation(request: HttpRequest, user: User) -> HttpResponse:
    places = [f"{maker.environment} ({maker.role})" for maker in _decisions(user)]
    tokens = Token.objects.filter(user=user, revoked_at=None).values_list("name", flat=True)
    requests = Rollback.objects.filter(requested_by=user, state__in=ALIVE)
    titles = [f"rollback {number}" for number in requests.values_list("pk", flat=True)]
    return ask_once_more(
        request,
        what=gettext("Deactivate {person}").format(person=display_name(user)),
        button=gettext("Deactivate"),
        depends=[
            count_sentence(places, "environment loses a decision maker", "environments lose one"),
            count_sentence(list(tokens), "token ends for good", "tokens end for good"),
            count_sentence(titles, "open request is theirs", "open requests are theirs"),
            gettext("They are signed out everywhere. What they did stays on record."),
        ],
        back=resolve_url("person", number=user.pk),
    )


def _decisions(user: User) -> QuerySet[DecisionMaker]:
    return user.decides.select_related("environment").order_by("environment__name")
