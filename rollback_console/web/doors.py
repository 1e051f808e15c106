"""Default deny: whom no role lets look sees their own account and nothing else.

Where a second factor is demanded, the same holds for who has none yet.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.deprecation import MiddlewareMixin

from rollback_console.access.factors import lacks_factor
from rollback_console.rollbacks.groups import may_look

OWN = ("/account/", "/sign-in/", "/sign-out/")


class RoleRequiredMiddleware(MiddlewareMixin):
    """Stands behind LoginRequiredMiddleware and leaves open what that one leaves open."""

    def process_view(self, request: HttpRequest, view: Any, *_: Any) -> None:
        """Raises PermissionDenied."""
        if not getattr(view, "login_required", True) or not request.user.is_authenticated:
            return
        if request.path_info.startswith(OWN):
            return
        if lacks_factor(request.user):
            raise PermissionDenied(
                "This console wants a second proof of everybody. Add an authenticator app or a "
                "passkey on your own page first."
            )
        if not may_look(request.user):
            raise PermissionDenied(
                "You are in no group yet, and so may see nothing here. Ask an Admin to add you to "
                "Viewer, Operator or Decision maker."
            )
