"""One fleet a session; each test gets new hosts of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from . import build
from .machines import Host, Machines


@pytest.fixture(scope="session")
def machines() -> Iterator[Machines]:
    if why := build.hindrance():
        pytest.skip(why)
    with build.alone():
        fleet = Machines()
        try:
            yield opened(fleet)
        finally:
            fleet.close()


def opened(fleet: Machines) -> Machines:
    try:
        return fleet.open()
    except build.Offline as error:
        pytest.skip(f"the hosts' system is not cached and cannot be downloaded here: {error}")


@pytest.fixture
def target(machines: Machines) -> Iterator[Host]:
    """One host that serves the broken release."""
    yield machines.start(1)[0]
    machines.stop()


@pytest.fixture
def three_targets(machines: Machines) -> Iterator[list[Host]]:
    yield machines.start(3)
    machines.stop()
