"""Fixtures that every room shares."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rollback_console.rollbacks import driver, hints, tasks

from . import make
from .fleet import Fleet


@pytest.fixture(autouse=True)
def quiet_broker() -> Iterator[None]:
    """Each test begins with a broker that has not failed yet and a driver that may work."""
    hints._quiet_until = tasks._quiet_until = float("inf")
    driver.stopping.clear()
    yield
    driver.stopping.clear()


@pytest.fixture
def stage(db: None) -> make.Stage:
    return make.stage()


@pytest.fixture
def fleet() -> Fleet:
    return Fleet()
