"""What templates say of triggers, and small graphs of what was seen."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import User
from django.template import Library
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop

from rollback_console.common.people import display_name
from rollback_console.watch.checking import FAILED
from rollback_console.watch.models import Trigger
from rollback_console.watch.probes import describe
from rollback_console.watch.queries import WatchedTrigger

from ..presenters.charts import Point, line

register = Library()

_STATES = {"fires": "failed", "passed": "pass", "not looked at yet": "pending"}
_WORDS = {
    "fires": gettext_noop("fires"),
    "failed": gettext_noop("fails"),
    "unknown": gettext_noop("not known"),
    "not looked at yet": gettext_noop("not looked at yet"),
    "passed": gettext_noop("passed"),
}


@register.filter
def expects(trigger: Trigger) -> str:
    """What a trigger looks at, in a line."""
    return describe(trigger.kind, trigger.probe)


@register.filter
def people_of(people: Iterable[User]) -> str:
    """Their names, in one list."""
    return ", ".join(display_name(each) for each in people)


@register.filter
def state_of_watch(each: WatchedTrigger) -> str:
    """The state whose icon it bears."""
    return _STATES.get(each.word, each.word)


@register.simple_tag
def word_of_watch(each: WatchedTrigger) -> str:
    """How it stands, for people."""
    return gettext(_WORDS[each.word])


@register.simple_tag
def watch_graph(each: WatchedTrigger) -> SafeString | str:
    """The values of one trigger since the deployment; "" where there are not two."""
    known = [(sample.at, sample.value, sample.verdict) for sample in each.samples]
    valued = [(at, value, verdict) for at, value, verdict in known if value is not None]
    if len(valued) < 2:
        return ""
    begin, end = valued[0][0], valued[-1][0]
    whole = (end - begin).total_seconds() or 1.0
    points = [
        Point((at - begin).total_seconds() / whole, max(value, 0.0), verdict == FAILED)
        for at, value, verdict in valued
    ]
    most, failed = max(point.value for point in points), sum(point.bad for point in points)
    desc = (
        f"{len(points)} values from {begin:%H:%M} to {end:%H:%M} UTC, at most {most:.4g}, "
        f"the last {points[-1].value:.4g}; {failed} failed."
    )
    return line(f"graph-{each.row.pk}", each.row.trigger.text, desc, points)
