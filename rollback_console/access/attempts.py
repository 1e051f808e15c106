"""Guessing is slowed down, and nobody is kept out by the guesses of others.

A wrong proof is counted for what it came with: a device that signed in as this person before
(a signed cookie; OWASP's "device cookies"), else the name together with the address. Only who
comes from a place that this person never signed in from also shares the counts of the name and
of the address. Past an allowance each further proof has to wait, twice as long each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from rollback_console.rollbacks import db_clock

from .models import AttemptCount, KnownAddress

FIRST_WAIT = timedelta(seconds=15)
SHORT_WAIT = timedelta(minutes=1)
"""The longest wait where strangers share a count: who guesses must not keep a person out."""

NAME_ALLOWANCE = 50
ADDRESS_ALLOWANCE = 30
KNOWN_FOR = timedelta(days=90)
STALE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A proof that somebody offers: for which name, from where, by which known device."""

    username: str
    address: str
    device: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """One count that an attempt belongs to: proofs that cost nothing, and the longest wait."""

    bucket: str
    username: str
    allowance: int
    longest: timedelta


def remaining_wait(attempt: Attempt) -> int:
    """The seconds for which no such proof is looked at; 0 for none."""
    now = db_clock.now()
    rows = [_row(limit, now) for limit in _limits_of(attempt, now)]
    wait = max(row.next_at - now for row in rows)
    return max(1, round(wait.total_seconds())) if wait > timedelta() else 0


def claim_attempt(attempt: Attempt) -> int:
    """Count the proof as wrong before it is looked at, so that many at once count too.

    Returns 0, or the seconds to wait: then it must not be looked at. `settle_success` takes it
    back.
    """
    if wait := remaining_wait(attempt):
        return wait
    now = db_clock.now()
    limits = _limits_of(attempt, now)
    counted = [_count(_row(limit, now), limit, now) for limit in limits]
    return 0 if all(counted) else 1


def settle_success(attempt: Attempt) -> None:
    """The proof was right: forget what was wrong before it; strangers' guesses still count."""
    own, shared = _split(_limits_of(attempt, db_clock.now()))
    AttemptCount.objects.filter(bucket__in=own).delete()
    AttemptCount.objects.filter(bucket__in=shared, failures__gt=0).update(
        failures=F("failures") - 1
    )


def remember_address(user_id: int, address: str) -> None:
    """Somebody signed in from there."""
    KnownAddress.objects.update_or_create(
        user_id=user_id,
        address=normalize_address(address),
        defaults={"last_at": db_clock.now()},
    )


def forget_attempts(username: str) -> int:
    """Forget every wrong proof for that name, wherever it came from; returns how many."""
    rows = AttemptCount.objects.filter(username=_fold(username))
    count = sum(rows.values_list("failures", flat=True))
    rows.delete()
    # Where many shared one address, its count goes too: nobody knows whose guesses those were.
    AttemptCount.objects.filter(username="").delete()
    return count


def normalize_address(address: str) -> str:
    """The address; of IPv6 the network of 64 bits that one customer is given."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address) and not parsed.ipv4_mapped:
        return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


def _limits_of(attempt: Attempt, now: datetime) -> list[Limit]:
    name, place = _fold(attempt.username), normalize_address(attempt.address)
    allowance, longest = settings.SIGN_IN_FAILURES, settings.SIGN_IN_LONGEST_WAIT
    if attempt.device:
        return [Limit(_bucket("device", name, attempt.device), name, allowance, longest)]
    near = Limit(_bucket("place", name, place), name, allowance, longest)
    if _is_known(name, place, now):
        return [near]
    return [
        near,
        Limit(_bucket("name", name), name, NAME_ALLOWANCE, SHORT_WAIT),
        Limit(_bucket("address", place), "", ADDRESS_ALLOWANCE, SHORT_WAIT),
    ]


def _is_known(name: str, place: str, now: datetime) -> bool:
    rows = KnownAddress.objects.filter(user__username__iexact=name, address=place)
    return rows.filter(last_at__gt=now - KNOWN_FOR).exists()


def _row(limit: Limit, now: datetime) -> AttemptCount:
    row = AttemptCount.objects.filter(bucket=limit.bucket).first()
    if row is not None:
        return row
    AttemptCount.objects.filter(last_at__lt=now - STALE).delete()
    fresh = {"username": limit.username, "last_at": now, "next_at": now}
    try:
        with transaction.atomic():
            return AttemptCount.objects.create(bucket=limit.bucket, **fresh)
    except IntegrityError:
        return AttemptCount.objects.get(bucket=limit.bucket)


def _count(row: AttemptCount, limit: Limit, now: datetime) -> bool:
    """Whether this proof is the one that counts next; False when another came in between."""
    quiet = now - row.last_at > max(settings.SIGN_IN_LONGEST_WAIT, SHORT_WAIT)
    failures = 1 if quiet else row.failures + 1
    same = AttemptCount.objects.filter(pk=row.pk, failures=row.failures, last_at=row.last_at)
    changed = same.update(
        failures=failures, last_at=now, next_at=now + _wait_after(failures, limit)
    )
    return bool(changed)


def _wait_after(failures: int, limit: Limit) -> timedelta:
    over: int = failures - limit.allowance
    if over < 0:
        return timedelta()
    # 2 ** 20 first waits are past every longest one.
    return min(limit.longest, FIRST_WAIT * (1 << min(over, 20)))


def _split(limits: Sequence[Limit]) -> tuple[list[str], list[str]]:
    return [limits[0].bucket], [each.bucket for each in limits[1:]]


def _bucket(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _fold(username: str) -> str:
    return username.casefold()[:150]
