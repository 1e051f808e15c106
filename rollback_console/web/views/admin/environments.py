"""Environments: their rules, decision makers, secrets and host groups."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render, resolve_url
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from rollback_console.access.actions.pending_changes import propose_decision_maker, propose_rules
from rollback_console.audit.stale_edit import StaleEdit
from rollback_console.common.people import display_name
from rollback_console.plans.actions import decision_makers as makers
from rollback_console.plans.actions import environments, host_groups, secrets
from rollback_console.plans.actions.second_admin import RULES, NeedsSecondAdmin
from rollback_console.plans.approval import decision_makers, policy
from rollback_console.plans.errors import PlanError
from rollback_console.plans.models import DecisionMaker, Environment, HostGroup, Secret
from rollback_console.web.forms.places import (
    DecisionMakerForm,
    EnvironmentForm,
    HostGroupForm,
    RungForm,
    SecretForm,
    WhoForm,
)

from ... import queries
from ...authentication.step_up import step_up
from ...http.current_user import admin_only, person
from ...http.paging import list_page, search
from ...http.removals import ask_once_more, count_sentence, is_sure
from ...http.responses import done, refused
from .confirmations import WAITS


@admin_only
def list_environments(request: HttpRequest) -> HttpResponse:
    """Every environment with its rules in short."""
    text = request.GET.get("text", "")
    rows = search(queries.ruled(), text, "name", "slug", "zone")
    page = {"list": list_page(request, rows, _ORDERS), "text": text}
    return render(request, "environments/list.html", page)


_ORDERS = {
    "production first": ("-is_production", "slug"),
    "name": ("name",),
    "most hosts": ("-host_count", "name"),
}


@admin_only
@step_up("add an environment")
def new_environment(request: HttpRequest) -> HttpResponse:
    """Add an environment."""
    form = EnvironmentForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and _added(request, form):
        sentence = gettext("Environment added. Next: add decision makers and hosts.")
        return done(request, sentence, "environment", slug=form.cleaned_data["slug"])
    status = 422 if form.errors else 200
    return render(request, "environments/new.html", {"form": form}, status=status)


@admin_only
@step_up("change the rules of {slug}")
def show_environment(request: HttpRequest, slug: str) -> HttpResponse:
    """One environment; POST changes its rules."""
    environment = _find(slug)
    form = EnvironmentForm(request.POST or None, instance=environment)
    if request.method == "POST" and form.is_valid():
        sentence = _save(request, form, environment)
        if not form.errors:
            return done(request, sentence, "environment", slug=form.cleaned_data["slug"])
    return _page(request, _find(slug), rules=form)


@require_POST
@admin_only
@step_up("add a decision maker in {slug}")
def name_decision_maker(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a decision maker."""
    environment = _find(slug)
    form = DecisionMakerForm(environment, request.POST)
    if not form.is_valid():
        return _page(request, environment, maker=form)
    try:
        maker = makers.name_decision_maker(environment, by=person(request), **form.cleaned_data)
    except NeedsSecondAdmin:
        propose_decision_maker(environment, by=person(request), **form.cleaned_data)
        return done(request, gettext(WAITS), "environment", slug=slug)
    except PlanError as error:
        return refused(request, error, "environment", slug=slug)
    sentence = gettext("{user} is added as {role}. {more}").format(
        user=maker.user, role=maker.role, more=queries.beside_deciding(maker.user)
    )
    return done(request, sentence.strip(), "environment", slug=slug)


@require_POST
@admin_only
@step_up("change the decision makers in {slug}")
def change_decision_maker(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Another role or escalation level for a decision maker."""
    maker = get_object_or_404(DecisionMaker, environment__slug=slug, pk=number)
    form = RungForm(request.POST, instance=maker)
    if not form.is_valid():
        wrong = gettext(
            "Nothing was saved. Reload the page, then enter a role of up to 60 characters and an "
            "escalation level from 1 to 99."
        )
        return refused(request, wrong, "environment", slug=slug)
    try:
        changed = makers.change_decision_maker(maker, by=person(request), **form.cleaned_data)
    except NeedsSecondAdmin:
        line = {name: form.cleaned_data[name] for name in ("role", "rung")}
        propose_decision_maker(maker.environment, by=person(request), user=maker.user, **line)
        return done(request, gettext(WAITS), "environment", slug=slug)
    except (PlanError, StaleEdit) as error:
        return refused(request, error, "environment", slug=slug)
    sentence = gettext("{user} is now {role}, escalation level {rung}.").format(
        user=changed.user, role=changed.role, rung=changed.rung
    )
    return done(request, sentence, "environment", slug=slug)


@require_POST
@admin_only
@step_up("change the decision makers in {slug}")
def remove_decision_maker(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Remove a decision maker; approvals they gave stay on record."""
    maker = get_object_or_404(DecisionMaker, environment__slug=slug, pk=number)
    if not is_sure(request):
        left = queries.makers_beside(maker)
        return ask_once_more(
            request,
            what=gettext("Remove {person} from {environment}").format(
                person=display_name(maker.user), environment=maker.environment
            ),
            button=gettext("Remove the decision maker"),
            depends=[
                count_sentence(left, "decides there then", "decide there then"),
                "" if left else gettext("Nobody decides there then: nothing can be approved."),
                count_sentence(
                    queries.requests_waiting_for(maker), "open request", "open requests"
                ),
                gettext("Approvals they gave for what has not started count no longer."),
            ],
            back=resolve_url("environment", slug=slug),
        )
    try:
        makers.remove_decision_maker(maker, by=person(request))
    except PlanError as error:
        return refused(request, error, "environment", slug=slug)
    return done(
        request,
        gettext("{user} is no longer a decision maker here.").format(user=maker.user),
        "environment",
        slug=slug,
    )


@require_POST
@admin_only
@step_up("set a secret of {slug}")
def write_secret(request: HttpRequest, slug: str) -> HttpResponse:
    """Write or replace a secret."""
    environment = _find(slug)
    form = SecretForm(request.POST)
    if not form.is_valid():
        return _page(request, environment, secret=form)
    secret = secrets.set_secret(environment, by=person(request), **form.cleaned_data)
    return done(
        request,
        gettext("{name} is saved. Its value is never shown.").format(name=secret.name),
        "environment",
        slug=slug,
    )


@require_POST
@admin_only
@step_up("remove a secret of {slug}")
def remove_secret(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Forget a secret."""
    secret = get_object_or_404(Secret, environment__slug=slug, pk=number)
    if not is_sure(request):
        return ask_once_more(
            request,
            what=gettext("Remove the secret {name} of {environment}").format(
                name=secret.name, environment=secret.environment
            ),
            button=gettext("Remove the secret"),
            depends=[
                count_sentence(queries.plans_that_read(secret), "plan reads it", "plans read it"),
                gettext("Its value is gone for good; logs stay masked."),
            ],
            back=resolve_url("environment", slug=slug),
        )
    secrets.remove_secret(secret, by=person(request))
    return done(
        request, gettext("{name} is deleted.").format(name=secret.name), "environment", slug=slug
    )


@require_POST
@admin_only
@step_up("add a host group to {slug}")
def make_group(request: HttpRequest, slug: str) -> HttpResponse:
    """Make a host group."""
    environment = _find(slug)
    form = HostGroupForm(request.POST)
    if not form.is_valid():
        return _page(request, environment, group=form)
    group = host_groups.add_host_group(environment, by=person(request), **form.cleaned_data)
    return done(
        request,
        gettext("{name} is added. Assign hosts to it on their pages.").format(name=group.name),
        "environment",
        slug=slug,
    )


@require_POST
@admin_only
@step_up("remove a host group of {slug}")
def remove_group(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Remove a group that holds no hosts."""
    group = get_object_or_404(HostGroup, environment__slug=slug, pk=number)
    if not is_sure(request):
        names = list(group.hosts.order_by("name").values_list("name", flat=True))
        return ask_once_more(
            request,
            what=gettext("Remove the host group {name} of {environment}").format(
                name=group.name, environment=group.environment
            ),
            button=gettext("Remove the host group"),
            depends=[
                count_sentence(names, "host is in it", "hosts are in it"),
                count_sentence(queries.plans_that_name(group), "plan names it", "plans name it"),
            ],
            back=resolve_url("environment", slug=slug),
        )
    try:
        host_groups.remove_host_group(group, by=person(request))
    except PlanError as error:
        return refused(request, error, "environment", slug=slug)
    return done(
        request,
        gettext("The group {name} is removed.").format(name=group.name),
        "environment",
        slug=slug,
    )


def _added(request: HttpRequest, form: EnvironmentForm) -> bool:
    """Add the environment, or say on the form why it cannot be."""
    try:
        environments.add_environment(by=person(request), **form.cleaned_data)
    except PlanError as error:
        form.add_error(None, str(error))
    return not form.errors


def _save(request: HttpRequest, form: EnvironmentForm, environment: Environment) -> str:
    """Save the rules and say what holds now, or say on the form why they cannot be saved."""
    by, values = person(request), form.cleaned_data
    try:
        try:
            environments.change_environment(environment, by=by, **values)
        except NeedsSecondAdmin:
            _propose_rules(environment, values, by=by)
            return gettext("The approval rules are unchanged for now. {waits}").format(
                waits=gettext(WAITS)
            )
    except (PlanError, StaleEdit) as error:
        form.add_error(None, str(error))
    return gettext("Rules saved. They apply to new requests.")


def _propose_rules(environment: Environment, values: dict[str, Any], *, by: User) -> None:
    """Save all but the rules that another Admin has to confirm, and propose those."""
    others = {name: value for name, value in values.items() if name not in RULES}
    row = environments.change_environment(environment, by=by, **others)
    rules = {name: values[name] for name in RULES if name in values}
    propose_rules(row, by=by, **rules)


def _find(slug: str) -> Environment:
    return get_object_or_404(Environment, slug=slug)


def _page(request: HttpRequest, environment: Environment, **forms: Any) -> HttpResponse:
    who = WhoForm(request.GET if "asks" in request.GET else None)
    wrong = any(form.errors for form in forms.values())
    page = {
        "environment": environment,
        "rules": EnvironmentForm(instance=environment),
        "maker": DecisionMakerForm(environment),
        "secret": SecretForm(),
        "group": HostGroupForm(),
        "who_form": who,
        "who": queries.who_could(environment, **who.cleaned_data) if who.is_valid() else None,
        "contents": queries.environment_contents(environment),
        "missing": policy.missing(environment),
        "stranded": policy.stranded(environment),
        "lent": decision_makers.current_delegations(environment),
        **forms,
    }
    return render(request, "environments/environment.html", page, status=422 if wrong else 200)
