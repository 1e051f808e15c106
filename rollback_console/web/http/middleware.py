"""Who may come in: sessions that are over end here, and the default is to deny.

Whom no role lets look sees their own account and nothing else.

Where a second factor is demanded, the same holds for who has none yet.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.deprecation import MiddlewareMixin

from rollback_console.access import session_expiry
from rollback_console.access.second_factor import lacks_factor
from rollback_console.rollbacks.permissions.groups import may_look

from .current_user import came_from

_READS = {"GET", "HEAD"}
OWN = ("/account/", "/sign-in/", "/sign-out/")


class IdleMiddleware(MiddlewareMixin):
    """Stands behind AuthenticationMiddleware, which then finds nobody."""

    def process_request(self, request: HttpRequest) -> None:
        """Sign out whose session is over, and note who is there."""
        if not request.user.is_authenticated:
            return
        if session_expiry.over(request.session):
            logout(request)
        elif by_hand(request):
            session_expiry.seen(request.session)


def came_in(request: HttpRequest | None, **_: Any) -> None:
    """Somebody signed in: their session begins."""
    if request is not None:
        session_expiry.seen(request.session)


def by_hand(request: HttpRequest) -> bool:
    """Whether a person did something: a page that asks again by itself is not one.

    Browsers say so of what they load (W3C Fetch Metadata); others are believed.
    """
    if request.method not in _READS or "Sec-Fetch-Mode" not in request.headers:
        return True
    return request.headers.get("Sec-Fetch-User") == "?1"


class NoStoreMiddleware(MiddlewareMixin):
    """What a signed-in person was shown is kept by no cache, nor by the browser's own."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Unless the view said so itself."""
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated:
            stored = response.headers.get("Cache-Control", "")
            if "no-store" not in stored:
                response.headers["Cache-Control"] = "no-store"
        return response


class SignInMiddleware(LoginRequiredMiddleware):
    """Leads back to the page that a form was on: what it was sent to cannot be looked at."""

    def handle_no_permission(self, request: HttpRequest, view_func: Any) -> HttpResponseRedirect:
        """To the sign-in page; who sent something is told that nothing was done."""
        if request.method in _READS:
            return super().handle_no_permission(request, view_func)
        sentence = (
            "You were signed out meanwhile, and nothing was done. Sign in, then send it again."
        )
        messages.warning(request, sentence)
        login = resolve_url(self.get_login_url(view_func))
        return redirect_to_login(came_from(request), login, self.get_redirect_field_name(view_func))


class RoleRequiredMiddleware(MiddlewareMixin):
    """Stands behind SignInMiddleware and leaves open what that one leaves open."""

    def process_view(self, request: HttpRequest, view: Any, *_: Any) -> None:
        """Raises PermissionDenied."""
        if not getattr(view, "login_required", True) or not request.user.is_authenticated:
            return
        if request.path_info.startswith(OWN):
            return
        if lacks_factor(request.user):
            raise PermissionDenied(
                "This console requires two-factor authentication. Add an authenticator app or a "
                "passkey on your own page first."
            )
        if not may_look(request.user):
            raise PermissionDenied(
                "You are in no group yet, and so may see nothing here. Ask an Admin to add you to "
                "Viewer or Operator."
            )
