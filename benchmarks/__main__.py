"""`python -m benchmarks`: every row, as a table here and in benchmarks/RESULTS.md.

The exit code is 1 where a target is missed by more than the noise of the row's own rounds: where
neither their median meets it nor their better quarter.

By themselves run `benchmarks.load` (pages over a full database), `benchmarks.crowd` (fifty
rollbacks at once) and `benchmarks.soak` (rollbacks and faults, for as long as you like).
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable, Iterator

from tests import make

from . import living, rows, tools
from .frames import scrolling
from .long_record import long_record, resuming
from .metered import MeteredSshd, apart
from .plans import ordinary_plan, strangest_plan
from .results import keep
from .row import HEAD, OURS, SpeedRow, SpeedTarget
from .stage import console

LINE = b"a line of ordinary length, such as a deployment tool prints while it is at work for you\n"


def main() -> None:
    """Measure, print, keep; which targets were missed."""
    logging.disable(logging.WARNING)
    began = time.monotonic()
    missed: list[str] = []
    with console() as (stage, sshd):
        lines = _print("On SQLite. " + _peers(), "", HEAD)
        lines += _table(_rows(stage, sshd), missed)
        with apart(sshd) as how:
            lines += _print("", f"With processors apart: {how}", "", HEAD)
            lines += _table(_rows_apart(stage, sshd), missed)
    lines += _print("", f"All of it took {time.monotonic() - began:.0f} s.")
    lines += _print("", *(missed or ["Every target holds."]))
    keep("Beside what a team would use instead", lines)
    sys.exit(1 if missed else 0)


def _peers() -> str:
    return tools.HOW if tools.there() else "Ansible and pyinfra could not be installed."


def _rows(stage: make.Stage, sshd: MeteredSshd) -> Iterator[SpeedRow]:
    yield ordinary_plan()  # before anything large is held: what is collected counts as time
    yield strangest_plan()
    yield rows.one_more_step(stage, sshd)
    yield from rows.cost_of_a_run(stage, sshd)
    yield from rows.cost_to_a_host(stage, sshd)
    yield rows.five_steps(stage, sshd, 1)
    yield rows.five_steps(stage, sshd, 10)
    yield rows.five_steps(stage, sshd, 50, slow_rounds=1)
    yield rows.five_steps(stage, sshd, 500, rounds=1)
    yield SpeedRow(
        "most memory of this process", "MB", (SpeedTarget(400),), {OURS: [rows.memory()]}
    )
    yield from _rows_of_output(stage, sshd)
    with living.web() as server:
        yield living.click_to_byte(stage, server)
        for viewers in (1, 500):
            yield from living.line_to_frame(stage, server, sshd, viewers)
        yield from living.torrent_to_frame(stage, server)
        yield from scrolling(stage, server)
        yield from long_record(stage, server)
        yield resuming(stage, server)


def _rows_of_output(stage: make.Stage, sshd: MeteredSshd) -> Iterator[SpeedRow]:
    long, short = sshd.home / "long.txt", sshd.home / "short.txt"
    long.write_bytes(LINE * (100_000_000 // len(LINE)))
    short.write_bytes(b"".join(b"%d\n" % number for number in range(1, 1_000_001)))
    yield rows.output(stage, sshd, "100 MB of output", long, 0.6)
    yield rows.output(stage, sshd, "1,000,000 short lines", short, 1.2)
    yield rows.windows()
    yield living.searching()
    yield living.carrying(stage, long)


def _rows_apart(stage: make.Stage, sshd: MeteredSshd) -> Iterator[SpeedRow]:
    """Those in which the console and its hosts work at the same time."""
    yield rows.one_more_step(stage, sshd)
    yield from rows.cost_of_a_run(stage, sshd)
    yield rows.five_steps(stage, sshd, 10, slow_rounds=0)
    yield rows.five_steps(stage, sshd, 50, slow_rounds=0)
    yield rows.five_steps(stage, sshd, 500, rounds=1)


def _table(measured: Iterable[SpeedRow], missed: list[str]) -> list[str]:
    lines: list[str] = []
    for row in measured:
        lines += _print(*row.lines())
        missed += row.missed()
    return lines


def _print(*lines: str) -> list[str]:
    print("\n".join(lines), flush=True)
    return list(lines)


if __name__ == "__main__":
    main()
