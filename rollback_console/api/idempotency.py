"""A POST with an Idempotency-Key has one effect, however often it is sent.

The claim is committed first, then the effect together with the kept reply: a claim without
a reply that is older than PATIENCE proves that nothing was done, and may be taken over. Only
successes are kept; whoever was refused may put things right and send the same again.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, cast

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from rollback_console.rollbacks import db_clock

from .authentication import person
from .errors.error_mapping import REFUSALS
from .errors.problems import Problem
from .models import IdempotentReply, Token
from .rendering import render

KEPT = timedelta(hours=24)
PATIENCE = timedelta(seconds=30)

_LONGEST_KEY = 200
_LONGEST_PATH = 300
_REPLAYED = {"Idempotency-Replayed": "true"}

Operation = Callable[..., Any]


def make_idempotent(operation: Operation) -> Operation:
    """`operation` of a route, repeated without effect under the same key."""

    @wraps(operation)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        key = request.headers.get("Idempotency-Key")
        if request.method != "POST" or key is None:
            return operation(request, *args, **kwargs)
        _check(key, request.path)
        row = _claim(request, key)
        if row.status is not None:
            return HttpResponse(
                row.body, status=row.status, content_type="application/json", headers=_REPLAYED
            )
        return _carry_out(row, lambda: operation(request, *args, **kwargs))

    return answered


def _check(key: str, path: str) -> None:
    if not 1 <= len(key) <= _LONGEST_KEY or not key.isprintable():
        raise Problem("malformed", "An Idempotency-Key holds 1 to 200 printable characters.")
    if len(path) > _LONGEST_PATH:
        raise Problem("not-found", "There is nothing at so long an address.")


def _claim(request: HttpRequest, key: str) -> IdempotentReply:
    place = {"user": person(request), "key": key, "path": request.path}
    body = _digest(request)
    claim = uuid.uuid4()
    IdempotentReply.objects.filter(claimed_at__lt=db_clock.later(-KEPT)).delete()
    try:
        with transaction.atomic():
            return IdempotentReply.objects.create(
                **place, body_sha256=body, claim=claim, claimed_at=Now()
            )
    except IntegrityError:
        return _met(IdempotentReply.objects.filter(**place).first(), body, claim)


def _digest(request: HttpRequest) -> str:
    """Of the body, which may hold a secret, under a key; and of the token it came with.

    Another token of the same person, with other scopes or limits, is shown nothing that this one
    was answered.
    """
    token = f"{cast(Token, request.auth).pk}:".encode()  # type: ignore[attr-defined]
    content = token + request.body
    return salted_hmac("api.idempotency", content, algorithm="sha256").hexdigest()


def _met(row: IdempotentReply | None, body: str, claim: uuid.UUID) -> IdempotentReply:
    if row is None:
        raise _busy()
    if row.body_sha256 != body:
        raise Problem(
            "key-reused",
            "This Idempotency-Key was sent with another body or another token. Make a new key for "
            "a new request.",
        )
    if row.status is None and not _take_over(row, claim):
        raise _busy()
    return row


def _take_over(row: IdempotentReply, claim: uuid.UUID) -> bool:
    left = IdempotentReply.objects.filter(pk=row.pk, claim=row.claim, status=None)
    dead = left.filter(claimed_at__lt=db_clock.later(-PATIENCE))
    row.claim = claim
    return bool(dead.update(claim=claim, claimed_at=Now()))


def _carry_out(row: IdempotentReply, operation: Callable[[], Any]) -> HttpResponse:
    mine = IdempotentReply.objects.filter(pk=row.pk, claim=row.claim, status=None)
    try:
        answer = _effect(mine, operation)
    finally:
        mine.delete()
    if isinstance(answer, HttpResponse):
        return answer
    raise answer


@transaction.atomic
def _effect(mine: Any, operation: Callable[[], Any]) -> HttpResponse | Exception:
    try:
        response = render(operation())
    except REFUSALS as refusal:
        # Returned, not raised: a refusal that was put on record must stay there.
        return refusal
    _keep(mine, response)
    return response


def _keep(mine: Any, response: HttpResponse) -> None:
    if not mine.update(status=response.status_code, body=response.content.decode()):
        # Somebody took the claim over: raising undoes what was done in this transaction.
        raise _busy()


def _busy() -> Problem:
    return Problem(
        "in-progress",
        "The first request with this Idempotency-Key is still being carried out. Send it again in "
        "a second to get its answer.",
        headers={"Retry-After": "1"},
    )
