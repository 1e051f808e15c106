"""Markdown that people write, as HTML that can do no harm.

None of their HTML, no picture and no script comes through.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import nh3
from django import template
from django.contrib.auth.models import User
from django.utils.html import escape
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from rollback_console.common.people import display_name

register = template.Library()

_MENTION = re.compile(r"(?<![\w@.])@([\w][\w.+-]*)")
_TAGS = {
    *("h3", "h4", "h5", "h6", "p", "ul", "ol", "li", "blockquote", "pre", "code", "hr", "br"),
    *("strong", "em", "s", "a", "b", "table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {"a": {"href", "title"}, "b": {"class"}, "h3": {"id"}, "h4": {"id"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto"}


@register.filter
def prose(text: str) -> SafeString:
    """Markdown as HTML; `@name` of somebody with an account becomes their name."""
    return render_markdown(text, mentioned_people(text))


def mentioned_people(text: str) -> dict[str, str]:
    """The display names of those whom a text mentions, by user name."""
    names = {name.rstrip(".") for name in _MENTION.findall(text)}
    people: Iterable[User] = User.objects.filter(username__in=names) if names else ()
    return {user.username: display_name(user) for user in people}


def render_markdown(text: str, people: Mapping[str, str] | None = None) -> SafeString:
    """HTML of a text whose headings begin below those of the page; `people` may be mentioned."""
    html = _parser().render(text, {"people": people or {}})
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )
    return SafeString(clean)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.core.ruler.push("headings", _lower_headings)
    parser.core.ruler.push("mentions", _mark_mentions)
    return parser


def _lower_headings(state: StateCore) -> None:
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1:]) + 2, 6)}"


def _mark_mentions(state: StateCore) -> None:
    people: Mapping[str, str] = state.env.get("people", {})
    for token in state.tokens:
        if people and token.children:
            token.children = [each for child in token.children for each in _split(child, people)]


def _split(token: Token, people: Mapping[str, str]) -> Sequence[Token]:
    if token.type != "text":
        return [token]
    parts: list[Token] = []
    end = 0
    for match in _MENTION.finditer(token.content):
        name = match[1].rstrip(".")
        if name not in people:
            continue
        parts.append(Token("text", "", 0, content=token.content[end : match.start()]))
        mention = f'<b class="mention">@{escape(people[name])}</b>'
        parts.append(Token("html_inline", "", 0, content=mention))
        end = match.start(1) + len(name)
    return [*parts, Token("text", "", 0, content=token.content[end:])] if parts else [token]
