"""Where messages go. URLs and secrets are written, never read back."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from rollback_console.audit.stale_edit import StaleEdit
from rollback_console.outbox.actions import targets
from rollback_console.outbox.models import Delivery, Target
from rollback_console.outbox.topics import TOPICS
from rollback_console.rollbacks.errors import Refused
from rollback_console.web.forms.outbox import TargetForm

from ...authentication.step_up import step_up
from ...http.current_user import admin_only, person
from ...http.responses import done, refused

TROUBLES = 50


@admin_only
def list_targets(request: HttpRequest) -> HttpResponse:
    """Every target, and what did not arrive."""
    page = {
        "targets": targets.list_targets(),
        "topics": TOPICS,
        "troubled": targets.troubled_deliveries()[:TROUBLES],
    }
    return render(request, "targets/list.html", page)


@admin_only
@step_up("add a notification channel", looking_too=True)
def new_target(request: HttpRequest) -> HttpResponse:
    """Add a target."""
    form = TargetForm(None, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made, secret = targets.add_target(by=person(request), **form.values())
        except Refused as error:
            form.add_error("url", str(error))
        else:
            return _kept(request, made, secret)
    return _page(request, None, form=form)


@admin_only
@step_up("change a notification channel", looking_too=True)
def show_target(request: HttpRequest, number: int) -> HttpResponse:
    """One target; POST changes it."""
    target = get_object_or_404(Target, pk=number)
    form = TargetForm(target, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            saved, secret = targets.change_target(target, by=person(request), **form.values())
        except StaleEdit as error:
            form.add_error(None, str(error))
        except Refused as error:
            form.add_error("url", str(error))
        else:
            return _kept(request, saved, secret)
    return _page(request, target, form=form)


@require_POST
@admin_only
@step_up("send a test message")
def try_out(request: HttpRequest, number: int) -> HttpResponse:
    """Send a test and say what came of it."""
    target = get_object_or_404(Target, pk=number)
    sent = targets.try_out(target, by=person(request))
    if sent.state != Delivery.SENT:
        sentence = gettext("The test message was not delivered. {problem}").format(
            problem=sent.problem
        )
        return refused(request, sentence, "target", number=number)
    return done(
        request,
        gettext("{name} accepted the test message.").format(name=target.name),
        "target",
        number=number,
    )


@require_POST
@admin_only
@step_up("create a new signing secret")
def renew(request: HttpRequest, number: int) -> HttpResponse:
    """A new signing secret, shown in this answer."""
    target = get_object_or_404(Target, pk=number)
    try:
        secret = targets.renew_secret(target, by=person(request))
    except Refused as error:
        return refused(request, error, "target", number=number)
    return _page(request, target, form=TargetForm(target), secret=secret)


@require_POST
@admin_only
@step_up("remove a notification channel")
def remove(request: HttpRequest, number: int) -> HttpResponse:
    """Nothing goes there any more."""
    target = get_object_or_404(Target, pk=number)
    targets.remove_target(target, by=person(request))
    return done(
        request,
        gettext("{name} is removed. It receives no more messages.").format(name=target.name),
        "targets",
    )


@require_POST
def retry(request: HttpRequest, number: int) -> HttpResponse:
    """Try a failed delivery again."""
    delivery = get_object_or_404(Delivery, pk=number)
    back: tuple[str, dict[str, Any]] = ("targets", {})
    if delivery.rollback_id:
        back = ("communication", {"number": delivery.rollback_id})
    try:
        targets.retry_delivery(delivery, by=person(request))
    except Refused as error:
        return refused(request, error, back[0], **back[1])
    return done(request, gettext("The message is sent again within seconds."), back[0], **back[1])


def _kept(request: HttpRequest, target: Target, secret: str) -> HttpResponse:
    if secret:
        return _page(request, target, form=TargetForm(target), secret=secret)
    return done(
        request,
        gettext("{name} is saved. Send a test message.").format(name=target.name),
        "target",
        number=target.pk,
    )


def _page(
    request: HttpRequest, target: Target | None, *, form: TargetForm, secret: str = ""
) -> HttpResponse:
    sent = target.deliveries.order_by("-id")[:10] if target else []
    page = {"target": target, "form": form, "secret": secret, "sent": sent}
    status = 422 if form.errors else 200
    answer = render(request, "targets/target.html", page, status=status)
    answer["Cache-Control"] = "no-store"
    return answer
