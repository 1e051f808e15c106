"""`python -m benchmarks`: every row, as a table here and in benchmarks/RESULTS.md.

By themselves run `benchmarks.load` (pages over a full database), `benchmarks.crowd` (fifty
rollbacks at once) and `benchmarks.soak` (rollbacks and faults, for as long as you like).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator

from tests.make import Stage
from tests.remote.sshd import Sshd

from .frames import scrolling
from .living import carrying, click_to_byte, line_to_frame, searching, torrent_to_frame, web
from .plans import ordinary_plan, strangest_plan
from .results import keep
from .rows import Row, five_steps, many_hosts, memory, one_more_step, output, windows
from .stage import console

LINE = b"a line of ordinary length, such as a deployment tool prints while it is at work for you\n"
HEAD = """| work | who | figure | ours / theirs | promised |
|---|---|---|---|---|"""


def main() -> None:
    """Measure, print, keep."""
    logging.disable(logging.WARNING)
    lines = ["On SQLite.", "", HEAD]
    with console() as (stage, sshd):
        for row in _rows(stage, sshd):
            lines += _table(row)
            print("\n".join(_table(row)), flush=True)
        lines += ["", f"Most memory this process held: {memory():.0f} MB."]
    keep("Beside what a team would use instead", lines)


def _rows(stage: Stage, sshd: Sshd) -> Iterator[Row]:
    yield ordinary_plan()  # before anything large is held: what is collected counts as time
    yield strangest_plan()
    yield one_more_step(stage, sshd)
    for count in (1, 10, 50):
        yield five_steps(stage, sshd, count)
    yield many_hosts(stage, sshd, 500)
    long, short = sshd.home / "long.txt", sshd.home / "short.txt"
    long.write_bytes(LINE * (100_000_000 // len(LINE)))
    short.write_bytes(b"".join(b"%d\n" % number for number in range(1, 1_000_001)))
    yield output(stage, sshd, "100 MB of output", long, "at least 0.25x ssh")
    yield output(stage, sshd, "1,000,000 short lines", short, "at least 0.5x ssh")
    yield windows(stage)
    yield searching()
    yield carrying(stage, long)
    with web() as server:
        yield click_to_byte(stage, server)
        for viewers in (1, 500):
            yield from line_to_frame(stage, server, sshd, viewers)
        yield from torrent_to_frame(stage, server)
        yield from scrolling(stage, server)


def _table(row: Row) -> list[str]:
    better = " (more is better)" if row.unit == "MB/s" else ""
    lines = []
    for name, figure in row.figures.items():
        ours = name == "ours"
        cells = [
            row.name,
            name,
            f"{figure:.2f} {row.unit}{better if ours else ''}",
            "" if ours else f"{row.ratio('ours', name):.2f}x",
            row.bound if ours else "",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


if __name__ == "__main__":
    main()
