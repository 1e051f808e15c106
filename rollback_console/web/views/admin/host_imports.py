"""Many hosts at once: a list of another tool, and the keys of all of them in one table."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from rollback_console.common.text import read_row_number
from rollback_console.plans.actions import host_imports, host_keys
from rollback_console.plans.errors import PlanError
from rollback_console.plans.inventory.host_lists import read_host_list
from rollback_console.plans.inventory.key_lists import KeyComparison, KeyVerdict, compare_keys
from rollback_console.plans.models import Host, HostKey
from rollback_console.remote.errors import RemoteError
from rollback_console.remote.protocol import HostKeyPin
from rollback_console.rollbacks.sweeper import sign_in_trials
from rollback_console.web.forms.machines import HostListForm, KeyListForm

from ...authentication.step_up import step_up
from ...http.current_user import admin_only, person
from ...http.paging import list_page
from ...http.rate_limit import costly
from ...http.responses import done, refused

_SCANS_AT_ONCE = 16
_MOST_COMPARED = 900
"""Django reads no more than 1,000 fields of a form."""


@admin_only
@step_up("import hosts")
def import_list(request: HttpRequest) -> HttpResponse:
    """A list of hosts: first what it would do, then, once that was seen, doing it."""
    form = HostListForm(request.POST or None, request.FILES or None)
    planned: host_imports.HostImport | None = None
    problems: tuple[str, ...] = ()
    if request.method == "POST" and form.is_valid():
        text, environment, credential = form.list_chosen()
        try:
            listed = read_host_list(text)
            problems = listed.problems
            planned = host_imports.preview_import(environment, listed.rows, credential)
            if "seen" in request.POST and not problems:
                host_imports.import_hosts(
                    environment,
                    listed.rows,
                    by=person(request),
                    credential=credential,
                    seen=request.POST["seen"],
                )
                return _imported(request, planned)
        except PlanError as error:
            form.add_error(None, str(error))
    page = {"form": form, "planned": planned, "problems": problems}
    wrong = form.errors or problems or (planned and planned.problems)
    return render(request, "hosts/import.html", page, status=422 if wrong else 200)


def _imported(request: HttpRequest, planned: host_imports.HostImport) -> HttpResponse:
    if "scan" in request.GET:
        _note_shown_keys(request)
    sentence = gettext(
        "Hosts added: {added}, changed: {changed}. Next: scan their host keys and confirm the "
        "fingerprints."
    ).format(added=len(planned.new), changed=len(planned.changed))
    return done(request, sentence, "host-key-table")


@admin_only
def list_keys(request: HttpRequest) -> HttpResponse:
    """Keys that wait to be confirmed, and the hosts without any; POST compares the keys with a
    list, and ticks and changes nothing by itself."""
    keys = HostKey.objects.filter(confirmed_at=None).select_related("host__environment")
    form = KeyListForm(request.POST or None, request.FILES or None)
    page: dict[str, Any] = {
        "form": form,
        "without": Host.objects.filter(keys=None).order_by("name"),
    }
    if request.method == "POST" and form.is_valid():
        try:
            waiting = list(keys.order_by(*_KEY_ORDERS["environment"]))
            page |= _compared(compare_keys(waiting, form.cleaned_data["text"]))
        except PlanError as error:
            form.add_error("text", str(error))
    if "compared" not in page:
        listed = list_page(request, keys, _KEY_ORDERS)
        page |= {"list": listed, "rows": [(key, None) for key in listed["rows"]]}
    return render(request, "hosts/keys.html", page, status=422 if form.errors else 200)


_KEY_ORDERS = {"environment": ("host__environment", "host__name", "type", "pk")}


def _compared(comparison: KeyComparison) -> dict[str, Any]:
    return {
        "compared": comparison,
        "rows": comparison.rows[:_MOST_COMPARED],
        "same": comparison.count(KeyVerdict.SAME),
        "rest": len(comparison.rows[_MOST_COMPARED:]),
    }


@require_POST
@admin_only
@costly
def scan_all(request: HttpRequest) -> HttpResponse:
    """Ask every host without a key for its keys, many at a time."""
    _note_shown_keys(request)
    return redirect("host-key-table")


def _note_shown_keys(request: HttpRequest) -> None:
    waiting = list(Host.objects.filter(keys=None, jump=None).order_by("name"))
    with ThreadPoolExecutor(_SCANS_AT_ONCE) as pool:
        answers = list(pool.map(_scan, waiting))
    for host, answer in zip(waiting, answers, strict=True):
        if isinstance(answer, RemoteError):
            messages.error(request, str(answer))
        else:
            host_keys.note_keys(host, answer, by=person(request))


def _scan(host: Host) -> list[HostKeyPin] | RemoteError:
    try:
        return host_keys.fetch_keys(host)
    except RemoteError as error:
        return error


@require_POST
@admin_only
@step_up("trust the keys of hosts")
def confirm_all(request: HttpRequest) -> HttpResponse:
    """A person says that the fingerprints they ticked are those of the hosts, and has workers
    sign in to them: what is wrong there is known now, not during a rollback."""
    numbers = [read_row_number(each) for each in request.POST.getlist("key")]
    keys = HostKey.objects.filter(pk__in=numbers, confirmed_at=None)
    if not keys:
        return refused(request, gettext("Tick the keys that you have compared."), "host-key-table")
    try:
        confirmed = host_keys.confirm_keys(keys, by=person(request))
    except PlanError as error:
        return refused(request, error, "host-key-table")
    count = len(confirmed)
    hosts = Host.objects.filter(pk__in={key.host_id for key in confirmed})
    sign_in_trials.try_sign_in(hosts, by=person(request))
    sentence = ngettext(
        "{} key is confirmed. A worker signs in to its host now.",
        "{} keys are confirmed. Workers sign in to their hosts now.",
        count,
    ).format(count)
    return done(request, sentence, "host-key-table")
