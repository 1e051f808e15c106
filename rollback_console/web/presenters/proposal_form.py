"""A request that answers a proposal: the same page, filled in with its trigger."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from rollback_console.proposals.actions import proposals
from rollback_console.proposals.models import Proposal
from rollback_console.rollbacks.actions import requests
from rollback_console.rollbacks.models import Rollback


def proposed(request: HttpRequest) -> Proposal | None:
    """The open proposal that an address or a form names; None for none."""
    number = request.POST.get("proposal", "") or request.GET.get("proposal", "")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    return Proposal.objects.filter(pk=int(number), state="open").first()


def open_request(proposal: Proposal | None, **request: Any) -> Rollback:
    """Ask for a rollback, because of a proposal when there is one."""
    if proposal is None:
        return requests.open_request(**request)
    return proposals.request_rollback(proposal, **request)
