"""Markdown that people write, as HTML that can do no harm.

None of their HTML, no picture and no script comes through.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise

import nh3
from django import template
from django.contrib.auth.models import User
from django.utils.html import escape
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from rollback_console.common.mentions import MENTION, mentioned_names
from rollback_console.common.people import display_name

register = template.Library()

_TAGS = {
    *("h2", "h3", "h4", "h5", "h6", "p", "ul", "ol", "li", "blockquote", "pre", "code", "hr", "br"),
    *("strong", "em", "s", "a", "b", "table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "b": {"class"},
    "ol": {"start"},
    **{heading: {"id"} for heading in ("h2", "h3", "h4")},
}
_SCHEMES = {"http", "https", "mailto"}


@register.filter
def prose(text: str) -> SafeString:
    """Markdown as HTML; `@name` of somebody with an account becomes their name."""
    return render_markdown(text, mentioned_people(text))


def mentioned_people(text: str) -> dict[str, str]:
    """The display names of those whom a text mentions, by user name."""
    names = mentioned_names(text)
    people: Iterable[User] = User.objects.filter(username__in=names) if names else ()
    return {user.username: display_name(user) for user in people}


def render_markdown(
    text: str,
    people: Mapping[str, str] | None = None,
    *,
    headings_from: int = 3,
    anchors: bool = False,
    link: Callable[[str], str] | None = None,
) -> SafeString:
    """HTML of a text whose headings begin at level `headings_from`; `people` may be mentioned.

    With `anchors` headings can be linked to; `link` says where each link leads, "" for nowhere.
    """
    options = {"people": people or {}, "from": headings_from, "anchors": anchors, "link": link}
    clean = nh3.clean(
        _parser().render(text, options),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )
    return SafeString(clean)


def heading_anchor(heading: str) -> str:
    """The anchor of a heading, as on GitHub."""
    kept = re.sub(r"[^\w\s-]", "", heading).strip().lower()
    return re.sub(r"\s", "-", kept)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.core.ruler.push("headings", _place_headings)
    parser.core.ruler.push("links", _place_links)
    parser.core.ruler.push("mentions", _mark_mentions)
    return parser


def _place_headings(state: StateCore) -> None:
    for token, after in pairwise(state.tokens):
        if token.type == "heading_open" and state.env["anchors"]:
            text = "".join(each.content for each in after.children or ())
            token.attrSet("id", heading_anchor(text))
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1:]) + state.env['from'] - 1, 6)}"


def _place_links(state: StateCore) -> None:
    """Where the caller says; what leads nowhere is only its text, a picture its description."""
    for token in state.tokens:
        if state.env["link"] and token.children:
            token.children = list(_linked(token.children, state.env["link"]))


def _linked(tokens: Sequence[Token], link: Callable[[str], str]) -> Iterator[Token]:
    kept = True
    for token in tokens:
        if token.type == "link_open":
            target = link(str(token.attrGet("href")))
            kept = bool(target)
            token.attrSet("href", target)
        if token.type == "image":
            yield Token("text", "", 0, content=token.content)
        elif kept or token.type not in ("link_open", "link_close"):
            yield token


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
    for match in MENTION.finditer(token.content):
        name = match[1].rstrip(".")
        if name not in people:
            continue
        parts.append(Token("text", "", 0, content=token.content[end : match.start()]))
        mention = f'<b class="mention">@{escape(people[name])}</b>'
        parts.append(Token("html_inline", "", 0, content=mention))
        end = match.start(1) + len(name)
    return [*parts, Token("text", "", 0, content=token.content[end:])] if parts else [token]
