"""What driving costs this process: processor time, statements, turns, threads and memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection

from rollback_console.rollbacks.execution import lease
from rollback_console.rollbacks.models import Rollback


@dataclass
class Cost:
    """Seconds of processor and of the clock; `turns` are seconds that each transaction took."""

    processor: float = 0.0
    elapsed: float = 0.0
    statements: int = 0
    turns: list[float] = field(default_factory=list)
    threads: int = 0
    asked_at: float = 0.0  # when an abort was asked for, in seconds since 1970

    def bounds(self) -> list[object]:
        """The longest turn, the most threads at once and the most memory, for a table."""
        return [f"{max(self.turns):.2f}", f"{self.threads:,}", f"{most_memory():.0f}"]

    def count(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        """One more statement, for `connection.execute_wrapper`."""
        self.statements += 1
        return execute(sql, params, many, context)


@contextmanager
def measured() -> Iterator[Cost]:
    """What the block costs; the driver has to run in this thread."""
    cost, holding = Cost(), lease.holding

    @contextmanager
    def timed(rollback_id: int, fence: int) -> Iterator[Rollback]:
        began = time.perf_counter()
        with holding(rollback_id, fence) as row:
            yield row
        cost.turns.append(time.perf_counter() - began)
        cost.threads = max(cost.threads, threading.active_count())

    forget_most_memory()
    processor, began = time.process_time(), time.perf_counter()
    lease.holding = timed
    try:
        with connection.execute_wrapper(cost.count):
            yield cost
    finally:
        lease.holding = holding
    cost.processor, cost.elapsed = time.process_time() - processor, time.perf_counter() - began


def forget_most_memory() -> None:
    """Let `most_memory` begin anew, where the kernel allows it."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def most_memory() -> float:
    """The most that this process held, in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
