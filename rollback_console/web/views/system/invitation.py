"""The page behind an invitation: anonymous, and the same for every link that opens nothing."""

from __future__ import annotations

from allauth.account.internal.flows.login import record_authentication
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from rollback_console.access import limits
from rollback_console.access.actions.invitations import accept_invitation
from rollback_console.access.attempts import normalize_address
from rollback_console.access.errors import AccessError, BadInvitation, WeakPassword
from rollback_console.access.invitations import find_invitation
from rollback_console.access.second_factor import lacks_factor
from rollback_console.web.forms.people import FirstPasswordForm

from ...authentication.client_address import address_of
from ...http.responses import SeeOther

MOST, SECONDS = 60, 600
"""Wrong links and sent passwords from one address: each costs a look-up, or a hash of its own."""

_APART = {
    "Cache-Control": "no-store",
    # The address is the key. Not `no-referrer`: then the form would come without its origin.
    "Referrer-Policy": "strict-origin",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
def accept(request: HttpRequest, secret: str) -> HttpResponse:
    """Choose the first password of the account that an Admin made."""
    answer = _answer(request, secret)
    for name, value in _APART.items():
        answer[name] = value
    return answer


def _answer(request: HttpRequest, secret: str) -> HttpResponse:
    if request.method == "POST" and (wait := _count(request)):
        return _too_often(request, wait)
    try:
        invitation = find_invitation(secret)
        form = FirstPasswordForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            return _accept(request, secret, form.cleaned_data["password"])
    except BadInvitation as error:
        return _opens_nothing(request, error)
    except WeakPassword as error:
        form.add_error("password", str(error))
    except AccessError as error:
        form.add_error(None, str(error))
    page = {"form": form, "invitation": invitation}
    status = 422 if form.errors else 200
    return render(request, "account/invitation.html", page, status=status)


def _accept(request: HttpRequest, secret: str, password: str) -> HttpResponse:
    person = accept_invitation(secret, password=password)
    if request.user.is_authenticated or lacks_factor(person):
        sentence = gettext("Your password is set. Sign in as {username}.")
        messages.success(request, sentence.format(username=person.username))
        return SeeOther(reverse("sign-in"))
    # Whoever chose the password a moment ago has proven that they know it.
    person.refresh_from_db()
    login(request, person, backend="allauth.account.auth_backends.AuthenticationBackend")
    record_authentication(request, person, "password", username=person.username)
    messages.success(request, gettext("Your password is set, and you are signed in."))
    return SeeOther(reverse("home"))


def _opens_nothing(request: HttpRequest, error: BadInvitation) -> HttpResponse:
    if request.method != "POST" and (wait := _count(request)):
        return _too_often(request, wait)
    return render(request, "account/no_invitation.html", {"why": str(error)}, status=404)


def _count(request: HttpRequest) -> int:
    address = normalize_address(address_of(request) or "")
    return limits.spend(f"invitation:{address}", most=MOST, seconds=SECONDS)


def _too_often(request: HttpRequest, wait: int) -> HttpResponse:
    answer = render(request, "account/too_often.html", {"wait": wait}, status=429)
    answer["Retry-After"] = str(wait)
    return answer
