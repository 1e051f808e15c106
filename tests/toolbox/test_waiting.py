"""Waiting ends as soon as it is met, and as soon as it cannot be met any more."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.faults import conftest as faults
from tests.faults.stage import Console, Process

from .waiting import until


def test_it_ends_with_the_first_true_thing() -> None:
    answers = iter([0, "", 7, 8])
    assert until(lambda: next(answers)) == 7


def test_a_wait_that_cannot_be_met_any_more_ends_at_once_and_says_what_was_there() -> None:
    with pytest.raises(AssertionError, match="cannot happen any more: it dies\nits log"):
        until(lambda: False, "it dies", details=lambda: "its log", hopeless=lambda: True)


def test_what_comes_true_at_the_last_moment_counts() -> None:
    assert until(lambda: "there", hopeless=lambda: True) == "there"


def test_a_worker_that_got_past_its_failpoint_is_not_waited_for(tmp_path: Path) -> None:
    process = sleeping(tmp_path, "celery.app.trace Task rollbacks.advance[1-a] succeeded in 1s")
    process.queue = "doomed"
    with pytest.raises(AssertionError, match="cannot happen any more"):
        process.died()
    process.clear()


def test_what_a_failed_test_started_is_stopped(tmp_path: Path) -> None:
    around = faults.clear_up.__wrapped__()  # type: ignore[attr-defined]
    next(around)
    process = sleeping(tmp_path, "")
    assert process.running
    assert next(around, None) is None
    assert not process.running


def sleeping(folder: Path, text: str) -> Process:
    """A process that said that and then does nothing."""
    script = f"print({text!r}, flush=True); import time; time.sleep(600)"
    console = Console(folder, "sqlite:///none", "redis://127.0.0.1:1/0")
    process = console.start("sleeper", [sys.executable, "-c", script])
    until(lambda: text in process.log.read_text(), "it has spoken")
    return process
