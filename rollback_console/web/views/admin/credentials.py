"""Credentials: written, never read back."""

from __future__ import annotations

from django.db.models import Count, ProtectedError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from rollback_console.plans.models import Credential
from rollback_console.web.forms.machines import CredentialForm

from ...authentication.step_up import step_up
from ...http.current_user import admin_only
from ...http.responses import done, refused


@admin_only
def listing(request: HttpRequest) -> HttpResponse:
    """Every credential, by what it consists of."""
    found = Credential.objects.annotate(used=Count("hosts"))
    return render(request, "credentials/list.html", {"credentials": found})


@admin_only
@step_up("add a credential", looking_too=True)
def new(request: HttpRequest) -> HttpResponse:
    """Add a credential."""
    return _edit(request, None)


@admin_only
@step_up("change a credential", looking_too=True)
def show(request: HttpRequest, number: int) -> HttpResponse:
    """Replace parts of a credential."""
    return _edit(request, get_object_or_404(Credential, pk=number))


@require_POST
@admin_only
@step_up("remove a credential")
def remove(request: HttpRequest, number: int) -> HttpResponse:
    """Forget a credential that no host uses."""
    credential = get_object_or_404(Credential, pk=number)
    try:
        credential.delete()
    except ProtectedError:
        sentence = "Hosts still sign in with it. Give them another first."
        return refused(request, sentence, "credential", number=number)
    return done(request, f"{credential.name} is forgotten.", "credentials")


def _edit(request: HttpRequest, credential: Credential | None) -> HttpResponse:
    form = CredentialForm(request.POST or None, instance=credential)
    if request.method == "POST" and form.is_valid():
        made = form.save()
        return done(request, f"{made.name} is kept. It is never shown again.", "credentials")
    page = {
        "form": form,
        "credential": credential,
        "hosts": credential.hosts.all() if credential else [],
    }
    status = 422 if form.errors else 200
    return render(request, "credentials/credential.html", page, status=status)
