"""Signing in and out, and proving once more who one is."""

from __future__ import annotations

from typing import Any

from allauth.account.views import LoginView, LogoutView, ReauthenticateView
from allauth.mfa.base.views import ReauthenticateView as ReauthenticateByCodeView
from allauth.mfa.webauthn.views import ReauthenticateWebAuthnView
from allauth.socialaccount.adapter import get_adapter as providers
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from ...authentication import step_up
from ...authentication.forms import SignInForm
from ...authentication.freshness import fresh
from ...http.current_user import person
from ...http.responses import SeeOther


@method_decorator(login_not_required, name="dispatch")
class SignIn(LoginView):  # type: ignore[misc]
    """The one page that needs nobody."""

    form_class = SignInForm
    template_name = "account/sign_in.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, "providers": providers(self.request).list_providers(self.request)}


@method_decorator(login_not_required, name="dispatch")
class SignOut(LogoutView):  # type: ignore[misc]
    """POST only: a link elsewhere must not sign a person out."""

    http_method_names = ["post", "options"]


class Confirms:
    """Mixed into a page that proves who somebody is: says for what, and goes on with it."""

    request: HttpRequest

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With what waits for the proof."""
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        return {**context, "waiting": step_up.read_waiting_post(self.request)}

    def form_valid(self, form: Any) -> HttpResponseBase:
        """Do what waited, else lead back."""
        answer: HttpResponseBase = super().form_valid(form)  # type: ignore[misc]
        return step_up.go_on(self.request) or answer

    def form_invalid(self, form: Any) -> HttpResponse:
        """The same page with what was wrong."""
        page = self.get_context_data(form=form)
        shown: HttpResponse = self.render_to_response(page, status=422)  # type: ignore[attr-defined]
        return shown


@method_decorator(never_cache, name="dispatch")
class ByPassword(Confirms, ReauthenticateView):  # type: ignore[misc]
    """Proof by password, for those without a second factor."""

    template_name = "account/by_password.html"


@method_decorator(never_cache, name="dispatch")
class ByCode(Confirms, ReauthenticateByCodeView):  # type: ignore[misc]
    """Proof by a code of the authenticator app, or a recovery code."""

    template_name = "account/by_code.html"


@method_decorator(never_cache, name="dispatch")
class ByPasskey(Confirms, ReauthenticateWebAuthnView):  # type: ignore[misc]
    """Proof by passkey."""

    template_name = "account/by_passkey.html"


@never_cache
def by_provider(request: HttpRequest) -> HttpResponseBase:
    """Proof by signing in again at one's provider; back from there, POST goes on."""
    if request.method == "POST" and fresh(request):
        return step_up.go_on(request) or SeeOther(reverse("home"))
    accounts = SocialAccount.objects.filter(user=person(request))
    page = {
        "waiting": step_up.read_waiting_post(request),
        "fresh": fresh(request),
        "providers": [each.get_provider(request) for each in accounts],
    }
    return render(request, "account/by_provider.html", page)
