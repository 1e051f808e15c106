"""The documents of a deployment: adding one, working through it, signing it."""

from __future__ import annotations

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from rollback_console.common.permission import may_do
from rollback_console.common.text import read_row_number
from rollback_console.deployments.actions import documents
from rollback_console.deployments.checklists import checklist_of
from rollback_console.deployments.models import Deployment, DeploymentDocument, DeploymentItem
from rollback_console.rollbacks.errors import Refused
from rollback_console.web.forms.deployments import DocumentForm, SignerForm

from ...http.current_user import person
from ...http.responses import SeeOther, done, refused
from .deployments import draw_deployment

_RELATED = (
    "added_by",
    "deployment__service",
    "deployment__environment",
    "deployment__plan",
    "deployment__decided_by",
)


@require_POST
@permission_required("plans.add_plan", raise_exception=True)
def add_document(request: HttpRequest, number: int) -> HttpResponse:
    """Read an uploaded document into a list."""
    deployment = get_object_or_404(Deployment, pk=number)
    form = DocumentForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            made = documents.add_document(
                deployment,
                by=person(request),
                data=form.data_of_document(),
                kind=form.cleaned_data["kind"],
            )
        except Refused as error:
            form.add_error(None, str(error))
        else:
            sentence = _("%(title)s is added.") % {"title": made.title}
            return done(request, sentence, "deployment-document", number=number, kind=made.kind)
    return draw_deployment(request, number, form)


def show_document(request: HttpRequest, number: int, kind: str) -> HttpResponse:
    """One document as a list: who answered what and when."""
    rows = DeploymentDocument.objects.select_related(*_RELATED)
    document = get_object_or_404(rows, deployment__pk=number, kind=kind)
    by = person(request)
    page = {
        "document": document,
        "deployment": document.deployment,
        "checklist": checklist_of(document),
        "may_answer": may_do(by, "rollbacks.request_rollback", document.deployment),
        "may_name": may_do(by, "rollbacks.operate_rollback", document.deployment),
        "by": by,
        "signer_form": SignerForm(auto_id=False),
    }
    return render(request, "deployments/document.html", page)


@require_POST
def answer_item(request: HttpRequest, number: int, item: int) -> HttpResponse:
    """Answer an item, decide, or sign."""
    row = _item(number, item)
    place = {"number": number, "kind": row.document.kind}
    try:
        documents.answer_item(
            row,
            by=person(request),
            answer=request.POST.get("answer", ""),
            seen=read_row_number(request.POST.get("seen", "")),
            evidence=request.POST.get("evidence", ""),
        )
    except Refused as error:
        return refused(request, error, "deployment-document", **place)
    there = done(request, "", "deployment-document", **place)
    return SeeOther(f"{there.url}#item-{row.pk}")


@require_POST
@permission_required("rollbacks.operate_rollback", raise_exception=True)
def name_signer(request: HttpRequest, number: int, item: int) -> HttpResponse:
    """Name who signs where nobody can."""
    row = _item(number, item)
    place = {"number": number, "kind": row.document.kind}
    form = SignerForm(request.POST)
    if not form.is_valid():
        return refused(request, _("Choose who signs."), "deployment-document", **place)
    try:
        documents.name_signer(row, by=person(request), person=form.cleaned_data["person"])
    except Refused as error:
        return refused(request, error, "deployment-document", **place)
    return done(request, _("Named. They can sign now."), "deployment-document", **place)


def _item(number: int, item: int) -> DeploymentItem:
    rows = DeploymentItem.objects.select_related(
        "document__deployment__service", "document__deployment__environment", "signer"
    )
    return get_object_or_404(rows, pk=item, document__deployment__pk=number)
