"""Signing in and out, one's own page, and the theme."""

from __future__ import annotations

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from rollback_console.web.answers import SeeOther, done
from rollback_console.web.requests import person

YEAR = 365 * 86400
THEMES = frozenset({"light", "dark", "auto"})


class SignIn(LoginView):
    """The one page that needs nobody."""

    template_name = "account/sign_in.html"
    redirect_authenticated_user = True


class SignOut(LogoutView):
    """POST only: a link elsewhere must not sign a person out."""

    http_method_names = ["post", "options"]


def show(request: HttpRequest) -> HttpResponse:
    """What the console knows of the signed-in person, and their password."""
    user = person(request)
    form = PasswordChangeForm(user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        update_session_auth_hash(request, form.save())
        return done(request, "Your password is changed.", "account")
    decides = user.decides.select_related("environment")
    page = {"form": form, "decides": decides, "groups": user.groups.all()}
    return render(request, "account/account.html", page)


@login_not_required
@require_POST
def appearance(request: HttpRequest) -> HttpResponse:
    """Remember light, dark or as the system has it."""
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}):
        target = "/"
    answer = SeeOther(target)
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        answer.set_cookie("theme", theme, max_age=YEAR, samesite="Lax")
    return answer
