"""The summary of a run says no more than its reports do."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

from . import summary

KILLED = "tests/faults/test_workers.py::test_a_deploy_mid_step_hands_the_command_to_the_next_worker"


def report(when: str, node: str = KILLED, **facts: Any) -> SimpleNamespace:
    return SimpleNamespace(when=when, nodeid=node, user_properties=[("faults", facts)])


def counted(when: str, node: str, seconds: float, **counts: int) -> SimpleNamespace:
    return report(when, node, counts=counts, slowest=seconds)


def test_figures_of_all_tests_are_added_and_the_slowest_is_named() -> None:
    reports = [
        counted("teardown", f"{KILLED}[1]", 4.0, kills=2, bytes=10),
        counted("teardown", f"{KILLED}[2]", 9.0, kills=1, attempts=3),
        counted("call", f"{KILLED}[3]", 99.0, kills=50),
    ]
    _, harm, attempts, log, slowest = summary.lines({"": reports})
    assert harm == "3 kills; 0 freezes; 0 cuts injected"
    assert attempts == "3 attempts judged, 0 double effects"
    assert log == "10 log bytes compared, 0 lost, repeated or changed"
    assert slowest.startswith("9.0 s at most") and "[2]" in slowest


def test_a_row_is_kept_when_all_its_tests_passed_and_broken_when_one_failed() -> None:
    reports = {"": [counted("teardown", KILLED, 1.0, kills=1)], "passed": [report("call")]}
    rows, *_ = summary.lines(reports)
    assert re.match(r"1 of \d+ rows", rows)
    assert "12" not in rows.partition("not run whole: ")[2].split(", ")
    rows, *_ = summary.lines({**reports, "failed": [report("call", f"{KILLED}[x]")]})
    assert re.match(r"0 of \d+ rows", rows) and "BROKEN: 12;" in rows


def test_where_no_fault_was_injected_nothing_is_said() -> None:
    assert not list(summary.lines({"passed": [report("call")]}))
