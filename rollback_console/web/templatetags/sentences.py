"""What a rollback waits for, as a sentence."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import User
from django.template import Library
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from rollback_console.engine.states import TERMINAL, StepState
from rollback_console.plans.models import HostQuestion, ProbeResult, ReadinessEvent
from rollback_console.plans.readiness.check import STALE
from rollback_console.postmortems.models import Postmortem
from rollback_console.rollbacks.models import Event, Rollback

from ..presenters import dates
from ..presenters.event_text import QUESTIONS, sentence
from ..presenters.host_questions import command_text, event_sentence
from ..presenters.readiness_matrix import Matrix, matrix
from ..presenters.readiness_matrix import worst_first as worst_of
from .console import until, when

register = Library()


@register.simple_tag
def asked(rollback: Rollback) -> SafeString:
    """Who did what when, and what the rollback waits for now."""
    if rollback.question:
        question = QUESTIONS.get(rollback.question.get("kind", ""), "a person is asked")
        text = question.format(position=rollback.question.get("position", ""))
        return format_html("{}, started {}", text, when(rollback.started_at))
    if rollback.state == "requested":
        return format_html(
            "{} asks, {} left to decide", who(rollback.requested_by), until(rollback.expires_at)
        )
    if rollback.started_at:
        return format_html(
            "started {}, asked for by {}", when(rollback.started_at), who(rollback.requested_by)
        )
    return format_html("approved {}, not started yet", when(rollback.approved_at))


@register.filter
def happened(event: Event) -> str:
    """What an event says, as a sentence without its subject."""
    return sentence(event)


@register.filter
def who(person: User | None) -> str:
    """A person's name; the console itself for nobody."""
    return (person.get_full_name() or person.get_username()) if person else "the console"


@register.simple_tag
def expected(durations: list[float]) -> str:
    """Median and ninetieth percentile of what history shows; "" without history."""
    if not durations:
        return ""
    middle = durations[len(durations) // 2]
    high = durations[min(math.ceil(len(durations) * 0.9), len(durations)) - 1]
    return f"{dates.duration(middle)} (p90 {dates.duration(high)})"


@register.simple_tag
def open_items(postmortem: Postmortem) -> int:
    """How many action items are still to be done; reads what was prefetched."""
    return sum(item.done_at is None for item in postmortem.rollback.action_items.all())


@register.filter
def as_matrix(results: Iterable[ProbeResult]) -> Matrix:
    """What hosts said, a row for each host."""
    return matrix(results)


@register.filter
def worst_first(results: Iterable[ProbeResult]) -> list[ProbeResult]:
    """What would not work before all else."""
    return worst_of(results)


@register.filter
def is_stale(moment: datetime) -> bool:
    """Whether what the hosts said then tells little about now."""
    return timezone.now() - moment > STALE


@register.filter
def stood(state: str, rollback: Rollback) -> str:
    """The word for a run's state; what waited when everything ended will not begin any more."""
    if state == StepState.PENDING and rollback.state in TERMINAL:
        return "not begun"
    return state.replace("_", " ")


@register.filter
def as_command(command: list[str]) -> str:
    """An argument list as one would type it."""
    return command_text(command)


@register.filter
def has_pending(questions: Iterable[HostQuestion]) -> bool:
    """Whether one of these host questions waits for approval."""
    return any(each.state == HostQuestion.State.PENDING for each in questions)


@register.filter
def readiness_sentence(event: ReadinessEvent) -> str:
    """What a readiness event says, without its subject."""
    return event_sentence(event)
