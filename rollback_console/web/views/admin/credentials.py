"""Credentials: written, never read back."""

from __future__ import annotations

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from rollback_console.access.actions.pending_changes import propose_account
from rollback_console.audit.stale_edit import StaleEdit
from rollback_console.plans.actions import credentials
from rollback_console.plans.actions.second_admin import NeedsSecondAdmin
from rollback_console.plans.errors import PlanError
from rollback_console.plans.models import Credential
from rollback_console.web.forms.machines import CredentialForm

from ...authentication.step_up import step_up
from ...http.current_user import admin_only, person
from ...http.responses import done, refused
from .confirmations import WAITS


@admin_only
def list_credentials(request: HttpRequest) -> HttpResponse:
    """Every credential, by what it consists of."""
    page = {"credentials": Credential.objects.annotate(used=Count("hosts"))}
    return render(request, "credentials/list.html", page)


@admin_only
@step_up("add a credential", looking_too=True)
def new_credential(request: HttpRequest) -> HttpResponse:
    """Add a credential."""
    return _edit(request, None)


@admin_only
@step_up("change a credential", looking_too=True)
def show_credential(request: HttpRequest, number: int) -> HttpResponse:
    """Replace parts of a credential."""
    return _edit(request, get_object_or_404(Credential, pk=number))


@require_POST
@admin_only
@step_up("remove a credential")
def remove(request: HttpRequest, number: int) -> HttpResponse:
    """Forget a credential that no host uses."""
    credential = get_object_or_404(Credential, pk=number)
    try:
        credentials.remove_credential(credential, by=person(request))
    except PlanError as error:
        return refused(request, error, "credential", number=number)
    return done(request, gettext("{name} is deleted.").format(name=credential.name), "credentials")


def _edit(request: HttpRequest, credential: Credential | None) -> HttpResponse:
    form = CredentialForm(request.POST or None, instance=credential)
    if request.method == "POST" and form.is_valid():
        try:
            sentence = _save(request, form, credential)
        except (PlanError, StaleEdit) as error:
            form.add_error(None, str(error))
        else:
            return done(request, sentence, "credentials")
    page = {
        "form": form,
        "credential": credential,
        "hosts": credential.hosts.all() if credential else [],
    }
    status = 422 if form.errors else 200
    return render(request, "credentials/credential.html", page, status=status)


def _save(request: HttpRequest, form: CredentialForm, credential: Credential | None) -> str:
    """What is said afterwards: another account may have to wait for another Admin."""
    by, values = person(request), dict(form.cleaned_data)
    if credential is None:
        credentials.add_credential(by=by, **values)
        return gettext("{name} is saved. It is never shown again.").format(name=values["name"])
    try:
        credentials.change_credential(credential, by=by, **values)
    except NeedsSecondAdmin:
        username = values.pop("username")
        kept = credentials.change_credential(credential, by=by, **values)
        propose_account(kept, by=by, username=username)
        return gettext("The account of {name} is unchanged for now. {waits}").format(
            name=kept.name, waits=gettext(WAITS)
        )
    return gettext("{name} is saved. It is never shown again.").format(name=values["name"])
