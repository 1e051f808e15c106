"""Revisions of a plan: the list, the changes between two, a new text, fixes and bindings."""

from __future__ import annotations

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from rollback_console.common.text import read_row_number
from rollback_console.documents.edit.writer import apply_fix
from rollback_console.documents.markdown.source import encode
from rollback_console.plans import document_cache
from rollback_console.plans.actions import plans
from rollback_console.plans.actions.revisions import draw_revision
from rollback_console.plans.errors import PlanError, UnreadablePlan
from rollback_console.plans.snapshot.request_form import list_missing
from rollback_console.web.forms.bindings import BindingsForm
from rollback_console.web.forms.plans import ReviseForm

from ... import queries
from ...http.current_user import person
from ...http.lookup import revision_of
from ...http.rate_limit import costly
from ...http.responses import done, refused
from ...presenters import diffs
from ...presenters.arrangement_changes import list_changes


def list_revisions(request: HttpRequest, slug: str) -> HttpResponse:
    """Every revision of a plan, newest first."""
    revision = revision_of(slug, None)
    page = {
        "plan": revision.plan,
        "revision": revision,
        "latest": revision.number,
        "revisions": queries.revisions(revision.plan),
    }
    return render(request, "plans/revisions.html", page)


def changes(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """What this revision changed since the one before, or since ?from=."""
    new = revision_of(slug, number)
    start = read_row_number(request.GET.get("from", "")) or number - 1
    old = revision_of(slug, start) if start > 0 else None
    before = document_cache.document(old).source if old else ""
    page = {
        "plan": new.plan,
        "old": old,
        "new": new,
        "arrangement": list_changes(
            document_cache.document(old) if old else None, document_cache.document(new)
        ),
        "rows": diffs.lines(before, document_cache.document(new).source),
        "bindings": diffs.values(old.bindings if old else {}, new.bindings),
    }
    return render(request, "plans/changes.html", page)


@permission_required("plans.change_plan", raise_exception=True)
@costly
def revise(request: HttpRequest, slug: str) -> HttpResponse:
    """Edit the newest text into the next revision; bindings are carried over."""
    last = revision_of(slug, None)
    text = document_cache.document(last).source
    form = ReviseForm(
        request.POST or None, initial={"text": text, "drawn_from": draw_revision(last)}
    )
    if request.method == "POST" and form.is_valid():
        try:
            made = form.save(last.plan, by=person(request))
        except UnreadablePlan as error:
            form.add_error("text", str(error))
        except PlanError as error:
            form.add_error(None, str(error))
        else:
            return done(
                request,
                gettext("Saved as revision {number}.").format(number=made.number),
                "plan",
                slug=slug,
            )
    page = {"plan": last.plan, "revision": last, "form": form}
    return render(request, "plans/revise.html", page, status=422 if form.errors else 200)


@require_POST
@permission_required("plans.change_plan", raise_exception=True)
@costly
def fix(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """What the edit that a finding offers would change; with `save`, that as a new revision."""
    last = revision_of(slug, None)
    if last.number != number:
        sentence = gettext(
            "The plan has a newer revision. Look at its findings, then fix them there."
        )
        return refused(request, sentence, "plan", slug=slug)
    index, code = request.POST.get("index", ""), request.POST.get("code", "")
    findings = document_cache.document(last).findings
    finding = dict(zip(map(str, range(len(findings))), findings, strict=True)).get(index)
    if finding is None or finding.code != code or finding.fix is None:
        raise Http404("This revision has no such finding.")
    document = document_cache.document(last)
    text = apply_fix(document, finding)
    if "save" not in request.POST:
        page = {
            "plan": last.plan,
            "finding": finding,
            "index": index,
            "rows": diffs.lines(document.source, text),
            "next_number": number + 1,
        }
        return render(request, "plans/fix.html", page)
    data = encode(text, document.encoding)
    label, seen = finding.fix.label, draw_revision(last)
    try:
        made = plans.revise(last.plan, data, by=person(request), note=label, drawn_from=seen)
    except PlanError as error:
        return refused(request, error, "plan", slug=slug)
    return done(
        request,
        gettext("Done, as revision {number}: {label}.").format(
            number=made.number, label=finding.fix.label
        ),
        "plan",
        slug=slug,
    )


@require_POST
@permission_required("plans.change_plan", raise_exception=True)
def acknowledge(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Keep why a finding of this revision may stay, or with `withdraw` take that back."""
    revision, by = revision_of(slug, number), person(request)
    finding, reason = request.POST.get("finding", ""), request.POST.get("reason", "")
    try:
        if "withdraw" in request.POST:
            plans.withdraw_acknowledgement(revision, by=by, finding=finding)
        else:
            plans.acknowledge_finding(revision, by=by, finding=finding, reason=reason)
    except PlanError as error:
        return refused(request, error, _page_of_form(request, slug, number))
    sentence = (
        gettext("Acknowledgement withdrawn.")
        if "withdraw" in request.POST
        else gettext("Finding acknowledged.")
    )
    return done(request, sentence, _page_of_form(request, slug, number))


def _page_of_form(request: HttpRequest, slug: str, number: int) -> str:
    """The page that the form of a finding stands on."""
    if request.POST.get("page") == "arrange":
        return reverse("arrange", args=[slug])
    return reverse("revision", args=[slug, number])


@require_POST
@permission_required("plans.change_plan", raise_exception=True)
@costly
def inscribe(request: HttpRequest, slug: str) -> HttpResponse:
    """Write what steps are bound to into the text, as a new revision."""
    plan = revision_of(slug, None).plan
    try:
        made = plans.write_bindings(
            plan, by=person(request), drawn_from=request.POST.get("drawn_from", "")
        )
    except PlanError as error:
        return refused(request, str(error), "bindings", slug=slug)
    sentence = gettext("Bindings written into the plan, as revision {number}.").format(
        number=made.number
    )
    return done(request, sentence, "changes", slug=slug, number=made.number)


def bindings(request: HttpRequest, slug: str) -> HttpResponse:
    """Where steps run, as whom and for how long; people who may not change it can read it."""
    last = revision_of(slug, None)
    form = BindingsForm(last, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = plans.bind_steps(
                last,
                by=person(request),
                bindings=form.bindings(),
                drawn_from=form.cleaned_data["drawn_from"],
            )
        except PlanError as error:
            form.add_error(None, str(error))
        else:
            return done(
                request,
                gettext("Bindings saved, as revision {number}.").format(number=made.number),
                "plan",
                slug=slug,
            )
    page = {
        "plan": last.plan,
        "revision": last,
        "latest": last.number,
        "form": form,
        "missing": list_missing(last),
        "bound": bool(last.bindings.get("steps")),
    }
    return render(request, "plans/bindings.html", page, status=422 if form.errors else 200)
