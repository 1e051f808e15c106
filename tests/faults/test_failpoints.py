"""Every failpoint there is kills somebody in a test."""

from __future__ import annotations

import re
from pathlib import Path

import rollback_console
from rollback_console.rollbacks.execution import failpoints

from .moments import WATCH, WEB, WORKER


def test_each_failpoint_is_visited_by_a_fault_test() -> None:
    assert WORKER.keys() | WEB.keys() | WATCH.keys() == failpoints.NAMES


def test_each_failpoint_is_in_the_code_and_each_in_the_code_has_a_name() -> None:
    root = Path(rollback_console.__file__).parent
    called = {
        name
        for path in root.rglob("*.py")
        for name in re.findall(r'failpoint\("([^"]+)"\)', path.read_text())
    }
    assert called == failpoints.NAMES
