"""`make messages`: what pages say, with its translations, in locale/LANGUAGE/LC_MESSAGES/.

New texts are added untranslated, those that no page says any more go, and django.mo is what
django.po says. Needs no gettext tools.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import django
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.apps import apps
from django.utils.translation.template import templatize

from rollback_console.engine.states import STATES, state_word
from rollback_console.rollbacks import questions
from rollback_console.rollbacks.questions import QUESTIONS
from rollback_console.web.presenters.state_icons import SHAPES

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = {path.parts[-3]: path for path in ROOT.glob("locale/*/LC_MESSAGES/django.po")}
_COUNTED = re.compile(r'\|count:"([^",]+),([^",]+)"')

_CALLS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "count_sentence": (2, 3),
    "step_up": None,
}

_EPOCH = datetime(2026, 12, 1, tzinfo=UTC)

Text = str | tuple[str, ...]


def texts() -> Iterator[Text]:
    """Every text that goes through gettext; a tuple where it has a plural."""
    for path in sorted((ROOT / "templates").rglob("*.html")):
        yield from template_texts(path.read_text())
    for path in sorted((ROOT / "rollback_console").rglob("*.py")):
        if "translation" in (source := path.read_text()):
            yield from _python_texts(source)
    yield from _declared_texts()


def _declared_texts() -> Iterator[str]:
    """Those that layers below the pages declare in English: states, questions, topics, choices."""
    from rollback_console.outbox.topics import TOPICS
    from rollback_console.rollbacks.events import KINDS, wording
    from rollback_console.rollbacks.events.wording import ABORT_ENDINGS, NOBODY

    yield from map(state_word, {*STATES, *SHAPES})
    for kind in QUESTIONS.values():
        texts = (kind.sentence, kind.heading, kind.explanation, kind.prompt, kind.state_word)
        yield from filter(None, (*texts, *(choice.label for choice in kind.choices)))
        yield from filter(None, (choice.confirmation for choice in kind.choices))
        yield kind.answered
    for event in KINDS.values():
        yield from filter(None, (event.sentence, event.unattended, event.hostless))
    yield from (NOBODY, *ABORT_ENDINGS.values())
    for source in (inspect.getsource(wording), inspect.getsource(questions)):
        yield from re.findall(r'\btranslate\("([^"]+)"\)', source)
    yield from TOPICS.values()
    for model in apps.get_models():
        if model.__module__.startswith("rollback_console"):
            fields = model._meta.get_fields()
            yield from (
                label for each in fields for _, label in getattr(each, "choices", None) or ()
            )


def template_texts(source: str) -> Iterator[Text]:
    """Those of one template."""
    # In brackets, because indentation means nothing there.
    yield from _python_texts(f"({templatize(source)}\n)")
    yield from _COUNTED.findall(source)


def _python_texts(source: str) -> Iterator[Text]:
    for _line, text, _comments, _context in extract("python", BytesIO(source.encode()), _CALLS):
        yield text


def read_catalog(language: str) -> Catalog:
    """The translations as they are written down."""
    with LANGUAGES[language].open("rb") as file:
        return read_po(file, locale=language)


def _empty_catalog(language: str) -> Catalog:
    """Its header says nothing that changes from day to day."""
    return Catalog(
        language,
        project="Rollback Console",
        header_comment="# docs/design/spanish.md has the terms. Renew with: make messages",
        creation_date=_EPOCH,
        revision_date=_EPOCH,
        fuzzy=False,
    )


def compiled(catalog: Catalog) -> bytes:
    """The .mo of it."""
    output = BytesIO()
    write_mo(output, catalog)
    return output.getvalue()


def renew(language: str) -> Catalog:
    """The catalogue with the texts of now; old translations stay."""
    old = read_catalog(language)
    new = _empty_catalog(language)
    for text in texts():
        kept = old.get(text if isinstance(text, str) else text[0])
        new.add(
            text, kept.string if kept and isinstance(kept.id, str) == isinstance(text, str) else ()
        )
    return new


def strings(text: str | Sequence[str] | None) -> tuple[str, ...]:
    """A text or a translation with all of its plurals; one empty one where nobody wrote it."""
    return (text,) if isinstance(text, str) else tuple(text or ("",))


def is_translated(message: Message) -> bool:
    """Whether somebody wrote it, with every plural, and nobody marked it as a guess."""
    return not message.fuzzy and all(strings(message.string))


def main() -> int:
    """Write both files of each language; say what is still to be translated."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    for language, path in LANGUAGES.items():
        catalog = renew(language)
        with path.open("wb") as file:
            write_po(
                file, catalog, width=100, no_location=True, sort_output=True, omit_header=False
            )
        path.with_suffix(".mo").write_bytes(compiled(read_catalog(language)))
        missing = sum(not is_translated(each) for each in catalog if each.id)
        sys.stdout.write(
            f"{path.relative_to(ROOT)}: {len(catalog)} texts, {missing} untranslated.\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
