"""Why a rollback is requested: a proposal or a deployment that the address names, or neither.

The page of a request is the same, filled in with what its cause knows.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest

from rollback_console.common.text import read_row_number
from rollback_console.deployments.actions import deployments
from rollback_console.deployments.models import Deployment
from rollback_console.plans.snapshot.deployment_facts import match_facts
from rollback_console.plans.snapshot.request_form import RequestForm
from rollback_console.proposals.actions import proposals
from rollback_console.proposals.models import Proposal
from rollback_console.rollbacks.actions import requests
from rollback_console.rollbacks.models import Rollback


@dataclass(frozen=True, slots=True)
class RequestCause:
    """At most one of the two, still undecided."""

    proposal: Proposal | None = None
    deployment: Deployment | None = None

    @property
    def trigger(self) -> str:
        """What the form proposes as the trigger."""
        if self.proposal:
            return self.proposal.trigger
        return f"Deployment of {self.deployment.version}"[:300] if self.deployment else ""

    @property
    def field(self) -> tuple[str, int] | None:
        """The name and value by which a form carries it on."""
        if self.proposal:
            return "proposal", self.proposal.pk
        return ("deployment", self.deployment.pk) if self.deployment else None

    def filled_in(self, asking: RequestForm) -> RequestForm:
        """The form with the values that the deployment knows; they win over the plan's."""
        if self.deployment is None:
            return asking
        known = match_facts(asking.parameters, deployments.facts_of(self.deployment))
        parameters = [
            replace(each, value=known.get(each.name, each.value)) for each in asking.parameters
        ]
        return replace(asking, parameters=tuple(parameters))


def cause_of(request: HttpRequest) -> RequestCause:
    """What an address or a form names, where nobody has decided about it yet."""
    if number := _number(request, "proposal"):
        return RequestCause(Proposal.objects.filter(pk=number, state="open").first())
    if number := _number(request, "deployment"):
        rows = Deployment.objects.select_related("service", "environment")
        return RequestCause(deployment=rows.filter(pk=number, decision="").first())
    return RequestCause()


def open_request(cause: RequestCause, **request: Any) -> Rollback:
    """Request a rollback, because of it where there is something."""
    if cause.proposal:
        return proposals.request_rollback(cause.proposal, **request)
    if cause.deployment:
        return deployments.request_rollback(cause.deployment, **request)
    return requests.open_request(**request)


def _number(request: HttpRequest, name: str) -> int:
    return read_row_number(request.POST.get(name, "") or request.GET.get(name, ""))
