"""Fixtures that every room shares."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings

from rollback_console.rollbacks import change_hints, tasks
from rollback_console.rollbacks.execution import driver

from . import make
from .fleet import Fleet
from .remote.sshd import Sshd
from .toolbox.database import Baseline, Given, copied_file

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# A shell makes what it starts in the background deaf to Ctrl-C, and that is inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How fast this machine is proves nothing about the code; the same code gives the same verdict.
settings.register_profile(
    "steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
# EXPLORE=1 looks for examples that nobody has tried yet.
settings.register_profile("explore", settings.get_profile("steady"), derandomize=False)
settings.load_profile("explore" if os.environ.get("EXPLORE") else "steady")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what works on a database, and put files that wait for servers and browsers first.

    All runners then end at about one time.
    """
    for item in items:
        if item.get_closest_marker("django_db") or DATABASE & {*getattr(item, "fixturenames", ())}:
            item.add_marker("database")
    if not os.environ.get("TEST_KEEP_ORDER"):
        long = {item.path for item in items if any(map(item.get_closest_marker, LONG))}
        items.sort(key=lambda item: item.path not in long)


DATABASE = {"db", "transactional_db", "live_server"}
LONG = ("faults", "slow", "browser")


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """The migrated database: on SQLite a copy of one that was migrated before.

    A test with real transactions is cleared up after by `Baseline`, not by Django's `flush`.
    """
    with ExitStack() as open_until_the_end:
        with django_db_blocker.unblock():
            if connection.vendor == "sqlite":
                request.getfixturevalue("django_test_environment")
                open_until_the_end.enter_context(copied_file())
            else:
                request.getfixturevalue("django_db_setup")  # pytest-django's own
            baseline = Baseline(connection)
        patch = open_until_the_end.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: baseline.restore())
        yield


@pytest.fixture(autouse=True)
def quiet_broker() -> Iterator[None]:
    """Each test begins with a broker that has not failed yet and a driver that may work."""
    change_hints._quiet_until = tasks._quiet_until = float("inf")
    driver.stopping.clear()
    yield
    driver.stopping.clear()


@pytest.fixture
def stage(db: None) -> make.Stage:
    return make.stage()


@pytest.fixture(scope="session")
def given() -> Given:
    return Given()


@pytest.fixture
def sshd(tmp_path: Path) -> Iterator[Sshd]:
    """A real one, for this test alone."""
    server = Sshd(tmp_path / "sshd").start()
    yield server
    server.remove()


@pytest.fixture
def here(db: None, sshd: Sshd) -> make.Stage:
    """The stage, with its host on a real sshd."""
    return make.stage(address=sshd.address(name="app-1"))


@pytest.fixture
def fleet() -> Fleet:
    return Fleet()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One headless Chromium for a file, gone before the next file begins.

    Playwright keeps an event loop running in this thread: Django would take everything after
    it for async code, and no async test could begin.
    """
    from playwright.sync_api import sync_playwright

    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()
