"""What a rollback waits for, as a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import User
from django.template import Library
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from rollback_console.common.durations import duration
from rollback_console.common.people import display_name
from rollback_console.common.statistics import percentile
from rollback_console.engine.states import (
    ENDED_BADLY,
    TERMINAL,
    RollbackState,
    StepState,
    state_word,
)
from rollback_console.plans.models import HostQuestion, ProbeResult, ReadinessEvent
from rollback_console.plans.readiness.check import STALE
from rollback_console.postmortems.models import Postmortem
from rollback_console.rollbacks import events
from rollback_console.rollbacks.models import Event, Rollback
from rollback_console.rollbacks.models.rollback import chosen_version
from rollback_console.rollbacks.queries.lists import has_deviated
from rollback_console.rollbacks.questions import question_kind

from .. import queries
from ..presenters import state_icons
from ..presenters.host_questions import command_text, event_sentence
from ..presenters.readiness_matrix import Matrix, matrix
from ..presenters.readiness_matrix import worst_first as worst_of
from .console import state, until, when

register = Library()


@register.simple_tag
def state_sentence(rollback: Rollback) -> SafeString:
    """Who did what when, and what the rollback waits for now."""
    if rollback.question:
        kind = question_kind(rollback.question.get("kind", ""))
        text = gettext(kind.sentence) if kind else gettext("a person is asked")
        text = text.format(step=rollback.number_of(int(rollback.question.get("position") or 0)))
        return format_html(gettext("{}, started {}"), text, when(rollback.started_at))
    if rollback.state == "requested":
        return format_html(
            gettext("requested by {}, expires in {}"),
            who(rollback.requested_by),
            until(rollback.expires_at),
        )
    if rollback.started_at:
        return format_html(
            gettext("started {}, requested by {}"),
            when(rollback.started_at),
            who(rollback.requested_by),
        )
    return format_html(gettext("approved {}, not started yet"), when(rollback.approved_at))


@register.simple_tag
def rollback_state(rollback: Rollback) -> SafeString:
    """The state as it is: pausing until it is paused, a failed step by number, deviations."""
    key, text = state_of(rollback)
    return state(key, text)


def state_of(rollback: Rollback) -> tuple[str, str]:
    """The state whose colour and drawing fit, and the word for it."""
    question = rollback.question or {}
    kind = question_kind(str(question.get("kind") or ""))
    if kind and kind.state:
        return kind.state, gettext(kind.state_word).format(
            step=rollback.number_of(question.get("position", 0))
        )
    if rollback.pause_asked and rollback.state == RollbackState.RUNNING:
        return rollback.state, gettext("pausing")
    if rollback.state == RollbackState.SUCCEEDED and has_deviated(rollback):
        return rollback.state, gettext("succeeded with deviations")
    return rollback.state, ""


@register.filter
def heading(rollback: Rollback) -> str:
    """What it does, as `Rollback.heading` says it in records and messages."""
    version = chosen_version(rollback.choices)
    pattern = (
        gettext("Roll back {service} on {environment} to {version}, #{number}")
        if version
        else gettext("Roll back {service} on {environment}, #{number}")
    )
    return pattern.format(
        service=rollback.service,
        environment=rollback.environment,
        version=version,
        number=rollback.pk,
    )


@register.filter
def step_numbers(positions: Iterable[int], rollback: Rollback) -> list[str]:
    """What people call the steps at these positions of a rollback."""
    return [rollback.number_of(each) for each in positions]


@register.filter
def beside_deciding(person: User) -> str:
    """What a decision maker may do beside deciding, "" for nothing to be said."""
    return queries.beside_deciding(person)


@register.filter
def happened(event: Event) -> str:
    """What an event says, to follow the name of its actor where it has one."""
    return events.predicate(event, translate=gettext)


@register.filter
def actor(event: Event) -> str:
    """Who did it; "" for nobody."""
    return events.actor(event)


@register.filter
def who(person: User | None) -> str:
    """A person's name; the console itself for nobody."""
    return display_name(person, nobody=gettext("the console"))


@register.simple_tag
def expected(durations: list[float]) -> str:
    """Median and ninetieth percentile of what history shows; "" without history."""
    if not durations:
        return ""
    middle, high = percentile(durations, 0.5), percentile(durations, 0.9)
    return f"{duration(middle)} (p90 {duration(high)})"


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
def word(state: str) -> str:
    """The word for a state."""
    return state_word(state)


@register.filter
def tab_icon(state: str) -> str:
    """The tab's icon while a rollback is in that state."""
    return state_icons.tab_icon(state)


@register.filter
def ended_badly(state: str) -> bool:
    """Whether a run ended in a way that a person has to answer for."""
    return state in ENDED_BADLY


@register.filter
def stood(state: str, rollback: Rollback) -> str:
    """The word for a run's state; what waited when everything ended will not begin any more."""
    if state == StepState.PENDING and rollback.state in TERMINAL:
        return gettext("not started")
    return gettext(state_word(state))


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
