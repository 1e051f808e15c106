"""Going on from another step: what is left on each host, what it would do, and doing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from rollback_console.common.text import read_row_number
from rollback_console.engine.resuming import Resumption
from rollback_console.engine.snapshot import StepSpec
from rollback_console.engine.states import RollbackState
from rollback_console.plans.errors import NotReady
from rollback_console.rollbacks.actions import restarts
from rollback_console.rollbacks.errors import MovedOn, Refused, SecondPersonNeeded
from rollback_console.rollbacks.execution.view import excluded_hosts, snapshot_of
from rollback_console.rollbacks.models import Rollback

from ...authentication.second_person import prove_where_two_are_needed
from ...http.current_user import person
from ...http.lookup import rollback_of
from ...http.responses import done, refused


@prove_where_two_are_needed
def restart(request: HttpRequest, number: int) -> HttpResponse:
    """GET shows it, and with `position` what would happen; POST does it."""
    rollback = rollback_of(number)
    if request.method == "POST":
        return _do(request, rollback)
    position = read_row_number(request.GET.get("position", ""))
    by, snapshot = person(request), snapshot_of(rollback.snapshot)
    steps = {step.position: step for step in snapshot.steps}
    chosen = steps.get(position)
    page = {
        "rollback": rollback,
        "left": restarts.left(rollback),
        "excluded": excluded_hosts(rollback),
        "steps": [steps[each] for each in restarts.startable(snapshot)],
        "chosen": chosen,
        "values": sorted(snapshot.parameters.items()),
        "midway": rollback.state in restarts.STOPPED_MIDWAY,
        "waits": rollback.state == RollbackState.WAITING,
        "steers": by.has_perm("rollbacks.operate_rollback"),
        "requests": by.has_perm("rollbacks.request_rollback"),
        **(_would(restarts.would(rollback, position), steps) if chosen else {}),
    }
    return render(request, "rollbacks/resume.html", page)


def _would(resumption: Resumption, steps: Mapping[int, StepSpec]) -> dict[str, Any]:
    """The steps that are left out, and those that run again with the hosts they ran on."""
    again = {run.position: steps[run.position] for run in resumption.again}
    return {
        "skipped": [steps[at] for at in sorted({run.position for run in resumption.skipped})],
        "again": [
            (
                step,
                [run.host for run in resumption.again if run.position == at],
                at in resumption.confirm,
            )
            for at, step in sorted(again.items())
        ],
    }


def _do(request: HttpRequest, rollback: Rollback) -> HttpResponse:
    position, by = read_row_number(request.POST.get("position", "")), person(request)
    reason = request.POST.get("reason", "").strip()
    try:
        if rollback.state in restarts.STOPPED_MIDWAY:
            rest = restarts.request_rest(
                rollback, position=position, by=by, reason=reason, parameters=_values(request)
            )
            return done(
                request,
                gettext("Request submitted for approval."),
                "rollback",
                number=rest.pk,
            )
        again = [read_row_number(each) for each in request.POST.getlist("again")]
        restarts.resume_from(rollback, position=position, by=by, reason=reason, again=again)
    except SecondPersonNeeded as error:
        return done(request, str(error), "rollback", number=rollback.pk)
    except (Refused, MovedOn, NotReady) as error:
        return refused(request, error, "restarts", number=rollback.pk)
    return done(
        request,
        gettext("Resuming from step {number}.").format(number=rollback.number_of(position)),
        "rollback",
        number=rollback.pk,
    )


def _values(request: HttpRequest) -> dict[str, str]:
    """The values of the rest, as the form shows them; a plain call corrects none."""
    fields = {name: value for name, value in request.POST.items() if name.startswith("value-")}
    return {name.removeprefix("value-"): str(value).strip() for name, value in fields.items()}
