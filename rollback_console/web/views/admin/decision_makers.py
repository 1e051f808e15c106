"""Who decides in an environment, for everybody to see, and lending one's own right."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from rollback_console.common.people import display_name
from rollback_console.plans.actions.delegations import delegate_right, revoke_delegation
from rollback_console.plans.approval import decision_makers, delegations, policy
from rollback_console.plans.errors import PlanError
from rollback_console.plans.models import Delegation, Environment
from rollback_console.web.forms.deciding import DelegationForm
from rollback_console.web.forms.places import WhoForm

from ... import queries
from ...authentication.step_up import step_up
from ...http.current_user import person
from ...http.responses import done, refused


def show_decision_makers(request: HttpRequest, slug: str) -> HttpResponse:
    """The ladder, who stands in for whom, and who could approve now."""
    return _page(request, get_object_or_404(Environment, slug=slug))


@require_POST
@step_up("delegate your approval right in {slug}")
def lend(request: HttpRequest, slug: str) -> HttpResponse:
    """Lend one's own right for a time."""
    environment, by = get_object_or_404(Environment, slug=slug), person(request)
    form = DelegationForm(by, request.POST)
    if not form.is_valid():
        return _page(request, environment, form)
    try:
        lent = delegate_right(environment, by=by, **form.cleaned_data)
    except PlanError as error:
        return refused(request, error, "deciders", slug=slug)
    sentence = gettext("{person} may approve for you until {ends_at:%d %b %H:%M} UTC.").format(
        person=display_name(lent.to), ends_at=lent.ends_at
    )
    return done(request, sentence, "deciders", slug=slug)


@require_POST
@step_up("end a delegation")
def revoke(request: HttpRequest, number: int) -> HttpResponse:
    """End a delegation at once: safe, so without further proof."""
    lent = get_object_or_404(Delegation.objects.select_related("environment"), pk=number)
    place = {"slug": lent.environment.slug}
    try:
        revoke_delegation(lent, by=person(request))
    except PlanError as error:
        return refused(request, error, "deciders", **place)
    return done(request, gettext("Delegation ended."), "deciders", **place)


def mine(request: HttpRequest) -> HttpResponse:
    """What one lends and borrows, and where one could lend."""
    by = person(request)
    page = {
        "delegations": delegations.delegations_of(by)[:50],
        "standing": delegations.standing_ids(),
        "decides": by.decides.select_related("environment"),
    }
    return render(request, "account/delegations.html", page)


def _page(
    request: HttpRequest, environment: Environment, form: DelegationForm | None = None
) -> HttpResponse:
    by = person(request)
    given = request.GET if "asks" in request.GET else {"asks": str(by.pk), "risk": "code"}
    who = WhoForm(given)
    page = {
        "environment": environment,
        "makers": decision_makers.owners_of(environment),
        "lent": decision_makers.current_delegations(environment),
        "missing": policy.missing(environment),
        "who_form": who,
        "who": queries.who_could(environment, **who.cleaned_data) if who.is_valid() else None,
        "form": form or DelegationForm(by),
        "decides": _decides(environment, by),
    }
    return render(request, "environments/deciders.html", page, status=422 if form else 200)


def _decides(environment: Environment, by: User) -> bool:
    return environment.decision_makers.filter(user=by).exists()
