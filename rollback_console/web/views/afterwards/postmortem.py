"""Postmortems: the list, the page of one, what people write into it, and its exports."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.http import require_POST

from rollback_console.postmortems import checklist
from rollback_console.postmortems.actions import issues, postmortems
from rollback_console.postmortems.checklist import entries
from rollback_console.postmortems.models import ActionItem, Postmortem
from rollback_console.postmortems.report import versions
from rollback_console.postmortems.report.draft import draft
from rollback_console.postmortems.report.export import as_json, as_markdown
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.execution.approved_snapshot import is_readable
from rollback_console.rollbacks.execution.view import latest
from rollback_console.rollbacks.queries import lists
from rollback_console.web.forms.postmortems import (
    AssignmentForm,
    CommentForm,
    ItemForm,
    WritingForm,
)

from ...http.current_user import person
from ...http.lookup import rollback_of
from ...http.responses import done, refused
from ...presenters import diffs
from ...presenters.steps import step_board, step_timeline
from ...templatetags.prose import prose

_MOVED = {
    "draft": gettext_noop("Back to draft."),
    "in_review": gettext_noop("In review. Anybody but the requester may publish it."),
    "published": gettext_noop("Published."),
}


def list_postmortems(request: HttpRequest) -> HttpResponse:
    """Every postmortem, newest first."""
    rollbacks = lists.rows().prefetch_related("action_items")
    rows = Postmortem.objects.prefetch_related(Prefetch("rollback", rollbacks))
    return render(request, "postmortems/list.html", {"postmortems": rows.order_by("-id")[:100]})


def show_postmortem(request: HttpRequest, number: int) -> HttpResponse:
    """What the events tell, beside what people wrote."""
    rollback = rollback_of(number)
    if not is_readable(rollback):
        return render(request, "rollbacks/unreadable.html", {"rollback": rollback}, status=409)
    try:
        return _page(request, postmortems.open_postmortem(rollback))
    except Refused as error:
        return refused(request, error, "rollback", number=number)


@require_POST
def write(request: HttpRequest, number: int) -> HttpResponse:
    """Keep the texts; what was typed is not lost when it cannot be kept."""
    postmortem = _of(number)
    form = WritingForm.of(postmortem, request.POST)
    if form.is_valid():
        try:
            postmortems.write_texts(postmortem, by=person(request), **form.texts())
        except Refused as error:
            form.add_error(None, str(error))
        else:
            return done(request, gettext("Narrative saved."), "postmortem", number=number)
    return _page(request, postmortem, writing=form)


@require_POST
def autosave(request: HttpRequest, number: int) -> HttpResponse:
    """Keep the texts while somebody writes; answers how they look and the version to go on from."""
    postmortem = _of(number)
    form = WritingForm.of(postmortem, request.POST)
    if not form.is_valid():
        detail = " ".join(str(each) for errors in form.errors.values() for each in errors)
        return JsonResponse({"status": 422, "detail": detail}, status=422)
    texts = form.texts()
    try:
        saved = postmortems.write_texts(postmortem, by=person(request), autosaved=True, **texts)
    except Refused as error:
        return JsonResponse({"status": 409, "detail": str(error)}, status=409)
    looks = {name: prose(getattr(saved, name)) for name in postmortems.WRITTEN}
    return JsonResponse({"version": saved.version, "looks": looks})


@require_POST
def comment(request: HttpRequest, number: int) -> HttpResponse:
    """Say something about it."""
    try:
        postmortems.comment(_of(number), by=person(request), text=request.POST.get("text", ""))
    except Refused as error:
        return refused(request, error, "postmortem", number=number)
    return done(request, gettext("Comment added."), "postmortem", number=number)


@require_POST
def move(request: HttpRequest, number: int) -> HttpResponse:
    """Draft, in review, published, and back."""
    to = request.POST.get("to", "")
    try:
        moved = postmortems.move_postmortem(_of(number), by=person(request), to=to)
    except Refused as error:
        return refused(request, error, "postmortem", number=number)
    return done(
        request,
        gettext(_MOVED[moved.state]),
        "postmortem",
        number=number,
    )


@require_POST
def add_item(request: HttpRequest, number: int) -> HttpResponse:
    """Something to do afterwards."""
    postmortem = _of(number)
    form = ItemForm(request.POST)
    if form.is_valid():
        try:
            postmortems.add_item(postmortem, by=person(request), **form.cleaned_data)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            return done(request, gettext("Action item added."), "postmortem", number=number)
    return _page(request, postmortem, item=form)


@require_POST
def tick(request: HttpRequest, number: int, item: int) -> HttpResponse:
    """An item is done, or not after all, with what shows it."""
    action = get_object_or_404(ActionItem, pk=item, rollback_id=number)
    is_done, evidence = request.POST.get("done") == "yes", request.POST.get("evidence")
    try:
        checklist.tick_item(action, by=person(request), done=is_done, evidence=evidence)
    except Refused as error:
        return refused(request, error, "postmortem", number=number)
    return done(request, gettext("Action item updated."), "postmortem", number=number)


@require_POST
def assign(request: HttpRequest, number: int, item: int) -> HttpResponse:
    """Who does an item, and until when."""
    action = get_object_or_404(ActionItem, pk=item, rollback_id=number)
    form = AssignmentForm.of(action, request.POST)
    if not form.is_valid():
        sentence = gettext("A date looks like 2026-11-25. The item was left as it was.")
        return refused(request, sentence, "postmortem", number=number)
    try:
        checklist.assign_item(action, by=person(request), **form.cleaned_data)
    except Refused as error:
        return refused(request, error, "postmortem", number=number)
    return done(request, gettext("Assignment saved."), "postmortem", number=number)


@require_POST
def open_issue(request: HttpRequest, number: int, item: int) -> HttpResponse:
    """An action item becomes an issue in the service's tracker, too."""
    action = get_object_or_404(ActionItem, pk=item, rollback_id=number)
    try:
        opened = issues.open_issue(action, by=person(request))
    except Refused as error:
        return refused(request, error, "postmortem", number=number)
    sentence = gettext("Issue opened: {}").format(opened.issue_url)
    return done(request, sentence, "postmortem", number=number)


def version(request: HttpRequest, number: int, version: int) -> HttpResponse:
    """What one edit changed."""
    postmortem = _of(number)
    kept = {each.number: each for each in versions.versions(postmortem)}
    earlier = [each for each in kept if each < version]
    if version not in kept or not earlier:
        raise Http404(f"There is no edit {version} of this postmortem.")
    page = {
        "rollback": postmortem.rollback,
        "version": kept[version],
        "changes": [
            (each.heading, diffs.lines(each.old, each.new))
            for each in versions.changes(kept[max(earlier)], kept[version])
        ],
    }
    return render(request, "postmortems/version.html", page)


def markdown(request: HttpRequest, number: int) -> HttpResponse:
    """The whole as one Markdown file; 409 and a sentence before the rollback has ended."""
    try:
        text = as_markdown(postmortems.open_postmortem(rollback_of(number)))
    except Refused as error:
        return HttpResponse(f"{error}\n", content_type="text/plain; charset=utf-8", status=409)
    answer = HttpResponse(text, content_type="text/markdown; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="postmortem-{number}.md"'
    return answer


def json(request: HttpRequest, number: int) -> HttpResponse:
    """The whole as JSON; 409 and a sentence before the rollback has ended."""
    try:
        return JsonResponse(as_json(postmortems.open_postmortem(rollback_of(number))))
    except Refused as error:
        return JsonResponse({"status": 409, "detail": str(error)}, status=409)


def _of(number: int) -> Postmortem:
    """The postmortem; there is none, and nothing of it, before the rollback has ended."""
    try:
        return postmortems.open_postmortem(rollback_of(number))
    except Refused as error:
        raise Http404(str(error)) from error


def _page(request: HttpRequest, postmortem: Postmortem, **forms: Any) -> HttpResponse:
    wrong = any(form.errors for form in forms.values())
    rollback = postmortem.rollback
    lines = step_board.lines(rollback, latest(rollback))
    writing = forms.get("writing") or WritingForm.of(postmortem)
    page = {
        "postmortem": postmortem,
        "rollback": rollback,
        "draft": draft(rollback),
        "picture": step_timeline.picture(rollback, lines),
        "texts": _texts(postmortem, writing),
        "items": [(each, AssignmentForm.of(each.item)) for each in entries(postmortem.rollback)],
        "versions": versions.versions(postmortem),
        "comments": postmortem.comments.select_related("by"),
        "tracker": issues.tracker_of(rollback),
        "moves": postmortem.moves.select_related("by"),
        "writing": writing,
        "writes": person(request).has_perm("rollbacks.operate_rollback")
        and postmortem.state != "published",
        "item": ItemForm(),
        "saying": CommentForm(),
        **forms,
    }
    return render(request, "postmortems/postmortem.html", page, status=422 if wrong else 200)


def _texts(postmortem: Postmortem, writing: WritingForm) -> dict[str, tuple[str, str]]:
    """The heading and the text of each part that people write."""
    return {
        name: (str(writing.fields[name].label), getattr(postmortem, name))
        for name in postmortems.WRITTEN
    }
