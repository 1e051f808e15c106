"""Trying to sign in to a host: asked for by a person, done by a worker, kept with its sentence."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now

from rollback_console.remote import connector
from rollback_console.remote.errors import RemoteError
from rollback_console.remote.redaction.redacted_remote import redacted

from ..errors import HostRefused
from ..inventory.addresses import address
from ..inventory.host_specs import host_spec
from ..inventory.masked_values import values_to_mask
from ..models import Host, SignInTrial
from .check import Connect

TAKEN_FOR = timedelta(minutes=2)
"""After so long without an end, whoever took a trial is given up on."""

_SECONDS = 20.0

NEVER, WAITING, SIGNED_IN, FAILED, OUTDATED = (
    "never tried",
    "waiting",
    "signed in",
    "failed",
    "tried by another way",
)


def enqueue_trials(hosts: Iterable[Host]) -> list[SignInTrial]:
    """Wish that a worker signs in to each of these; what was known of them before is forgotten."""
    fresh = {"asked_at": Now(), "taken_at": None, "tried_at": None, "problem": "", "way": ""}
    return [SignInTrial.objects.update_or_create(host=host, defaults=fresh)[0] for host in hosts]


def answer_trial(number: int, connect: Connect = connector.connect) -> bool:
    """Sign in for one trial. False when somebody else does, or has done."""
    free = Q(taken_at=None) | Q(taken_at__lt=Now() - TAKEN_FOR)
    if not SignInTrial.objects.filter(free, pk=number, tried_at=None).update(taken_at=Now()):
        return False
    host = (
        SignInTrial.objects.select_related("host__credential", "host__environment")
        .get(pk=number)
        .host
    )
    way, problem = way_to(host), _try(host, connect)
    rows = SignInTrial.objects.filter(pk=number, tried_at=None)
    rows.update(tried_at=Now(), way=way, problem=problem)
    return True


def waiting_trials(since: timedelta, zones: Sequence[str]) -> list[int]:
    """Trials in these zones that nobody took within `since`, or whose taker is gone."""
    free = Q(taken_at=None, asked_at__lt=Now() - since) | Q(taken_at__lt=Now() - TAKEN_FOR)
    near = Q(host__environment__zone__in=zones)
    rows = SignInTrial.objects.filter(free, near, tried_at=None)
    return list(rows.values_list("id", flat=True)[:50])


def state_of(host: Host) -> str:
    """What is known: only a trial by the way that the host has today counts."""
    trial = getattr(host, "trial", None)
    if trial is None:
        return NEVER
    if trial.tried_at is None:
        return WAITING
    if trial.way != way_to(host):
        return OUTDATED
    return FAILED if trial.problem else SIGNED_IN


def way_to(host: Host) -> str:
    """A digest of how the host is reached now; "" where it cannot be, for want of a key."""
    try:
        spec = host_spec(host)
    except HostRefused:
        return ""
    return hashlib.sha256(repr(astuple(spec)).encode()).hexdigest()


def _try(host: Host, connect: Connect) -> str:
    """Why it did not work, as a sentence; "" when it did."""
    try:
        host_spec(host)
        remote = redacted(connect, values_to_mask(host.environment_id))(address(host))
    except (HostRefused, RemoteError) as error:
        return str(error)
    try:
        answer = remote.ask(["true"], timeout=_SECONDS)
    except RemoteError as error:
        return str(error)
    finally:
        remote.close()
    return (
        ""
        if answer.exit_code == 0
        else f"{host} signed in, but `true` ended with {answer.exit_code}."
    )
