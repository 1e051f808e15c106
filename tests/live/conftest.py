"""One Redis, one console and one database for all tests of this room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

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
