"""Rows 19 to 23, 25 and 26 as the console sees them; each fault by itself is in tests/remote."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollback_console.plans.models import Secret
from rollback_console.rollbacks import db_clock, log_store
from rollback_console.rollbacks.actions import steering
from rollback_console.rollbacks.models import Rollback, StepRun
from tests import make, tally
from tests.make import Stage
from tests.remote.attempts import Folder
from tests.remote.sshd import Sshd
from tests.toolbox.waiting import until

from . import promise
from .clocks import needs_faketime, off_by
from .ground import LONG, Ground
from .promise import becomes, comes_to, kept, run_of, succeeds
from .stage import Console, approved_quietly

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("healers")]

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="mounts a small file system")


@pytest.fixture
def own_host(tmp_path: Path) -> Iterator[Sshd]:
    """A host that one test may break."""
    server = Sshd(tmp_path / "host").start()
    yield server
    server.stop()


@pytest.fixture
def near(console: Console, own_host: Sshd) -> Stage:
    return console.place(own_host.address())


def held_at_one(place: Stage, ground: Ground, **fences: str) -> Rollback:
    """A rollback whose first step is held and has said its first bytes."""
    rollback = make.approved(place, ground.plan(ground.held(1), "echo two"))
    talkative = rollback.runs.filter(position=1, stored__gt=8000)
    until(talkative.exists, "the first step speaks", details=lambda: promise.story(rollback))
    return rollback


def lost(rollback: Rollback) -> StepRun:
    """The first step, once the console says that nobody can know."""
    row = comes_to(rollback, "waiting")
    assert (row.question["kind"], row.question["position"]) == ("lost", 1)
    return run_of(row, 1)


def seen_to_be_well(rollback: Rollback, place: Stage, ground: Ground) -> None:
    """Never begun again by itself; a person looks and goes on."""
    assert ground.starts() == {1: 1}
    steering.answer(
        rollback, position=1, by=place.cast.dana, answer="continue", note="I looked: it is done"
    )
    becomes(rollback, 2, "succeeded")
    assert ground.starts() == {1: 1, 2: 1}
    kept(succeeds(rollback, place), ground)


def test_a_command_whose_supervisor_was_killed_keeps_its_exit_code(
    near: Stage, own_host: Sshd, ground: Ground
) -> None:
    rollback = held_at_one(near, ground)
    Folder(own_host, str(run_of(rollback, 1).token)).kill("go")
    ground.go(1)
    assert "orphan" in becomes(rollback, 1, "succeeded").flags
    succeeds(rollback, near)
    kept(rollback, ground)


@pytest.mark.representative
def test_with_supervisor_and_shell_killed_a_person_is_asked(
    near: Stage, own_host: Sshd, ground: Ground
) -> None:
    rollback = held_at_one(near, ground)
    folder = Folder(own_host, str(run_of(rollback, 1).token))
    leader, command = folder.leader(), folder.pid("run")
    folder.kill("go")
    tally.kill(leader)
    if command != leader:
        tally.kill_group(command)
    assert "nobody can tell" in lost(rollback).why
    seen_to_be_well(rollback, near, ground)


def test_a_killed_pump_is_flagged_and_the_command_goes_on(
    near: Stage, own_host: Sshd, ground: Ground
) -> None:
    rollback = held_at_one(near, ground)
    for pid in Folder(own_host, str(run_of(rollback, 1).token)).writers():
        tally.kill(pid)
    ground.go(1)
    run = becomes(rollback, 1, "succeeded")
    assert "pump_died" in run.flags
    assert ground.said(1).startswith(log_store.read_log(run)[:8000])
    becomes(rollback, 2, "succeeded")
    assert ground.starts() == {1: 1, 2: 1}


@pytest.mark.parametrize(
    "fault", [pytest.param("reboot", marks=pytest.mark.representative), "folder"]
)
def test_after_a_reboot_or_a_deleted_folder_nothing_is_run_again(
    near: Stage, own_host: Sshd, ground: Ground, fault: str
) -> None:
    rollback = held_at_one(near, ground)
    folder = own_host.attempts / str(run_of(rollback, 1).token)
    own_host.stop()
    if fault == "reboot":
        Folder(own_host, folder.name).kill_all()
        own_host.reboot()
    else:
        shutil.rmtree(folder)
    own_host.start()
    assert lost(rollback).why
    seen_to_be_well(rollback, near, ground)


@needs_root
def test_a_full_disk_truncates_the_log_and_keeps_the_exit_code(
    console: Console, tmp_path: Path, ground: Ground
) -> None:
    with small_disk(tmp_path / "small" / "home") as mount, running(tmp_path / "small") as host:
        place = console.place(host.address())
        rollback = make.approved(place, ground.plan("seq 600000; exit 7", "echo two"))
        run = becomes(rollback, 1, "failed")
        assert (run.exit_code, run.state) == (7, "failed")
        assert "disk_full" in run.flags
        stored = log_store.read_log(run)
        assert ground.said(1).startswith(stored[: 1024 * 1024 // 2])
        assert ground.starts() == {1: 1}
        assert mount.exists()


class small_disk:  # noqa: N801 - reads as the context it is
    """A file system of 1 MiB at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Path:
        self.path.mkdir(parents=True)
        command = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(self.path)]
        subprocess.run(command, check=True)
        return self.path

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "-l", str(self.path)], check=True)


class running:  # noqa: N801 - reads as the context it is
    """A host in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.host = Sshd(folder)

    def __enter__(self) -> Sshd:
        return self.host.start()

    def __exit__(self, *_: object) -> None:
        self.host.stop()


def test_output_beyond_the_cap_is_cut_in_the_middle_and_the_exit_code_is_right(
    own_console: Console, sshd: Sshd, ground: Ground
) -> None:
    own_console.environment["LOG_CAP_MIB"] = "1"
    own_console.sweeper()
    place = own_console.place(sshd.address())
    rollback = make.approved(place, ground.plan("seq 3000000", "echo two"))
    run = becomes(rollback, 1, "succeeded")
    assert "truncated" in run.flags
    whole, stored = ground.said(1), log_store.read_log(run)
    assert len(whole) > 20 * 1024 * 1024 > len(stored)
    assert stored[: 1024 * 1024 // 2] == whole[: 1024 * 1024 // 2]
    assert stored.endswith(whole[-10_000:])
    succeeds(rollback, place)
    kept(rollback, ground)


SECRET = "correct-horse-battery-4711"
SPLIT = (
    'echo first; printf %s "${K%%-*}"; sleep 0.4; printf %s "-${K#*-}"; echo; '
    "for n in 1 2 3; do sleep 0.4; echo more; done; echo end"
)


@pytest.mark.parametrize("visit", [1, pytest.param(2, marks=pytest.mark.representative), 3])
def test_a_secret_cut_by_a_crash_is_stored_nowhere(
    console: Console, place: Stage, ground: Ground, visit: int
) -> None:
    Secret.objects.create(environment=place.environment, name="K", value=SECRET)
    script = f"( {SPLIT} ) ; echo 1 >>{ground.folder}/starts"
    plan = ground.plan("true").replace(f"bash {ground.folder}/step.1", script)
    doomed = console.doomed(f"log.stored:{visit + 1}")
    rollback = approved_quietly(place, plan)
    console.send(rollback.pk, doomed.queue)
    assert doomed.died(), doomed.said()
    run = becomes(rollback, 1, "succeeded")
    stored = log_store.read_log(run)
    assert SECRET.encode() not in stored
    assert len(stored) == len(f"first\n{SECRET}\nmore\nmore\nmore\nend\n")
    assert stored.startswith(b"first\n") and stored.endswith(b"\nmore\nmore\nmore\nend\n")
    assert ground.starts() == {1: 1}
    files = console.folder.glob("*.log")
    assert not any(SECRET in each.read_text(errors="replace") for each in files)


def test_the_host_ends_a_command_at_its_limit_while_the_console_is_down(
    own_console: Console, sshd: Sshd, ground: Ground
) -> None:
    sweeper = own_console.sweeper()
    place = own_console.place(sshd.address())
    text = ground.plan(ground.held(1), "echo two", fences={1: "timeout=2s"})
    rollback = make.approved(place, text)
    becomes(rollback, 1, "running")
    folder = Folder(sshd, str(run_of(rollback, 1).token))
    sweeper.kill()
    until(lambda: folder.text("end"), "the host has the last word")
    own_console.sweeper()
    run = becomes(rollback, 1, "timed_out")
    assert ground.starts() == {1: 1}
    assert not ground.ends()
    assert log_store.read_log(run).startswith(ground.said(1))


@pytest.fixture
def yesterday(tmp_path: Path) -> Iterator[Sshd]:
    """A host whose clock is a day behind, for everything that runs on it."""
    server = Sshd(tmp_path / "host", environment=off_by("-1d")).start()
    yield server
    server.stop()


@needs_faketime
def test_a_host_whose_clock_is_a_day_off_loses_nothing_and_keeps_its_limits(
    own_console: Console, yesterday: Sshd, ground: Ground
) -> None:
    own_console.sweeper()
    place = own_console.place(yesterday.address())
    text = ground.plan("date +%s", LONG, ground.held(3), fences={3: "timeout=2s"})
    rollback = make.approved(place, text)
    becomes(rollback, 3, "timed_out")
    runs = [run_of(rollback, position) for position in (1, 2, 3)]
    day = time.time() - int(log_store.read_log(runs[0]))
    assert day > 80_000, "its clock was right after all"
    assert [log_store.read_log(run) for run in runs[:2]] == [ground.said(1), ground.said(2)]
    assert ground.starts() == {1: 1, 2: 1, 3: 1}
    assert ground.ends() == {1: 1, 2: 1}
    assert runs[2].ended_at
    assert abs((runs[2].ended_at - db_clock.now()).total_seconds()) < 600


def test_a_daemon_that_keeps_the_pipe_open_is_flagged_and_holds_nothing_up(
    place: Stage, ground: Ground
) -> None:
    script = f"echo 1 >>{ground.folder}/starts; setsid tail -f {ground.folder}/starts &"
    plan = ground.plan("true", "echo two")
    plan = plan.replace(f"bash {ground.folder}/step.1", script)
    rollback = make.approved(place, plan)
    assert "pipe_held" in becomes(rollback, 1, "succeeded").flags
    becomes(rollback, 2, "succeeded")
    assert ground.starts() == {1: 1, 2: 1}
    comes_to(rollback, "verifying")
