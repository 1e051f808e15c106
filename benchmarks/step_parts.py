"""`python -m benchmarks.step_parts`: where the time of one more step on one host goes, by part."""

from __future__ import annotations

import logging
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rollback_console.remote import ssh
from rollback_console.remote.protocol import HostAddress, Outcome, Remote, Started
from rollback_console.rollbacks.execution import lease
from rollback_console.rollbacks.models import Rollback

from .results import keep
from .stage import approved, console, drive

STEPS = 101
PARTS = {
    "begun": "a thread of its own begins",
    "started": "the request to the host, until it says that the command is started",
    "ended": "the host runs `true`, until its last word",
    "woken": "from the last word until the driver looks",
    "stored": "the driver stores the end, decides, commits the next start",
}


@dataclass
class Moments:
    """When each part of each step ended, in seconds of one clock."""

    at: list[tuple[str, float]] = field(default_factory=list)

    def mark(self, name: str) -> None:
        self.at.append((name, time.perf_counter()))

    def medians(self) -> dict[str, float]:
        """Milliseconds of each part."""
        took: dict[str, list[float]] = {name: [] for name in PARTS}
        for (_, before), (name, now) in zip(self.at, self.at[1:], strict=False):
            took[name].append((now - before) * 1000)
        return {name: statistics.median(each) for name, each in took.items() if each}

    @contextmanager
    def holding(self, rollback_id: int, fence: int) -> Iterator[Rollback]:
        """`lease.holding` of which beginning and end are known."""
        self.mark("woken")
        with _holding(rollback_id, fence) as row:
            yield row
        self.mark("stored")

    def connect(self, address: HostAddress) -> Remote:
        remote = ssh.connect(address)
        run = remote.run

        def timed(*arguments: Any) -> Iterator[Any]:
            self.mark("begun")
            for item in run(*arguments):
                if isinstance(item, Started | Outcome):
                    self.mark("started" if isinstance(item, Started) else "ended")
                yield item

        remote.run = timed  # type: ignore[assignment, method-assign]
        return remote


_holding = lease.holding


def main() -> None:
    """Measure, print, keep."""
    logging.disable(logging.WARNING)
    moments = Moments()
    with console() as (stage, _):
        rollback = approved(stage, ["true"] * STEPS, ["app-1"])
        lease.holding = moments.holding
        drive(rollback, connect=moments.connect)
    medians = moments.medians()
    lines = ["| part of one more step | ms, median |", "|---|---|"]
    lines += [f"| {PARTS[name]} | {ms:.2f} |" for name, ms in medians.items()]
    lines += [f"| all | {sum(medians.values()):.2f} |"]
    print("\n".join(lines))
    keep("Where the time of a step goes", lines)


if __name__ == "__main__":
    main()
