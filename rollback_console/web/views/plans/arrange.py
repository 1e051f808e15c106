"""Arranging a plan: the author's text beside what would run of it, and confirming that.

Every change is one POST of an operation on the draft; scripts only make that pleasant.
"""

from __future__ import annotations

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from rollback_console.common.text import LONGEST_TEXT, read_row_number
from rollback_console.plans.acknowledgement import list_findings
from rollback_console.plans.actions import plans
from rollback_console.plans.actions.revisions import draw_revision
from rollback_console.plans.arrangement import arranged, draft_of, operations_of
from rollback_console.plans.errors import PlanError
from rollback_console.plans.models import ArrangementDraft
from rollback_console.plans.snapshot.request_form import list_missing

from ... import queries
from ...http.current_user import person
from ...http.lookup import revision_of
from ...http.rate_limit import costly
from ...http.responses import done, refused
from ...presenters.arrangement import KINDS, ROLES, ArrangementPage


def show_arrangement(request: HttpRequest, slug: str) -> HttpResponse:
    """The newest revision as it is arranged so far, and the form that confirms it."""
    revision = revision_of(slug)
    draft = draft_of(revision)
    problem = ""
    try:
        document = arranged(revision, operations_of(draft))
    except PlanError as error:
        document, problem = arranged(revision, []), str(error)
    page = {
        "plan": revision.plan,
        "revision": revision,
        "latest": queries.latest_number(revision.plan),
        "page": ArrangementPage.of(document, list_findings(revision)),
        "draft": draft,
        "problem": problem,
        "undone": len(draft.operations) - draft.position,
        "roles": ROLES,
        "kinds": {kind.value: words for kind, words in KINDS.items()},
        "drawn_from": draw_revision(revision),
        "may_arrange": request.user.has_perm("plans.change_plan") and not revision.confirmed_at,
    }
    return render(request, "plans/arrange.html", page)


@require_POST
@permission_required("plans.change_plan", raise_exception=True)
@costly
def change_arrangement(request: HttpRequest, slug: str) -> HttpResponse:
    """One change of the draft, or taking one back (`do=undo`), or making it again (`do=redo`)."""
    try:
        _change(request, slug)
    except PlanError as error:
        return refused(request, error, "arrange", slug=slug)
    return done(request, "", "arrange", slug=slug)


def _change(request: HttpRequest, slug: str) -> ArrangementDraft:
    revision, by = revision_of(slug), person(request)
    version, do = _version(request.POST), request.POST.get("do", "")
    if request.POST.get("drawn_from") != draw_revision(revision):
        raise PlanError("A newer revision has been saved. Arrange this one.")
    if do == "undo":
        return plans.undo_change(revision, by=by, version=version)
    if do == "redo":
        return plans.redo_change(revision, by=by, version=version)
    operation = _operation(request.POST, do)
    return plans.change_arrangement(revision, by=by, operation=operation, version=version)


def _operation(data: QueryDict, do: str) -> dict[str, str]:
    """Every field of the form but the page's own; `do.name` is `name` for that button alone.

    Raises PlanError for a text that no step needs: it is never cut.
    """
    operation = {"do": do}
    for name in data:
        button, dot, own = name.rpartition(".")
        if name not in {"do", "version", "drawn_from", "csrfmiddlewaretoken"} and (
            not dot or button == do
        ):
            operation[own] = str(data[name]).replace("\r\n", "\n")
    if any(len(value) > LONGEST_TEXT for value in operation.values()):
        raise PlanError(f"Write at most {LONGEST_TEXT:,} characters in one field.")
    return operation


def _version(data: QueryDict) -> int:
    return read_row_number(data.get("version", ""))


@require_POST
@permission_required("plans.change_plan", raise_exception=True)
@costly
def confirm_arrangement(request: HttpRequest, slug: str) -> HttpResponse:
    """Stand for every step of the newest revision."""
    revision, seen = revision_of(slug), request.POST.get("drawn_from", "")
    try:
        made = plans.confirm_arrangement(
            revision, by=person(request), drawn_from=seen, version=_version(request.POST)
        )
    except PlanError as error:
        return refused(request, error, "arrange", slug=slug)
    sentence = gettext(
        "Confirmed as revision {number}. It can be requested once nothing is missing."
    ).format(number=made.number)
    return done(request, sentence, "bindings" if list_missing(made) else "plan", slug=slug)
