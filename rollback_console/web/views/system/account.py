"""One's own page, the theme and the language."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from rollback_console.access.actions.passwords import set_password
from rollback_console.access.actions.sessions import end_session, open_sessions
from rollback_console.access.errors import AccessError
from rollback_console.outbox.push import push_key

from ...authentication.forms import OwnPasswordForm
from ...authentication.step_up import step_up
from ...http.current_user import person
from ...http.responses import SeeOther, done, refused

YEAR = 365 * 86400
THEMES = frozenset({"light", "dark", "auto"})


@step_up("change your password")
def show_account(request: HttpRequest) -> HttpResponse:
    """What the console knows of the signed-in person, and how they prove who they are."""
    user = person(request)
    form = OwnPasswordForm(user, request.POST or None) if user.has_usable_password() else None
    if form and request.method == "POST" and form.is_valid():
        _change_password(request, user, form.cleaned_data["new_password1"])
        return done(request, gettext("Your password is changed."), "account")
    decides = user.decides.select_related("environment")
    page = {
        "form": form,
        "decides": decides,
        "groups": user.groups.all(),
        "factors": _factors(user),
        "devices": user.push_devices.all(),
        "push_key": push_key().public_key,
        "sessions": open_sessions(user, this=request.session.session_key),
    }
    return render(
        request, "account/account.html", page, status=422 if form and form.errors else 200
    )


def _change_password(request: HttpRequest, user: User, password: str) -> None:
    changed = set_password(user, by=user, password=password, session=request.session.session_key)
    update_session_auth_hash(request, changed)


@require_POST
def leave(request: HttpRequest, name: str) -> HttpResponse:
    """Sign out in another browser."""
    user = person(request)
    try:
        end_session(user, by=user, name=name)
    except AccessError as error:
        return refused(request, error, "account")
    return done(request, gettext("That session has ended."), "account")


@login_not_required
@require_POST
def appearance(request: HttpRequest) -> HttpResponse:
    """Remember light, dark or as the system has it, and the language."""
    target = request.POST.get("next", reverse("home"))
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}):
        target = reverse("home")
    answer = SeeOther(target)
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        answer.set_cookie("theme", theme, max_age=YEAR, samesite="Lax")
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES):
        answer.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=YEAR,
            samesite="Lax",
            httponly=True,
            path=settings.LANGUAGE_COOKIE_PATH,
        )
    return answer


def _factors(user: User) -> dict[str, Any]:
    """The second factors: `totp`, `codes` (how many are left; None without), `passkeys`."""
    rows = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    kinds = {row.type: row for row in rows}
    codes = kinds.get(Authenticator.Type.RECOVERY_CODES)
    return {
        "totp": kinds.get(Authenticator.Type.TOTP),
        "codes": len(codes.wrap().get_unused_codes()) if codes else None,
        "passkeys": [row for row in rows if row.type == Authenticator.Type.WEBAUTHN],
    }
