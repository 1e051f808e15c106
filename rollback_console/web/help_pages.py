"""The pages of docs/ as help within the console: found, rendered and searched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString

from .templatetags.prose import heading_anchor, render_markdown

ORDER = ("start", "operator", "approving", "plans", "readiness", "postmortems")
"""What is read first; the other pages follow by their titles."""

SECTIONS = {
    "home": "operator#from-alarm-to-all-clear",
    "rollback": "operator#from-alarm-to-all-clear",
    "rollbacks": "operator#from-alarm-to-all-clear",
    "request-new": "operator#from-alarm-to-all-clear",
    "request": "operator#from-alarm-to-all-clear",
    "restarts": "operator#when-something-is-stuck",
    "redactions": "admin#when-a-secret-slipped-through",
    "plans": "plans",
    "plan": "plans#read-arranged-once-confirmed",
    "plan-import": "plans",
    "arrange": "plans#read-arranged-once-confirmed",
    "bindings": "plans#what-the-console-will-not-guess",
    "revise": "plans",
    "deployments": "deployments",
    "deployment": "deployments#is-a-rollback-needed",
    "postmortem": "postmortems#the-postmortem",
    "postmortems": "postmortems#the-postmortem",
    "checklist": "postmortems#checks-and-actions",
    "actions": "postmortems#checks-and-actions",
    "communication": "postmortems#stakeholder-updates",
    "trends": "postmortems#trends",
    "incident-import": "postmortems#loading-past-incidents",
    "audit": "security#what-the-record-proves-and-what-it-cannot",
    "verification": "security#what-the-record-proves-and-what-it-cannot",
    "configuration-events": "admin#who-changed-what",
    "tokens": "admin#tokens-for-programs",
    "set-up": "admin#first",
    "environments": "admin#first",
    "environment": "approving#rights-and-rules",
    "deciders": "approving#rights-and-rules",
    "my-delegations": "approving#delegation",
    "services": "deployments#what-runs-where",
    "service": "deployments#what-runs-where",
    "hosts": "admin#many-hosts-at-once",
    "host": "admin#when-a-host-is-replaced",
    "host-key-table": "admin#many-hosts-at-once",
    "credentials": "admin#first",
    "people": "admin#inviting-people",
    "person": "admin#when-somebody-leaves",
    "confirmations": "admin#two-admins",
    "targets": "messages#out-notification-channels",
    "target": "messages#out-notification-channels",
    "integrations": "messages#in-proposals",
    "integration": "messages#in-proposals",
    "issue-trackers": "postmortems#issues",
    "issue-tracker-new": "postmortems#issues",
    "proposals": "messages#in-proposals",
    "proposal": "messages#in-proposals",
    "account": "security#sessions",
}
"""The section about a page, by the name of its address; other pages lead to the list."""

_HEADING = re.compile(r"^(#{1,3}) +(\S.*)$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_LINK = re.compile(r"^(?:([a-z-]+)\.md)?(#[\w-]+)?$")
_MARKS = re.compile(r"[`*|\[]|\]\([^)]*\)|-{3,}")
_CONTEXT = 90


@dataclass(frozen=True, slots=True)
class HelpSection:
    """A heading with the text below it; `anchor` is "" for what stands before the first one."""

    page: str
    page_title: str
    title: str
    anchor: str
    text: str

    @property
    def url(self) -> str:
        """Where it is read."""
        return reverse("help-page", args=[self.page]) + (f"#{self.anchor}" if self.anchor else "")

    def excerpt(self, words: list[str]) -> str:
        """The text around the first of the words."""
        text = " ".join(_MARKS.sub("", self.text).split())
        start = min((at for at in map(text.casefold().find, words) if at >= 0), default=0)
        begin = text.rfind(" ", 0, start - _CONTEXT) + 1 if start > _CONTEXT else 0
        end = text.find(" ", start + _CONTEXT)
        shown = text[begin:] if end < 0 else text[begin:end] + "…"
        return f"…{shown}" if begin else shown


@dataclass(frozen=True, slots=True)
class HelpPage:
    """One page: its name in the address, its title, its Markdown without the title, its parts."""

    name: str
    title: str
    text: str
    sections: tuple[HelpSection, ...]

    @property
    def url(self) -> str:
        """Where it is read."""
        return reverse("help-page", args=[self.name])


@cache
def pages() -> dict[str, HelpPage]:
    """Every page by its name, in the order in which they are read."""
    made = [_page(path) for path in Path(settings.BASE_DIR, "docs").glob("*.md")]
    made.sort(key=lambda page: (_rank(page.name), page.title))
    return {page.name: page for page in made}


@cache
def render_page(name: str) -> SafeString:
    """A page as HTML, with anchors at its headings."""
    return render_markdown(pages()[name].text, headings_from=1, anchors=True, link=_address)


def search(query: str, most: int = 30) -> list[HelpSection]:
    """The sections that hold every word, those with words in their headings first."""
    words = query.casefold().split()
    if not words:
        return []
    hits = [each for each in _all_sections() if _holds(each, words)]
    return sorted(hits, key=lambda each: -_weight(each, words))[:most]


def section_for(view_name: str) -> str:
    """The address of the section about a page."""
    page, _, anchor = SECTIONS.get(view_name, "").partition("#")
    if not page:
        return reverse("help")
    return reverse("help-page", args=[page]) + (f"#{anchor}" if anchor else "")


def _all_sections() -> Iterator[HelpSection]:
    for page in pages().values():
        yield from page.sections


def _holds(section: HelpSection, words: list[str]) -> bool:
    whole = f"{section.page_title} {section.title} {section.text}".casefold()
    return all(word in whole for word in words)


def _weight(section: HelpSection, words: list[str]) -> int:
    titles = f"{section.title} {section.page_title}".casefold()
    text = section.text.casefold()
    return sum(20 * (word in titles) + min(text.count(word), 10) for word in words)


def _page(path: Path) -> HelpPage:
    title, _, text = path.read_text(encoding="utf-8").partition("\n")
    title = title.removeprefix("# ").strip()
    return HelpPage(path.stem, title, text, tuple(_sections(path.stem, title, text)))


def _sections(name: str, page_title: str, text: str) -> Iterator[HelpSection]:
    title, anchor, fenced = page_title, "", False
    lines: list[str] = []
    for line in text.splitlines():
        fenced ^= bool(_FENCE.match(line))
        heading = None if fenced else _HEADING.match(line)
        if heading:
            yield HelpSection(name, page_title, title, anchor, "\n".join(lines))
            title, lines = heading[2].rstrip(), []
            anchor = heading_anchor(title.replace("`", ""))
        else:
            lines.append(line)
    yield HelpSection(name, page_title, title, anchor, "\n".join(lines))


def _rank(name: str) -> int:
    return ORDER.index(name) if name in ORDER else len(ORDER)


def _address(target: str) -> str:
    """Where a link of a page leads within the console; "" for files that it does not serve."""
    if target.startswith(("http://", "https://")):
        return target
    match = _LINK.match(target)
    if match is None or (match[1] and match[1] not in pages()):
        return ""
    return (reverse("help-page", args=[match[1]]) if match[1] else "") + (match[2] or "")
