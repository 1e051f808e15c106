"""`state`, `icon`, `when`, `until`, `duration`, `theme`, `lit` and small helpers for text."""

from __future__ import annotations

import json as _json
from datetime import datetime, timedelta
from typing import Any

from django.template import Context, Library
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, json_script
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, gettext_noop, ngettext

from rollback_console.common import durations
from rollback_console.documents.canonical.layout import bare_condition
from rollback_console.documents.shell.hidden_characters import show_hidden
from rollback_console.engine.states import state_word

from .. import script_text
from ..help_pages import section_for
from ..presenters import automated_check, dates
from ..presenters.state_icons import SHAPES, TONES

register = Library()
register.filter("bare_condition", bare_condition)
_PLAIN = {"not_asked": gettext_noop("not checked yet")}
"""Words of pages where the API's are too short to be understood by themselves."""
THEMES = frozenset({"light", "dark"})
_ICON = (
    '<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"'
    ' focusable="false">{}</svg>'
)


@register.simple_tag
def state(value: object, word: str = "") -> SafeString:
    """Shape, word and colour of a state; `word` replaces the word alone."""
    key = str(value).replace(" ", "_")
    return format_html(
        '<span class="state tone-{}" data-state="{}">{}<span>{}</span></span>',
        TONES.get(key, "still"),
        key,
        icon(key),
        translated(word or _PLAIN.get(key) or state_word(key)),
    )


@register.simple_tag
def icon(name: str) -> SafeString:
    """The bare drawing, for where the word stands beside it already."""
    drawing = mark_safe(SHAPES.get(name, SHAPES["note"]))  # noqa: S308  our own constants
    return format_html(_ICON, drawing)


@register.simple_tag
def when(value: datetime | str | None, form: str = "relative") -> SafeString | str:
    """A moment: relative in text and absolute on hover, or the other way with "absolute".

    With "clock" the time of day, which the page's script writes in the reader's own zone.
    """
    moment = dates.read_moment(value)
    if moment is None:
        return ""
    absolute, relative = dates.absolute(moment), dates.relative(moment, timezone.now())
    texts = {
        "relative": (relative, absolute, mark_safe(" data-relative")),
        "absolute": (absolute, relative, ""),
        "clock": (dates.clock(moment, timezone.now()), absolute, mark_safe(" data-clock")),
    }
    shown, hidden, mark = texts[form]
    return format_html(
        '<time datetime="{}" title="{}"{}>{}</time>',
        moment.isoformat(timespec="seconds"),
        hidden,
        mark,
        shown,
    )


@register.simple_tag
def until(value: datetime | None) -> SafeString | str:
    """A countdown to a moment, kept current by the page's script."""
    moment = dates.read_moment(value)
    if moment is None:
        return ""
    left = (moment - timezone.now()).total_seconds()
    return format_html(
        '<time datetime="{}" title="{}" data-countdown>{}</time>',
        moment.isoformat(timespec="seconds"),
        dates.absolute(moment),
        duration(left) if left > 0 else gettext("over"),
    )


@register.filter
def visible(value: object) -> str:
    """A command, value or file name with each character that nobody sees as a mark."""
    return show_hidden(str(value))


register.filter("place_of_check", automated_check.describe_place)
register.filter("conditions_of_check", automated_check.describe_conditions)


@register.filter
def minutes(value: int) -> str:
    """How long so many minutes are, as `duration` says it."""
    return duration(60 * value)


@register.filter
def duration(value: float | timedelta | None) -> str:
    """Seconds as people say them."""
    return durations.duration(value).replace("days", gettext("days"))


@register.filter
def since(moment: datetime) -> str:
    """How long ago a moment was, as `duration` says it."""
    return duration(timezone.now() - moment)


@register.simple_tag(takes_context=True)
def theme(context: Context) -> SafeString | str:
    """The attribute that holds the theme a person chose, or nothing."""
    request = context.get("request")
    chosen = request.COOKIES.get("theme", "") if request else ""
    return format_html('data-theme="{}"', chosen) if chosen in THEMES else ""


@register.filter
def count(number: int, words: str) -> str:
    """`3|count:"host,hosts"` is `3 hosts`."""
    one, many = words.split(",")
    return f"{number:,} {ngettext(one, many, number)}"


@register.filter
def translated(text: str) -> str:
    """What is declared in English below the pages: a state, a kind, a question."""
    return gettext(text) if text else ""


@register.simple_tag
def script_words() -> SafeString | str:
    """What scripts say, for them to read; nothing in English, which they know."""
    if get_language() == "en":
        return ""
    return json_script({word: gettext(word) for word in script_text.WORDS}, "script-words")


@register.filter
def thousands(number: int) -> str:
    """A number with its thousands apart."""
    return f"{number:,}"


@register.filter
def at(mapping: Any, key: object) -> Any:
    """A dictionary's value under a key held in a variable; None without one."""
    return mapping.get(key) if mapping else None


@register.filter
def json(value: Any) -> str:
    """A value for a data- attribute that a script reads."""
    return _json.dumps(value)


@register.filter
def brief(sha: str) -> str:
    """The first twelve characters of a hash."""
    return sha[:12]


@register.filter
def initials(name: str) -> str:
    """At most two letters that stand for a person."""
    return "".join(part[0] for part in str(name).replace(".", " ").split()[:2]).upper()


@register.simple_tag(takes_context=True)
def nav(context: Context, name: str, word: str, keys: str = "") -> SafeString:
    """One noun in the rail, marked when the page belongs to it."""
    target = reverse(name)
    here = context["request"].path
    current = here == target or (target != reverse("home") and here.startswith(target))
    return format_html(
        '<li><a href="{}"{}{}>{}</a></li>',
        target,
        mark_safe(' aria-current="page"') if current else "",
        format_html(' data-keys="{}"', keys) if keys else "",
        word,
    )


@register.simple_tag(takes_context=True)
def help_entry(context: Context, word: str) -> SafeString:
    """Help in the rail: it leads to the section about the page that is open."""
    request = context["request"]
    match = request.resolver_match
    here = request.path.startswith(reverse("help"))
    return format_html(
        '<li><a href="{}"{} data-keys="g ?">{}</a></li>',
        section_for(match.url_name if match and not here else ""),
        mark_safe(' aria-current="page"') if here else "",
        word,
    )


@register.simple_tag
def took(rollback: Any) -> str:
    """How long a rollback worked, once it has ended; "" before."""
    if not (rollback.started_at and rollback.finished_at):
        return ""
    return duration(rollback.finished_at - rollback.started_at)
