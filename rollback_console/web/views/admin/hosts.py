"""Hosts, and the keys a person confirms before the console speaks to them."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render, resolve_url
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from rollback_console.access.actions.pending_changes import (
    propose_host,
    propose_host_key,
    propose_host_removal,
)
from rollback_console.audit.stale_edit import StaleEdit
from rollback_console.plans.actions import host_keys, hosts
from rollback_console.plans.actions.second_admin import NeedsSecondAdmin
from rollback_console.plans.errors import PlanError
from rollback_console.plans.inventory.host_specs import confirmed_keys
from rollback_console.plans.inventory.key_removals import key_removals
from rollback_console.plans.models import Environment, Host, HostGroup, HostKey
from rollback_console.plans.readiness.sign_in_trials import state_of
from rollback_console.remote.errors import RemoteError
from rollback_console.rollbacks.queries import lists
from rollback_console.rollbacks.sweeper import sign_in_trials
from rollback_console.web.forms.machines import HostForm, KeysForm

from ... import queries
from ...authentication.step_up import step_up
from ...http.current_user import admin_only, person
from ...http.paging import list_page, search
from ...http.rate_limit import costly
from ...http.removals import ask_once_more, count_sentence, is_sure
from ...http.responses import done, refused
from .confirmations import WAITS


@admin_only
def list_hosts(request: HttpRequest) -> HttpResponse:
    """One page of the hosts that match, with their keys and whether signing in worked."""
    chosen = {name: request.GET.get(name, "") for name in ("text", "environment", "group", "state")}
    beside = ("groups", "keys", "jump__keys", "jump__credential", "credential")
    rows = Host.objects.select_related("environment", "jump", "trial").prefetch_related(*beside)
    listed = list_page(request, _narrow(rows, chosen), _ORDERS)
    for host in listed["rows"]:
        host.sign_in = state_of(host) if confirmed_keys(host) else ""
    page = {
        "list": listed,
        "chosen": chosen,
        "states": list(_STATES),
        "environments": Environment.objects.order_by("name"),
    }
    return render(request, "hosts/list.html", page)


_ORDERS = {
    "name": ("name",),
    "environment": ("environment__name", "name"),
    "address": ("address", "port", "name"),
    "last tried": ("-trial__tried_at", "name"),
}
_CONFIRMED = HostKey.objects.filter(host=OuterRef("pk"), confirmed_at__isnull=False)
_STATES = {
    "without a confirmed key": Q(~Exists(_CONFIRMED)),
    "never tried": Q(Exists(_CONFIRMED), trial=None),
    "sign-in failed": Q(trial__tried_at__isnull=False) & ~Q(trial__problem=""),
    "signed in": Q(trial__tried_at__isnull=False, trial__problem=""),
}


def _narrow(rows: QuerySet[Host], chosen: dict[str, str]) -> QuerySet[Host]:
    rows = search(rows, chosen["text"], "name", "address", "credential__name")
    if chosen["environment"]:
        rows = rows.filter(environment__slug=chosen["environment"])
    if chosen["group"]:
        in_group = HostGroup.objects.filter(hosts=OuterRef("pk"), name=chosen["group"])
        rows = rows.filter(Exists(in_group))
    if chosen["state"] in _STATES:
        rows = rows.filter(_STATES[chosen["state"]])
    return rows


@admin_only
@step_up("add a host")
def new_host(request: HttpRequest) -> HttpResponse:
    """Add a host."""
    form = HostForm(request.POST or None, initial={"port": 22})
    if request.method == "POST" and form.is_valid():
        try:
            host = hosts.add_host(by=person(request), **form.cleaned_data)
        except NeedsSecondAdmin:
            propose_host(by=person(request), **form.cleaned_data)
            return done(request, gettext(WAITS), "hosts")
        except PlanError as error:
            form.add_error(None, str(error))
        else:
            sentence = gettext("Host added. Scan its keys and confirm the fingerprint.")
            return done(request, sentence, "host", number=host.pk)
    return render(request, "hosts/new.html", {"form": form}, status=422 if form.errors else 200)


@admin_only
@step_up("change a host")
def show_host(request: HttpRequest, number: int) -> HttpResponse:
    """One host and its keys; POST changes how it is reached."""
    host = _find(number)
    form = HostForm(request.POST or None, instance=host)
    if request.method == "POST" and form.is_valid():
        try:
            hosts.change_host(host, by=person(request), **form.cleaned_data)
        except NeedsSecondAdmin:
            fields = {**form.cleaned_data}
            fields.pop("drawn_from", None)
            propose_host(by=person(request), host=host, **fields)
            return done(request, gettext(WAITS), "host", number=number)
        except (PlanError, StaleEdit) as error:
            form.add_error(None, str(error))
        else:
            sentence = gettext("Host saved. Rollbacks approved for the old address will not start.")
            return done(request, sentence, "host", number=number)
    return _page(request, _find(number), form)


def _page(
    request: HttpRequest, host: Host, form: HostForm, read: KeysForm | None = None
) -> HttpResponse:
    keys = host.keys.select_related("confirmed_by").order_by("type", "id")
    removals = key_removals(keys)
    page = {
        "host": host,
        "form": form,
        "keys": [(key, removals.get(key.fingerprint)) for key in keys],
        "read": read or KeysForm(),
        "sign_in": state_of(host),
        "last_run": lists.last_run_on(host.name),
    }
    status = 422 if form.errors or read else 200
    return render(request, "hosts/host.html", page, status=status)


@require_POST
@admin_only
@costly
def scan(request: HttpRequest, number: int) -> HttpResponse:
    """Ask the host for its keys; they count only once a person confirms them."""
    try:
        keys = host_keys.scan_host(_find(number), by=person(request))
    except RemoteError as error:
        return refused(request, error, "host", number=number)
    sentence = ngettext(
        "It showed {} key. Compare before you confirm.",
        "It showed {} keys. Compare before you confirm.",
        len(keys),
    ).format(len(keys))
    return done(request, sentence, "host", number=number)


@require_POST
@admin_only
@costly
@step_up("sign in to hosts with their credentials")
def try_all(request: HttpRequest) -> HttpResponse:
    """Have workers sign in to every host that has a confirmed key."""
    rows = Host.objects.filter(keys__confirmed_at__isnull=False).distinct()
    count = sign_in_trials.try_sign_in(rows, by=person(request))
    back = "set-up" if request.POST.get("back") == "set-up" else "hosts"
    if not count:
        return refused(request, gettext("No host has a confirmed key yet."), back)
    sentence = ngettext(
        "Workers sign in to {} host. Reload in a moment.",
        "Workers sign in to {} hosts. Reload in a moment.",
        count,
    ).format(count)
    return done(request, sentence, back)


@require_POST
@admin_only
@costly
@step_up("sign in to a host with its credential")
def try_one(request: HttpRequest, number: int) -> HttpResponse:
    """Have a worker sign in to this host."""
    sign_in_trials.try_sign_in([_find(number)], by=person(request))
    return done(request, gettext("A worker signs in. Reload in a moment."), "host", number=number)


@require_POST
@admin_only
@step_up("note a key of a host")
def note_keys(request: HttpRequest, number: int) -> HttpResponse:
    """Keys that somebody read off the host; they count only once a person confirms them."""
    host, read = _find(number), KeysForm(request.POST)
    if not read.is_valid():
        return _page(request, host, HostForm(instance=host), read)
    lines = read.cleaned_data["keys"]
    host_keys.note_keys(host, lines.shown, by=person(request))
    host_keys.revoke_keys(host, lines.revoked, by=person(request))
    sentence = gettext("Host keys saved. Compare the fingerprints before you confirm.")
    return done(request, sentence, "host", number=number)


@require_POST
@admin_only
@step_up("trust the key of a host")
def confirm(request: HttpRequest, number: int, key: int) -> HttpResponse:
    """A person says that this fingerprint is the host's."""
    shown, reason = _find_key(number, key), request.POST.get("reason", "")
    try:
        sentence = _confirm_or_propose(shown, person(request), reason)
    except PlanError as error:
        return refused(request, error, "host", number=number)
    return done(request, sentence, "host", number=number)


def _confirm_or_propose(key: HostKey, by: User, reason: str) -> str:
    try:
        confirmed = host_keys.confirm_key(key, by=by, reason=reason)
    except NeedsSecondAdmin:
        propose_host_key(key, by=by, reason=reason)
        return gettext(WAITS)
    return gettext("{fingerprint} is confirmed as {host}.").format(
        fingerprint=confirmed.fingerprint, host=confirmed.host
    )


@require_POST
@admin_only
@step_up("remove the key of a host")
def forget_key(request: HttpRequest, number: int, key: int) -> HttpResponse:
    """Trust a key no longer."""
    forgotten = _find_key(number, key)
    host_keys.forget_key(forgotten, by=person(request))
    return done(
        request,
        gettext("{fingerprint} is revoked.").format(fingerprint=forgotten.fingerprint),
        "host",
        number=number,
    )


@require_POST
@admin_only
@step_up("remove a host")
def remove(request: HttpRequest, number: int) -> HttpResponse:
    """Remove a host; what ran on it stays on record by name."""
    host = _find(number)
    if needing := lists.needing(host):
        numbers = ", ".join(map(str, needing))
        sentence = gettext("{host} is needed by what is not over yet: rollback {numbers}.").format(
            host=host, numbers=numbers
        )
        return refused(request, sentence, "host", number=number)
    if not is_sure(request):
        return _ask_removal(request, host)
    try:
        hosts.remove_host(host, by=person(request))
    except NeedsSecondAdmin:
        propose_host_removal(host, by=person(request))
        return done(request, gettext(WAITS), "host", number=number)
    except PlanError as error:
        return refused(request, error, "host", number=number)
    return done(request, gettext("{host} is removed.").format(host=host), "hosts")


def _find(number: int) -> Host:
    return get_object_or_404(
        Host.objects.select_related("environment", "credential", "trial"), pk=number
    )


def _find_key(number: int, key: int) -> HostKey:
    return get_object_or_404(HostKey.objects.select_related("host"), host_id=number, pk=key)


def _ask_removal(request: HttpRequest, host: Host) -> HttpResponse:
    behind = Host.objects.filter(jump=host).values_list("name", flat=True)
    groups = host.groups.values_list("name", flat=True)
    return ask_once_more(
        request,
        what=gettext("Remove {host}").format(host=host),
        button=gettext("Remove the host"),
        depends=[
            count_sentence(list(behind), "host is reached through it", "hosts are reached by it"),
            count_sentence(queries.plans_with_host(host), "plan names it", "plans name it"),
            count_sentence(list(groups), "group has it", "groups have it"),
            gettext("What ran on it stays on record by its name."),
        ],
        back=resolve_url("host", number=host.pk),
    )
