"""Proof of who acts, where an environment wants two people for what they do."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from rollback_console.engine.decide import QuestionKind
from rollback_console.rollbacks.execution.view import snapshot_of
from rollback_console.rollbacks.models import Rollback

from ..http.lookup import rollback_of
from .step_up import step_up

_TAKES_TWO = (QuestionKind.GATE, QuestionKind.LOST)

View = Callable[..., HttpResponseBase]


def prove_where_two_are_needed(view: View) -> View:
    """Let `view` of a rollback begin after a recent proof, where its policy wants two people."""
    proven = step_up("go another way than the plan in rollback {number}")(view)

    @wraps(view)
    def chosen(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        needed = _two_are_needed(request, rollback_of(kwargs["number"]))
        return (proven if needed else view)(request, *args, **kwargs)

    return chosen


def _two_are_needed(request: HttpRequest, rollback: Rollback) -> bool:
    """An answer needs two at a gate and about an end that nobody knows; all else always does."""
    is_answer = "answer" in request.POST
    if is_answer and rollback.question.get("kind") not in _TAKES_TWO:
        return False
    return snapshot_of(rollback.snapshot).policy.second_person
