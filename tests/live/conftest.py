"""One Redis, one console and one database for all tests of this room."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.toolbox.contexts import Contexts

from .rows import Rows
from .servers import Console, Process, console, redis_server


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    server = redis_server(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def web(tmp_path_factory: pytest.TempPathFactory, redis: Process) -> Iterator[Console]:
    server = console(tmp_path_factory.mktemp("live"), f"redis://127.0.0.1:{redis.port}/0")
    server.process.start()
    yield server
    server.process.kill()


@pytest.fixture
def rows(web: Console, redis: Process, django_db_blocker: object) -> Iterator[Rows]:
    made = Rows(web.file, redis.port, django_db_blocker)
    yield made
    made.close()


@pytest.fixture(scope="module")
def contexts(chromium: Browser, web: Console) -> Contexts:
    expect.set_options(timeout=15_000)
    return Contexts(chromium, web.url)


class Tabs:
    """Opens a rollback's page as somebody; a page must not complain in its console."""

    def __init__(self, contexts: Contexts, web: Console, rows: Rows, open_: ExitStack) -> None:
        self._contexts, self._web, self._rows, self._open = contexts, web, rows, open_
        self.complaints: list[str] = []

    def open(
        self, number: int, *, as_: User | None = None, path: str = "", **options: object
    ) -> Page:
        """The page, signed in as `as_` or a new operator; `path` goes behind the address."""
        session = self._rows.session(as_ or self._rows.person(operates=True))
        wide = {"width": 1440, "height": 900}
        context = self._open.enter_context(
            self._contexts.context(**{"viewport": wide, "reduced_motion": "reduce", **options})
        )
        context.add_cookies([{"name": "sessionid", "value": session, "url": self._web.url}])
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._listen)
        page.goto(f"{self._web.url}/rollbacks/{number}/{path}")
        return page

    def _listen(self, message: ConsoleMessage) -> None:
        # What the browser itself says about a server that is down is not ours.
        if message.type == "error" and "Failed to load" not in message.text:
            self.complaints.append(message.text)


@pytest.fixture
def tabs(contexts: Contexts, web: Console, rows: Rows) -> Iterator[Tabs]:
    with ExitStack() as open_:
        yield Tabs(contexts, web, rows, open_)
