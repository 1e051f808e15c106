"""Attempts that meet a full disk, a cap, a time limit or a daemon (faults 21, 22, 25, 26)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollback_console.remote.errors import RunnerRefused
from rollback_console.remote.protocol import Ending, Remote
from tests.toolbox.waiting import until

from .attempts import Folder, launch, read_until, ref, request, waiting, watch
from .conftest import connect_by
from .sshd import Sshd

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root may mount a small disk")


@pytest.fixture
def small_disk(server: Sshd) -> Iterator[Path]:
    """The home of `server`, a disk of 1 MiB and 200 inodes."""
    command = ["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=200,mode=700", "none"]
    subprocess.run([*command, str(server.home)], check=True)
    yield server.home
    subprocess.run(["umount", "-l", str(server.home)], check=True)


# Row 21: a full disk


@needs_root
@pytest.mark.usefixtures("small_disk")
def test_a_disk_that_fills_up_truncates_the_log_and_keeps_the_exit_code(own_host: Remote) -> None:
    seen = watch(own_host.run(request("echo before; seq 500000; exit 7")))
    assert (seen.outcome.ending, seen.outcome.exit_code) == (Ending.FINISHED, 7)
    assert "disk_full" in seen.outcome.flags
    assert seen.log.startswith(b"before\n1\n2\n")


@needs_root
def test_inodes_that_run_out_keep_the_exit_code(
    own_host: Remote, small_disk: Path, go_on: Path
) -> None:
    run_request = request(f"echo before; {waiting(go_on)}; exit 7")
    events = own_host.run(run_request)
    read_until(events, b"before\n")
    _fill_inodes(small_disk)
    go_on.touch()
    outcome = watch(events, 7).outcome
    assert (outcome.ending, outcome.exit_code) == (Ending.FINISHED, 7)


@needs_root
def test_a_host_without_room_refuses_before_anything_is_started(
    own_host: Remote, small_disk: Path, tmp_path: Path
) -> None:
    watch(own_host.run(request("true")))
    run_request = request(f"echo started >> {tmp_path}/starts # {'x' * 9000}")
    with (small_disk / "filler").open("wb", 0) as filler, pytest.raises(OSError, match="space"):
        while True:
            filler.write(bytes(4096))
    with pytest.raises(RunnerRefused, match="no room"):
        launch(own_host, run_request)
    _fill_inodes(small_disk)
    with pytest.raises(RunnerRefused, match="no room"):
        launch(own_host, request(f"echo started >> {tmp_path}/starts"))
    assert not (tmp_path / "starts").exists()


def _fill_inodes(disk: Path) -> None:
    with pytest.raises(OSError, match="space"):
        for number in range(10_000):
            (disk / f"inode-{number}").touch()


# Row 22: too much output


def test_beyond_its_cap_a_log_keeps_its_head_and_its_last_64_kib(host: Remote) -> None:
    whole = b"".join(b"%d\n" % number for number in range(1, 100_001))
    seen = watch(host.run(request("seq 100000; exit 2", cap=100_000)))
    head = 100_000 // 512 * 512
    assert seen.log == whole[:head] + whole[-65536:]
    assert seen.outcome.exit_code == 2
    assert seen.outcome.flags == {"truncated"}


def test_a_log_of_exactly_its_cap_is_whole(host: Remote) -> None:
    seen = watch(host.run(request("head -c 51200 /dev/zero", cap=51_200)))
    assert (len(seen.log), seen.outcome.flags) == (51_200, frozenset())


# Row 25: the time limit


def test_the_host_enforces_the_time_limit_while_nobody_is_connected(sshd: Sshd, kind: str) -> None:
    run_request = request("echo before; sleep 300; echo never", time_limit=1, grace=1)
    first = connect_by(sshd, kind)
    launch(first, run_request)
    first.close()
    until(lambda: Folder(sshd, run_request.token).text("end"))
    second = connect_by(sshd, kind)
    seen = watch(second.follow(ref(run_request)))
    second.close()
    assert seen.outcome.ending is Ending.TIMED_OUT
    assert seen.log.startswith(b"before\n")
    assert b"never" not in seen.log
    assert "time limit" in seen.outcome.why


def test_a_command_that_ignores_term_is_killed_at_its_limit(host: Remote) -> None:
    run_request = request("trap '' TERM; sleep 300; sleep 300", time_limit=1, grace=1)
    outcome = watch(host.run(run_request)).outcome
    assert (outcome.ending, outcome.survivors) == (Ending.TIMED_OUT, ())


# Row 26: a daemon that keeps the pipe


def test_a_daemon_that_keeps_the_pipe_open_does_not_hold_up_the_end(
    host: Remote, tmp_path: Path, go_on: Path
) -> None:
    daemon = f"(while [ ! -e {go_on} ]; do echo chatter; sleep 0.02; done; touch {tmp_path}/end) &"
    seen = watch(host.run(request(f"{daemon}\necho started; exit 6")))
    assert (seen.outcome.ending, seen.outcome.exit_code) == (Ending.FINISHED, 6)
    assert "pipe_held" in seen.outcome.flags
    assert b"started\n" in seen.log
    go_on.touch()
    until(lambda: (tmp_path / "end").exists())  # it was not killed by writing on
