"""Who is asking."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


def person(request: HttpRequest) -> User:
    """The signed-in person. Raises PermissionDenied when there is none."""
    if isinstance(request.user, User):
        return request.user
    raise PermissionDenied("Sign in first.")


admin_only = permission_required("plans.change_environment", raise_exception=True)
"""For pages and acts of the Admin group; others get the 403 page."""


def came_from(request: HttpRequest) -> str:
    """The page of this console that a form was on; the first page where that is not known."""
    came = request.META.get("HTTP_REFERER", "")
    if request.method != "POST" or not url_has_allowed_host_and_scheme(came, {request.get_host()}):
        return reverse("home")
    parts = urlsplit(came)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def is_admin(request: HttpRequest) -> bool:
    """Whether the pages of the Admin group are theirs."""
    return person(request).has_perm("plans.change_environment")
