"""The rows: the same work by us and by peers, in one interleaved run."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from django.db import connection

from rollback_console.remote.protocol import RunnerKind
from rollback_console.rollbacks import log_store
from rollback_console.rollbacks.execution import connections
from rollback_console.rollbacks.models import Rollback, StepRun
from tests import make

from . import peers, tools
from .metered import MeteredSshd
from .row import OURS, SpeedRow, SpeedTarget, interleave
from .stage import approved, drive, hosts, use_runner

CONTROL_MASTER = "ssh + ControlMaster"
MORE = 20  # steps that follow the first
TARGETS = {
    1: (SpeedTarget(0.2, "pyinfra"),),
    10: (SpeedTarget(0.6, "pyinfra"),),
    50: (
        *(SpeedTarget(2, "paramiko"), SpeedTarget(0.9, "pyinfra")),
        SpeedTarget(0.2, "ansible raw"),
    ),
    500: (SpeedTarget(2, "paramiko"),),
}


def one_more_step(stage: make.Stage, sshd: MeteredSshd) -> SpeedRow:
    """What a further step on one host costs."""
    row = SpeedRow("one more step on one host", "ms", (SpeedTarget(1.5, CONTROL_MASTER),))
    shared, bare = peers.Ssh(sshd, shared=True), peers.Bare(sshd)
    few, many = SpeedRow("", "ms"), SpeedRow("", "ms")
    for _ in range(5):
        interleave(
            row,
            {
                CONTROL_MASTER: lambda: [shared.run("true") for _ in range(MORE)],
                "paramiko": lambda: [bare.run("true") for _ in range(MORE)],
            },
            {CONTROL_MASTER: 1, "paramiko": 1},
            1000 / MORE,
        )
        interleave(few, {OURS: _steps(stage, 1)}, {OURS: 1}, 1000)
        interleave(many, {OURS: _steps(stage, 1 + MORE)}, {OURS: 1}, 1000)
        row.add(OURS, (many.rounds[OURS][-1] - few.rounds[OURS][-1]) / MORE)
    shared.close()
    bare.close()
    return row


def cost_of_a_run(stage: make.Stage, sshd: MeteredSshd, count: int = 50) -> Iterator[SpeedRow]:
    """What a run costs the console: 5 steps on 50 hosts, connecting included."""
    processor = SpeedRow("console CPU a run", "ms", (SpeedTarget(3),))
    queries = SpeedRow("console queries a run", "")
    for _ in range(3):
        rollback = approved(stage, ["true"] * 5, hosts(stage, sshd, count))
        connections.kept.close()
        statements: list[str] = []
        began = time.process_time()
        with connection.execute_wrapper(partial(_count, statements)):
            drive(rollback)
        runs = rollback.runs.count()
        processor.add(OURS, (time.process_time() - began) / runs * 1000)
        queries.add(OURS, len(statements) / runs)
    yield processor
    yield queries


def cost_to_a_host(stage: make.Stage, sshd: MeteredSshd) -> Iterator[SpeedRow]:
    """What one more run costs its host, sshd and shell included, by each runner and by ssh."""
    shared = peers.Ssh(sshd, shared=True)
    agent = SpeedRow("host CPU a run, agent", "ms", (SpeedTarget(4),))
    shell = SpeedRow("host CPU a run, shell runner", "ms", (SpeedTarget(20),))
    for _ in range(3):
        for row, kind in ((agent, RunnerKind.AUTO), (shell, RunnerKind.SHELL)):
            use_runner("app-1", kind)
            _steps(stage, 1)()  # connects
            row.add(
                CONTROL_MASTER, _host_cost(sshd, lambda: [shared.run("true") for _ in range(60)])
            )
            row.add(OURS, _host_cost(sshd, _steps(stage, 60)))
    use_runner("app-1", RunnerKind.AUTO)
    shared.close()
    yield agent
    yield shell


def five_steps(
    stage: make.Stage, sshd: MeteredSshd, count: int, rounds: int = 3, slow_rounds: int = 2
) -> SpeedRow:
    """Five steps on many hosts, connecting included; the slowest peers in fewer rounds."""
    row = SpeedRow(f"5 steps on {count} host{'s' * (count > 1)}", "s", TARGETS[count])
    commands, names = ["true"] * 5, hosts(stage, sshd, count)
    works: dict[str, Callable[[], object]] = {
        OURS: lambda: _driven_anew(approved(stage, commands, names)),
        "paramiko": lambda: peers.bare_steps(sshd, count, commands),
    }
    if count <= 50:
        works[CONTROL_MASTER] = lambda: peers.shared_steps(sshd, count, commands)
        works |= _tools(sshd, count, commands) if slow_rounds else {}
    slow = {name: slow_rounds for name in works if name.startswith("ansible")}
    interleave(row, works, {**dict.fromkeys(works, rounds), **slow})
    return row


def _tools(sshd: MeteredSshd, count: int, commands: list[str]) -> dict[str, Callable[[], object]]:
    if not tools.there():
        return {}
    works: dict[str, Callable[[], object]] = {
        "pyinfra": partial(tools.pyinfra, sshd, count, commands)
    }
    for module in ("raw", "command") if count < 50 else ("raw",):
        works[f"ansible {module}"] = partial(tools.ansible, sshd, count, commands, module)
    return works


def output(stage: make.Stage, sshd: MeteredSshd, name: str, file: Path, bound: float) -> SpeedRow:
    """How fast output is stored, redacted and readable, beside only reading it."""
    command, size = f"cat {file}", file.stat().st_size
    seconds = SpeedRow("", "s")
    alone, shared = (peers.Ssh(sshd, shared=each) for each in (False, True))
    bare = peers.Bare(sshd)
    readers: dict[str, peers.Ssh | peers.Bare] = {
        "ssh": alone,
        CONTROL_MASTER: shared,
        "paramiko": bare,
    }
    works: dict[str, Callable[[], object]] = {
        name: partial(_read_whole, peer, command, size) for name, peer in readers.items()
    }
    works[OURS] = lambda: _store_whole(approved(stage, [command], ["app-1"]), size)
    interleave(seconds, works, {})
    shared.close()
    bare.close()
    row = SpeedRow(name, "MB/s", (SpeedTarget(bound, "ssh", at_least=True),))
    for who, each in seconds.rounds.items():
        row.rounds[who] = [size / 1e6 / took for took in each]
    return row


def windows() -> SpeedRow:
    """500 lines out of the middle of a long log."""
    row = SpeedRow("500 lines from the middle of a million", "ms", (SpeedTarget(0.6),))
    run = StepRun.objects.order_by("-lines")[0]
    chunk = run.chunks.filter(first_line__lte=run.lines // 2).order_by("-first_line")[0]
    interleave(
        row, {OURS: lambda: log_store.read_log(run, chunk.offset, 500 * 100)}, {OURS: 20}, 1000
    )
    return row


def memory() -> float:
    """The most this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def _steps(stage: make.Stage, steps: int) -> Callable[[], object]:
    """Approved already, to be driven: only that is timed."""
    rollback = approved(stage, ["true"] * steps, ["app-1"])
    return lambda: drive(rollback)


def _driven_anew(rollback: Rollback) -> float:
    """Seconds, with no connection left of what ran before."""
    connections.kept.close()
    began = time.perf_counter()
    drive(rollback)
    return time.perf_counter() - began


def _store_whole(rollback: Rollback, size: int) -> float:
    began = time.perf_counter()
    drive(rollback)
    seconds = time.perf_counter() - began
    _whole(rollback.runs.get().stored, size)
    return seconds


def _host_cost(sshd: MeteredSshd, work: Callable[[], object], runs: int = 60) -> float:
    began = sshd.processor()
    work()
    time.sleep(0.2)  # supervisors end after their last word
    return (sshd.processor() - began) / runs * 1000


def _count(
    statements: list[str], execute: Callable[..., object], sql: str, *more: object
) -> object:
    statements.append(sql)
    return execute(sql, *more)


def _read_whole(peer: peers.Ssh | peers.Bare, command: str, size: int) -> None:
    _whole(peer.run(command), size)


def _whole(got: int, expected: int) -> None:
    assert got == expected, f"{got} bytes instead of {expected}"
