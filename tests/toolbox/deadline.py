"""A pytest plugin for `make quick`: no test begins after the deadline, slow ones only where named.

TEST_DEADLINE is a time as `time.time()` counts it; TEST_WHOLE names files whose slow tests run too.
Who gets no turn is counted, never passed over in silence.
"""

from __future__ import annotations

import os
import shutil
import time

import pytest

DEADLINE = float(os.environ.get("TEST_DEADLINE", "inf"))
WHOLE = os.environ.get("TEST_WHOLE", "").split()
SLOW = ("slow", "browser", "faults")
OUT_OF_TIME = "no time left"

# Programs that a fixture starts; who lacks one gets a sentence instead of a red test.
PROGRAMS = {"sshd": "sshd", "here": "sshd", "server": "sshd", "redis": "redis-server"}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out slow tests and whole machines; run the rest in the order it was named."""
    kept = [item for item in items if _belongs(item)]
    if dropped := [item for item in items if item not in set(kept)]:
        config.hook.pytest_deselected(items=dropped)
    order = {path: place for place, path in enumerate(config.invocation_params.args)}
    items[:] = sorted(kept, key=lambda item: order.get(_file(item), 0))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what has no time left or lacks its program."""
    if time.time() > DEADLINE:
        pytest.skip(OUT_OF_TIME)
    for fixture in getattr(item, "fixturenames", ()):
        program = PROGRAMS.get(fixture)
        if program and not _installed(program):
            pytest.skip(f"{program} is not installed; `make test` as root installs it")


def _belongs(item: pytest.Item) -> bool:
    if item.get_closest_marker("hosts"):
        return False
    if _file(item) in WHOLE:
        return True
    return not any(map(item.get_closest_marker, SLOW))


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def _installed(program: str) -> bool:
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
    return shutil.which(program, path=path) is not None
