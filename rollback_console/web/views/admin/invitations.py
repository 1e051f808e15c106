"""Inviting people: a link with an end, shown once, behind which they choose their password."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from rollback_console.access.actions.invitations import (
    invite_again,
    invite_person,
    revoke_invitations,
)
from rollback_console.access.actions.pending_changes import propose_decision_maker
from rollback_console.access.errors import AccessError, SecondAdminMissing
from rollback_console.access.invitations import open_invitations
from rollback_console.access.models import Invitation
from rollback_console.common.people import display_name
from rollback_console.outbox.private_mail import can_mail, invitation_link, mail_invitation
from rollback_console.plans.actions.decision_makers import name_decision_maker
from rollback_console.plans.actions.second_admin import NeedsSecondAdmin
from rollback_console.plans.models import Environment
from rollback_console.web.forms.people import InvitationForm

from ...authentication.step_up import step_up
from ...http.current_user import admin_only, person
from ...http.rate_limit import costly
from ...http.responses import done, refused
from .people import easing_groups, propose_rights, without_groups


@admin_only
@costly
@step_up("invite a person")
def invite(request: HttpRequest) -> HttpResponse:
    """Who was invited and has not come yet; POST invites somebody and shows the link once."""
    form = InvitationForm(request.POST or None, can_mail=can_mail())
    if request.method == "POST" and form.is_valid():
        try:
            return _invite(request, form)
        except AccessError as error:
            form.add_error(None, str(error))
    page = {"form": form, "invitations": open_invitations(), "can_mail": can_mail()}
    status = 422 if form.errors else 200
    return render(request, "people/invitations.html", page, status=status)


@require_POST
@admin_only
@costly
@step_up("make a new invitation link")
def renew(request: HttpRequest, number: int) -> HttpResponse:
    """A new link for somebody who never signed in; the one before opens nothing any more."""
    user = get_object_or_404(User, pk=number)
    try:
        invitation, secret = invite_again(user, by=person(request))
    except AccessError as error:
        return refused(request, error, "person", number=number)
    return _show_link(request, invitation, secret, mail=bool(request.POST.get("mail")))


@require_POST
@admin_only
@step_up("revoke an invitation")
def revoke(request: HttpRequest, number: int) -> HttpResponse:
    """The link opens nothing any more; the account stays, without a password."""
    user = get_object_or_404(User, pk=number)
    if not revoke_invitations(user, by=person(request)):
        return refused(
            request,
            gettext("No link of {username} was open.").format(username=user.username),
            "person",
            number=number,
        )
    sentence = gettext("The link of {username} opens nothing any more.").format(
        username=user.username
    )
    return done(request, sentence, "person", number=number)


def _invite(request: HttpRequest, form: InvitationForm) -> HttpResponse:
    typed, by = dict(form.cleaned_data), person(request)
    mail, waits = bool(typed.pop("mail", False)), False
    place = {name: typed.pop(name) for name in ("environment", "role", "rung")}
    try:
        invitation, secret = invite_person(by=by, **typed)
    except SecondAdminMissing:
        easing = easing_groups(typed["groups"])
        invitation, secret = invite_person(by=by, **without_groups(easing, typed))
        propose_rights(invitation.person, easing, by=by)
        waits = True
    if place["role"]:
        waits |= _name_decision_maker(invitation.person, by=by, **place)
    return _show_link(request, invitation, secret, mail=mail, waits=waits)


def _name_decision_maker(
    user: User, *, by: User, environment: Environment, role: str, rung: int | None
) -> bool:
    """Whether that waits for another Admin."""
    maker: dict[str, Any] = {"user": user, "role": role, "rung": rung or 1}
    try:
        name_decision_maker(environment, by=by, **maker)
    except NeedsSecondAdmin:
        propose_decision_maker(environment, by=by, **maker)
        return True
    return False


def _show_link(
    request: HttpRequest, invitation: Invitation, secret: str, *, mail: bool, waits: bool = False
) -> HttpResponse:
    invited = invitation.person
    problem = ""
    if mail:
        problem = mail_invitation(
            invited.email,
            secret=secret,
            inviter=display_name(person(request)),
            expires_at=invitation.expires_at,
        )
    page = {
        "invitation": invitation,
        "link": invitation_link(secret),
        "mailed": mail and not problem,
        "problem": problem,
        "waits": waits,
    }
    answer = render(request, "people/invited.html", page)
    answer["Cache-Control"] = "no-store"
    return answer
