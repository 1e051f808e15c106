"""The documentation within the console: every page, link and section, searched."""

from __future__ import annotations

import re

import pytest
from django.urls import URLPattern

from rollback_console.web import help_pages
from rollback_console.web.urls import urlpatterns
from tests import make

from .conftest import SignIn, words

ANCHORS = {
    name: set(re.findall(r' id="([^"]+)"', help_pages.render_page(name)))
    for name in help_pages.pages()
}


def leads_somewhere(address: str) -> bool:
    page, _, anchor = address.removeprefix("/help/").partition("#")
    name = page.rstrip("/")
    return name in ANCHORS and (not anchor or anchor in ANCHORS[name])


@pytest.mark.parametrize("name", help_pages.pages())
def test_every_link_of_a_page_leads_somewhere(name: str) -> None:
    html = help_pages.render_page(name)
    for target in re.findall(r'href="([^"]*)"', html):
        if target.startswith("#"):
            assert target[1:] in ANCHORS[name], target
        else:
            assert target.startswith("https://") or leads_somewhere(target), target


def test_each_section_that_a_page_of_the_console_links_exists() -> None:
    names = {each.name for each in urlpatterns if isinstance(each, URLPattern)}
    assert set(help_pages.SECTIONS) <= names
    for name in help_pages.SECTIONS:
        assert leads_somewhere(help_pages.section_for(name)), name


@pytest.mark.django_db
def test_a_page_leads_to_its_section_and_the_help_is_read_there(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client = signed_in(stage.cast.vic)
    html = client.get("/plans/").content.decode()
    assert 'href="/help/plans/"' in html
    page = client.get("/help/approving/")
    assert "Break-glass" in words(page)
    assert 'id="escalation"' in page.content.decode()
    assert client.get("/help/nowhere/").status_code == 404


@pytest.mark.django_db
def test_the_search_finds_sections_by_all_of_their_words(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client = signed_in(stage.cast.vic)
    html = client.get("/help/?q=escalation").content.decode()
    first = re.findall(r'href="(/help/[^"]+)"', html.split("<main")[1])[0]
    assert first == "/help/approving/#escalation"
    assert "No section holds all of these words" in words(client.get("/help/?q=escalation+zebra"))


def test_an_excerpt_begins_and_ends_with_whole_words() -> None:
    words_before, words_after = "harbour " * 30, "lantern " * 30
    section = help_pages.HelpSection("a", "A", "T", "t", f"{words_before}zebra {words_after}")
    excerpt = section.excerpt(["zebra"])
    assert excerpt.startswith("…") and excerpt.endswith("…")
    assert set(excerpt.strip("…").split()) == {"harbour", "zebra", "lantern"}
    assert help_pages.HelpSection("a", "A", "T", "t", "One zebra").excerpt(["zebra"]) == "One zebra"


@pytest.mark.django_db
def test_help_is_for_people_who_are_signed_in(client: object, stage: make.Stage) -> None:
    assert client.get("/help/").status_code == 302  # type: ignore[attr-defined]
