"""Pages in other languages: nothing is missing, and records stay English."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from rollback_console.rollbacks import events
from rollback_console.web.script_text import WORDS
from rollback_console.web.templatetags import sentences
from tests import make
from tests.toolbox import messages

from .conftest import SignIn

NOT_TRANSLATED = {"Rollback Console"}
"""Names, which every language shares."""

TEMPLATES = messages.ROOT / "templates"
PAGES = sorted(TEMPLATES.rglob("*.html"))
SPANISH = {"accept-language": "es-MX,es;q=0.9,en;q=0.5"}

_TRANSLATED = re.compile(r"\{% blocktranslate.*?\{% endblocktranslate %\}|\{#.*?#\}", re.DOTALL)
_DJANGO = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_LITERALS = re.compile(
    r'\|default:"([^"]*[A-Za-z][^"]*)"|\{% state [\w."]+ "([^"]+)"'
    r'|\b(?:label|title|help)="([^"]+)"'
)
_CLASS = re.compile(r"\{% block main_class %\}.*?\{% endblock %\}")
_WORD = re.compile(r"[A-Za-z]{2,}")


class VisibleText(HTMLParser):
    """What of a template's source a person would read."""

    ATTRIBUTES = (
        *("aria-label", "title", "placeholder", "alt", "data-label"),
        *("data-empty", "data-saved", "data-failed"),
    )
    SILENT = ("script", "style", "svg", "kbd", "pre")

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Attributes that are read out or shown."""
        self.silent += tag in self.SILENT
        self.texts += [value for name, value in attrs if name in self.ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        """Behind what is not read."""
        self.silent -= tag in self.SILENT

    def handle_data(self, data: str) -> None:
        """Text between tags."""
        if not self.silent:
            self.texts.append(data.strip())


def untranslated(source: str) -> list[str]:
    """Texts of a template that gettext never sees."""
    source = _TRANSLATED.sub("", source)
    tags = " ".join(_DJANGO.findall(source))
    literals = [text for groups in _LITERALS.findall(tags) for text in groups]
    parser = VisibleText()
    parser.feed(_DJANGO.sub("", _CLASS.sub("", source)))
    parser.close()
    shown = [text.strip(" ·\n") for text in parser.texts]
    return [text for text in shown + literals if _WORD.search(text) and text not in NOT_TRANSLATED]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_every_text_of_a_template_goes_through_gettext(path: Path) -> None:
    assert untranslated(path.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        "<p>Hello</p>",
        '<b title="Hello"></b>',
        '{{ name|default:"Hello" }}',
        '<p>{% if x %}Hello {% translate "you" %}{% endif %}</p>',
    ],
)
def test_a_text_that_nobody_wrapped_is_noticed(source: str) -> None:
    assert [text.strip() for text in untranslated(source)] == ["Hello"]


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_every_text_is_translated(language: str) -> None:
    catalog = messages.read_catalog(language)
    ids = {each.id if isinstance(each.id, str) else tuple(each.id) for each in catalog if each.id}
    texts = set(messages.texts())
    # The singular of a text with a plural serves by itself too.
    texts -= {each[0] for each in texts if isinstance(each, tuple)}
    assert texts - ids == set(), "Run `make messages`, then translate what is new in the .po."
    assert ids - texts == set(), "No page says these any more: run `make messages`."
    assert [each.id for each in catalog if each.id and not messages.is_translated(each)] == []


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_a_translation_has_the_placeholders_and_tags_of_its_text(language: str) -> None:
    marks = re.compile(r"%\(\w+\)s|\{\w*\}|</?[a-z]+[^>]*>")
    catalog = messages.read_catalog(language)
    assert [
        (message.id, text)
        for message in catalog
        for text in messages.strings(message.string)
        if message.id
        and not any(
            set(marks.findall(each)) == set(marks.findall(text))
            for each in messages.strings(message.id)
        )
    ] == []


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_what_django_reads_is_what_translators_wrote(language: str) -> None:
    compiled = messages.LANGUAGES[language].with_suffix(".mo").read_bytes()
    assert compiled == messages.compiled(messages.read_catalog(language)), "Run `make messages`."


def test_every_language_of_the_settings_has_a_file() -> None:
    assert {code for code, _name in settings.LANGUAGES} - {"en"} == set(messages.LANGUAGES)


def test_scripts_say_only_what_is_translated() -> None:
    scripts = [path.read_text() for path in (messages.ROOT / "static/js").rglob("*.js")]
    calls = {text for script in scripts for text in re.findall(r'\bt\("([^"]+)"', script)}
    assert calls == set(WORDS)


def test_only_pages_translate_so_that_records_and_answers_to_programs_stay_english() -> None:
    modules = (messages.ROOT / "rollback_console").rglob("*.py")
    translating = {
        path.relative_to(messages.ROOT).parts[1]
        for path in modules
        if re.search(r"utils(\.| import .*)translation", path.read_text())
    }
    assert translating == {"web"}


def test_a_spanish_browser_is_answered_in_spanish(client: Client, stage: make.Stage) -> None:
    response = client.get("/sign-in/", headers=SPANISH)
    assert '<html lang="es"' in response.text
    assert "Iniciar sesión" in response.text


def test_other_browsers_are_answered_in_english(client: Client, stage: make.Stage) -> None:
    response = client.get("/sign-in/", headers={"accept-language": "fi"})
    assert '<html lang="en"' in response.text


def test_what_a_person_chose_counts_more_than_their_browser(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client = signed_in(stage.cast.dana)
    client.post("/appearance/", {"language": "es", "next": "/"})
    assert "Últim" in client.get("/", headers={"accept-language": "en"}).text
    client.post("/appearance/", {"language": "en", "next": "/"})
    assert '<html lang="en"' in client.get("/", headers=SPANISH).text


def test_a_language_that_nobody_wrote_is_not_chosen(client: Client, stage: make.Stage) -> None:
    client.post("/appearance/", {"language": "xx", "next": "/"})
    assert settings.LANGUAGE_COOKIE_NAME not in client.cookies


def test_programs_are_answered_in_english(client: Client, stage: make.Stage) -> None:
    response = client.get("/api/v1/rollbacks", headers=SPANISH)
    assert response["Content-Language"] == "en"


def test_a_page_says_an_event_in_its_language_and_the_record_keeps_english(
    stage: make.Stage,
) -> None:
    rollback = make.requested(stage)
    event = rollback.events.earliest("seq")
    with translation.override("es"):
        assert "solicitó esta reversión" in sentences.happened(event)
        assert "requested this rollback" in events.sentence(event)


def test_what_a_page_says_after_an_act_goes_through_gettext() -> None:
    views = (messages.ROOT / "rollback_console/web/views").rglob("*.py")
    assert [f"{path.name}: {text}" for path in views for text in unwrapped_notes(path)] == []


def unwrapped_notes(path: Path) -> Iterator[str]:
    """Sentences that `done`, `_act` and the page of a removal are given as they stand."""
    for call in ast.walk(ast.parse(path.read_text())):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
            notes = [each for each in call.args[1:3] if call.func.id in {"done", "_act", "_simple"}]
            notes += [each.value for each in call.keywords if each.arg in {"what", "button"}]
            yield from (
                ast.unparse(each)
                for each in notes
                if isinstance(each, ast.JoinedStr)
                or (isinstance(each, ast.Constant) and str(each.value)[:1].isupper())
            )


def test_what_was_done_is_said_in_the_language_of_the_page(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client = signed_in(stage.cast.ada)
    fields = {"slug": "shop", "name": "Shop"}
    page = client.post("/services/", fields, headers=SPANISH, follow=True)
    assert "Shop se añadió." in page.text
    assert "No hay ningún plan." in client.get("/set-up/", headers=SPANISH).text
