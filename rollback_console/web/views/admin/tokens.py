"""Tokens of programs: everybody keeps their own, an Admin sees and revokes all."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from rollback_console.access.actions.tokens import create_token, revoke_token
from rollback_console.access.errors import BadToken
from rollback_console.access.tokens import Token
from rollback_console.rollbacks import db_clock
from rollback_console.web.forms.tokens import TokenForm

from ...authentication.step_up import step_up
from ...http.current_user import is_admin, person
from ...http.responses import done, refused


@never_cache
@step_up("create a token")
def list_tokens(request: HttpRequest) -> HttpResponse:
    """One's tokens, and for an Admin everybody's; POST makes one and shows its secret once."""
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            owner = person(request)
            token, secret = create_token(owner, by=owner, **form.cleaned_data)
        except BadToken as error:
            form.add_error("name", str(error))
        else:
            return render(request, "tokens/made.html", {"token": token, "secret": secret})
    status = 422 if form.errors else 200
    return render(request, "tokens/list.html", {"form": form, **_lists(request)}, status=status)


@require_POST
def revoke(request: HttpRequest, number: int) -> HttpResponse:
    """It opens nothing from now on. One's own; an Admin anybody's."""
    mine = {} if is_admin(request) else {"user": person(request)}
    token = Token.objects.filter(pk=number, **mine).first()
    if token is None:
        raise Http404("You have no such token.")
    try:
        revoke_token(token, by=person(request))
    except BadToken as error:
        return refused(request, error, "tokens")
    return done(request, gettext("{token} is revoked.").format(token=token), "tokens")


def _lists(request: HttpRequest) -> dict[str, object]:
    rows = Token.objects.select_related("user").order_by("-created_at")
    me = person(request)
    return {
        "mine": rows.filter(user=me),
        "others": rows.exclude(user=me) if is_admin(request) else None,
        "now": db_clock.now(),
    }
