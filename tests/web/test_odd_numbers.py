"""A number that no database holds names no row: nothing answers with an error of the console."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from uuid import UUID

import pytest
from django import forms as django_forms
from django.urls import URLPattern

from rollback_console.rollbacks.models import Rollback
from rollback_console.web import forms, urls
from tests import make

from .conftest import SignIn

pytestmark = pytest.mark.django_db

HUGE = "9" * 30
ODD = (HUGE, "9" * 5000, "²", "٣", "-1", "0x1")
NAMES = (
    *("before", "after", "from", "to", "last", "position", "again", "deployment", "proposal"),
    *("number", "days", "page", "over", "run"),
)
FIELDS = (
    *("group", "groups", "environment", "environments", "service", "services", "credential"),
    *("plan", "user", "move_to", "question", "key", "index", "version", "drawn_from", "over"),
    *("position", "again", "hours", "rung", "port", "deployment", "proposal", "may", "host"),
)


def test_no_field_that_chooses_rows_asks_the_database_for_such_a_number() -> None:
    fields = list(fields_of_rows())
    assert len(fields) > 10
    for name, field in fields:
        several = isinstance(field, django_forms.ModelMultipleChoiceField)
        for text in ODD:
            with pytest.raises(django_forms.ValidationError):
                field.clean([text] if several else text)
                pytest.fail(f"{name} takes {text[:30]}")


def fields_of_rows() -> Iterator[tuple[str, django_forms.Field]]:
    for module in pkgutil.iter_modules(forms.__path__):
        held = vars(importlib.import_module(f"{forms.__name__}.{module.name}"))
        for each in held.values():
            for name, field in getattr(each, "base_fields", {}).items():
                if isinstance(field, django_forms.ModelChoiceField):
                    yield f"{each.__name__}.{name}", field


@pytest.mark.parametrize("text", ODD[:2])
def test_no_page_fails_at_such_a_number_in_its_query(
    signed_in: SignIn, stage: make.Stage, pending: Rollback, text: str
) -> None:
    client = signed_in(stage.cast.ada)
    client.raise_request_exception = False
    query = dict.fromkeys(NAMES, text)
    for address in addresses(pending, "1"):
        assert client.get(address, query).status_code != 500, address


def test_no_page_fails_at_such_a_number_in_its_address(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    client = signed_in(stage.cast.ada)
    client.raise_request_exception = False
    for address in addresses(pending, HUGE):
        assert client.get(address).status_code != 500, address


@pytest.mark.parametrize("text", ODD[:2])
def test_no_form_fails_at_such_a_number(
    signed_in: SignIn, stage: make.Stage, pending: Rollback, text: str
) -> None:
    client = signed_in(stage.cast.ada)
    client.raise_request_exception = False
    for address in addresses(pending, "1"):
        if "sign" not in address:
            assert client.post(address, dict.fromkeys(FIELDS, text)).status_code != 500, address


def addresses(pending: Rollback, number: str) -> Iterator[str]:
    """Every address of the pages, with `number` for each that is in it."""
    values = {"slug": pending.revision.plan.slug, "uuid": str(UUID(int=7)), "str": "x"}
    for pattern in patterns(urls.urlpatterns):
        route = str(pattern.pattern)
        for name, converter in pattern.pattern.converters.items():
            kind = type(converter).__name__.removesuffix("Converter").casefold()
            value = number if kind == "int" else values.get(kind, "x")
            if (kind, number) == ("int", "1") and name == "number":
                value = str(pending.pk) if "rollbacks/" in route else "1"
            route = route.replace(f"<{kind}:{name}>", value)
        yield f"/{route}"


def patterns(listed: Sequence[object]) -> Iterator[URLPattern]:
    for each in listed:
        if isinstance(each, URLPattern):
            yield each
