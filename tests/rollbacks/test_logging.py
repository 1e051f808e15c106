"""What is logged while a rollback is driven names it, and the run."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from rollback_console.config import logs
from rollback_console.remote.errors import HostUnreachable
from rollback_console.rollbacks.execution import driver
from tests import make
from tests.fleet import Fleet
from tests.make import Stage


class Book:
    """The log as it would stand in a file."""

    def __init__(self, form: str) -> None:
        self.written = io.StringIO()
        made = logs.configuration(form, "INFO")["formatters"]["entry"]
        factory = made.pop("()")
        self.handler = logging.StreamHandler(self.written)
        self.handler.setFormatter(factory(**made))

    @property
    def lines(self) -> list[str]:
        return self.written.getvalue().splitlines()

    @property
    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]


@pytest.fixture(params=["json"])
def book(request: pytest.FixtureRequest) -> Iterator[Book]:
    made, root = Book(request.param), logging.getLogger()
    before = root.level
    root.addHandler(made.handler)
    root.setLevel("INFO")
    yield made
    root.removeHandler(made.handler)
    root.setLevel(before)


@pytest.mark.django_db(transaction=True)
def test_each_event_is_logged_with_its_rollback_and_its_run(
    stage: Stage, fleet: Fleet, book: Book
) -> None:
    rollback = make.approved(stage)
    while driver.advance(rollback.pk, fleet.connect):
        pass
    logged = [each for each in book.entries if each["logger"].endswith("events.record")]
    kinds = list(rollback.events.order_by("seq").values_list("kind", flat=True))
    assert [each["message"] for each in logged] == kinds
    assert {each["rollback"] for each in logged} == {rollback.pk}
    runs = {str(token) for token in rollback.runs.values_list("token", flat=True)}
    assert {each["run"] for each in logged if each["message"] == "step.finished"} == runs
    driven = next(each for each in logged if each["message"] == "step.started")
    assert (driven["level"], driven["fence"]) == ("info", 1)


@pytest.mark.django_db(transaction=True)
def test_what_a_follower_says_names_its_run_and_host(
    stage: Stage, book: Book, settings: Any
) -> None:
    settings.CONNECT_PATIENCE = 0.01
    rollback = make.approved(stage)

    def nobody(address: object) -> Any:
        raise HostUnreachable("app-1", "nobody answers")

    driver.advance(rollback.pk, nobody)
    (by_follower, *_) = [each for each in book.entries if each["logger"].endswith("follower")]
    run = rollback.runs.get(position=1)
    assert (by_follower["rollback"], by_follower["run"], by_follower["host"]) == (
        rollback.pk,
        str(run.token),
        "app-1",
    )
    assert by_follower["level"] == "warning"


@pytest.mark.parametrize("book", ["line"], indirect=True)
def test_a_line_is_for_people_and_keeps_its_traceback(book: Book) -> None:
    try:
        raise ValueError("the reason")
    except ValueError:
        logging.getLogger("some.room").exception("Broke %s.", "here", extra={"rollback": 7})
    first, *rest = book.lines
    assert first.split(" ", 1)[1] == "ERROR some.room Broke here. rollback=7"
    assert rest[-1] == "ValueError: the reason"


def test_json_keeps_a_traceback_within_its_line(book: Book) -> None:
    try:
        raise ValueError("the reason")
    except ValueError:
        logging.getLogger("some.room").exception("Broke.")
    (entry,) = book.entries
    assert entry["message"] == "Broke."
    assert "ValueError: the reason" in entry["exception"]


def test_an_unknown_form_is_refused_with_a_sentence() -> None:
    with pytest.raises(ImproperlyConfigured, match="LOG_FORMAT must be one of line, json"):
        logs.configuration("xml", "INFO")
