"""Rows 2 to 9: a worker is killed at every moment at which it matters.

The doomed worker alone is told of the rollback. A healthy worker and a sweeper beside it
find what it leaves behind, by nothing but the database.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollback_console.remote.protocol import RunnerKind
from tests.remote.sshd import Sshd

from . import promise
from .ground import LONG, Ground
from .moments import WORKER
from .stage import Console, approved_quietly

pytestmark = pytest.mark.faults

TYPICAL = {"attempt.committed", "launch.started", "log.half-written", "outcome.received"}
SHELLS = ["bash", "dash", "busybox"]
KINDS = ["python", *SHELLS]
DAILY = {"python", "bash"}


def cases() -> list[object]:
    """Every moment under Python and every shell; a few of them are enough day by day."""
    return [
        pytest.param(
            name,
            kind,
            marks=[pytest.mark.representative] if name in TYPICAL and kind in DAILY else [],
            id=f"{name}-{kind}",
        )
        for kind in KINDS
        for name in WORKER
    ]


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Sshd]]:
    """A host for each shell, where `sh` is that shell."""
    made = {name: _host_where_sh_is(name, tmp_path_factory.mktemp(name)) for name in SHELLS}
    yield {**made, "python": made["dash"]}
    for host in made.values():
        host.remove()


def _host_where_sh_is(shell: str, folder: Path) -> Sshd:
    program = shutil.which(shell)
    assert program, f"{shell} is not installed"
    (folder / "sh").symlink_to(program)
    path = f"{folder}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return Sshd(environment={"PATH": path}).start()


@pytest.mark.parametrize(("moment", "kind"), cases())
@pytest.mark.usefixtures("healers")
def test_a_worker_killed_at_any_moment_costs_nothing_but_time(
    console: Console, hosts: dict[str, Sshd], ground: Ground, moment: str, kind: str
) -> None:
    visit, _ = WORKER[moment]
    runner = RunnerKind.PYTHON if kind == "python" else RunnerKind.SHELL
    place = console.place(hosts[kind].address(runner=runner))
    outlasting = moment == "slice.over"
    doomed = console.doomed(f"{moment}:{visit}", SLICE_SECONDS="1" if outlasting else "20")
    second = ground.held(2) if outlasting else LONG
    rollback = approved_quietly(place, ground.plan("echo one", second, "echo three"))
    console.send(rollback.pk, doomed.queue)
    assert doomed.died(), doomed.said()
    ground.go(2)
    promise.succeeds(rollback, place)
    promise.kept(rollback, ground)
    assert ground.starts() == {1: 1, 2: 1, 3: 1}
