"""A stage whose targets are servers on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from rollback_console.outbox import dispatch, enqueue
from rollback_console.outbox.actions import targets
from rollback_console.outbox.models import Delivery, Target
from rollback_console.outbox.topics import TOPICS
from tests.make import Stage
from tests.receivers import Mail, Web, mail, web

AddTarget = Callable[..., Target]


@pytest.fixture(autouse=True)
def loopback(settings: Settings) -> None:
    settings.MESSAGES_ALLOW = ["127.0.0.0/8"]
    settings.MESSAGES_SECONDS = 10


@pytest.fixture
def receiver() -> Iterator[Web]:
    with web() as seen:
        yield seen


@pytest.fixture
def post_office() -> Iterator[Mail]:
    with mail() as kept:
        yield kept


@pytest.fixture
def add_target(stage: Stage) -> AddTarget:
    """A webhook to port 9 of loopback, unless told otherwise; hears everything."""

    def add(name: str = "Ops", url: str = "http://127.0.0.1:9/hook", **fields: Any) -> Target:
        fields = {"topics": list(TOPICS), **fields}
        return targets.add_target(by=stage.cast.ada, name=name, url=url, **fields)[0]

    return add


def told() -> list[Delivery]:
    """What is owed after everything that happened so far, oldest first."""
    enqueue.events()
    return list(Delivery.objects.order_by("id"))


def send_all() -> None:
    """Everything that is due, one after the other."""
    for number, _ in dispatch.due(limit=100):
        dispatch.send_delivery(number)
