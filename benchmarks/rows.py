"""The rows: the same work by us and by peers, in one interleaved run."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from rollback_console.rollbacks import log_store
from rollback_console.rollbacks.models import StepRun
from tests import make
from tests.remote.sshd import Sshd

from . import peers, tools
from .stage import approved, drive, hosts


@dataclass
class Row:
    """One kind of work: what each did, in `unit`; `bound` says what we promise."""

    name: str
    unit: str
    bound: str
    figures: dict[str, float] = field(default_factory=dict)

    def ratio(self, ours: str, peer: str) -> float:
        return self.figures[ours] / self.figures[peer]


def one_more_step(stage: make.Stage, sshd: Sshd) -> Row:
    """What a further step on one host costs."""
    row = Row("one more step on one host", "ms", "at most 3x ssh + ControlMaster")
    shared, bare = peers.Ssh(sshd, shared=True), peers.Bare(sshd)
    seconds: dict[str, list[float]] = {}
    for _ in range(5):
        _timed(seconds, "ssh + ControlMaster", 10, lambda: shared.run("true"))
        _timed(seconds, "paramiko", 10, lambda: bare.run("true"))
        few, many = _ours(stage, 1), _ours(stage, 21)
        seconds.setdefault("ours", []).append((many - few) / 20)
    shared.close()
    bare.close()
    row.figures = {name: statistics.median(each) * 1000 for name, each in seconds.items()}
    return row


def five_steps(stage: make.Stage, sshd: Sshd, count: int) -> Row:
    """Five steps on many hosts, connecting included."""
    bound = "at most 2.5x paramiko" if count >= 50 else ""
    row = Row(f"5 steps on {count} host{'s' * (count > 1)}", "s", bound)
    commands = ["true"] * 5
    names = hosts(stage, sshd, count)
    seconds: dict[str, list[float]] = {}
    for _ in range(3):
        _timed(seconds, "ssh + ControlMaster", 1, lambda: peers.shared_steps(sshd, count, commands))
        _timed(seconds, "paramiko", 1, lambda: peers.bare_steps(sshd, count, commands))
        rollback = approved(stage, commands, names)
        _timed(seconds, "ours", 1, partial(drive, rollback))
    for name, work in _tools(sshd, count, commands):
        _timed(seconds, name, 1, work)
    row.figures = {name: statistics.median(each) for name, each in seconds.items()}
    return row


def many_hosts(stage: make.Stage, sshd: Sshd, count: int) -> Row:
    """Five steps on very many hosts at once, beside only connecting and running them."""
    row = Row(f"5 steps on {count} hosts", "s", "grows with the hosts")
    commands, names = ["true"] * 5, hosts(stage, sshd, count)
    seconds: dict[str, list[float]] = {}
    _timed(seconds, "paramiko", 1, lambda: peers.bare_steps(sshd, count, commands))
    rollback = approved(stage, commands, names)
    _timed(seconds, "ours", 1, lambda: drive(rollback))
    row.figures = {name: each[0] for name, each in seconds.items()}
    return row


def _tools(sshd: Sshd, count: int, commands: list[str]) -> Iterator[tuple[str, Callable[[], None]]]:
    if tools.there():
        yield "pyinfra", lambda: tools.pyinfra(sshd, count, commands)
        for module in ("raw", "command"):
            yield (
                f"ansible {module}",
                partial(tools.ansible, sshd, count, commands, module),
            )


def output(stage: make.Stage, sshd: Sshd, name: str, file: Path, bound: str) -> Row:
    """How fast output is stored, redacted and readable, beside only reading it."""
    command, size = f"cat {file}", file.stat().st_size
    row = Row(name, "MB/s", bound)
    alone, shared, bare = (
        peers.Ssh(sshd, shared=False),
        peers.Ssh(sshd, shared=True),
        peers.Bare(sshd),
    )
    seconds: dict[str, list[float]] = {}
    for _ in range(3):
        _timed(seconds, "ssh", 1, lambda: _whole(alone.run(command), size))
        _timed(seconds, "ssh + ControlMaster", 1, lambda: _whole(shared.run(command), size))
        _timed(seconds, "paramiko", 1, lambda: _whole(bare.run(command), size))
        rollback = approved(stage, [command], ["app-1"])
        _timed(seconds, "ours", 1, partial(drive, rollback))
        _whole(rollback.runs.get().stored, size)
    shared.close()
    bare.close()
    row.figures = {each: size / 1e6 / statistics.median(took) for each, took in seconds.items()}
    return row


def windows(stage: make.Stage) -> Row:
    """500 lines out of the middle of a long log."""
    row = Row("500 lines from the middle of a million", "ms", "under 20 ms")
    run = StepRun.objects.order_by("-lines")[0]
    seconds: dict[str, list[float]] = {}
    chunk = run.chunks.filter(first_line__lte=run.lines // 2).order_by("-first_line")[0]
    for _ in range(20):
        _timed(seconds, "ours", 1, lambda: log_store.read_log(run, chunk.offset, 500 * 100))
    row.figures = {name: statistics.median(each) * 1000 for name, each in seconds.items()}
    return row


def memory() -> float:
    """The most this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def _ours(stage: make.Stage, steps: int) -> float:
    rollback = approved(stage, ["true"] * steps, ["app-1"])
    began = time.perf_counter()
    drive(rollback)
    return time.perf_counter() - began


def _timed(
    seconds: dict[str, list[float]], name: str, times: int, work: Callable[[], object]
) -> None:
    began = time.perf_counter()
    for _ in range(times):
        work()
    seconds.setdefault(name, []).append((time.perf_counter() - began) / times)


def _whole(got: int, expected: int) -> None:
    assert got == expected, f"{got} bytes instead of {expected}"
