"""Attempts whose host, or part of it, fails while they run."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollback_console.remote.base import Ending, Presence, Remote, RunRef
from rollback_console.remote.errors import RunnerRefused
from rollback_console.remote.ssh import connect

from .attempts import Folder, living, presence, read_until, ref, request, until, watch
from .conftest import connected
from .sshd import Sshd

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root may mount a small disk")


def waiting(flag: Path) -> str:
    return f"until [ -e {flag} ]; do sleep 0.05; done"


@pytest.fixture
def go_on(tmp_path: Path) -> Iterator[Path]:
    """What commands wait for; made at the end in any case, so that none outlives its test."""
    flag = tmp_path / "go-on"
    yield flag
    flag.touch()


@pytest.fixture
def server() -> Iterator[Sshd]:
    """A host of this test's own, to be rebooted and broken."""
    server = Sshd().start()
    yield server
    server.remove()


@pytest.fixture
def own_host(server: Sshd, shell: str) -> Iterator[Remote]:
    with connected(server, shell) as remote:
        yield remote


@pytest.fixture
def small_disk(server: Sshd) -> Iterator[Path]:
    """The home of `server`, a disk of 1 MiB and 200 inodes."""
    command = ["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=200,mode=700", "none"]
    subprocess.run([*command, str(server.home)], check=True)
    yield server.home
    subprocess.run(["umount", "-l", str(server.home)], check=True)


# Row 19: killed parts


def test_a_command_survives_its_supervisor_and_its_exit_code_is_recovered(
    host: Remote, sshd: Sshd, go_on: Path
) -> None:
    asked = request(f"echo before; {waiting(go_on)}; echo after; exit 7")
    events = host.run(asked)
    read_until(events, b"before\n")
    Folder(sshd, asked.token).kill("go")
    status = host.status(ref(asked))
    assert (status.presence, status.orphan) == (Presence.RUNNING, True)
    go_on.touch()
    rest = watch(events, 7)
    assert rest.log == b"after\n"
    assert (rest.outcome.ending, rest.outcome.exit_code) == (Ending.FINISHED, 7)
    assert "orphan" in rest.outcome.flags


def test_with_supervisor_and_shell_killed_nobody_can_tell(
    host: Remote, sshd: Sshd, go_on: Path, tmp_path: Path
) -> None:
    asked = request(f"echo started >> {tmp_path}/starts; echo before; {waiting(go_on)}")
    events = host.run(asked)
    read_until(events, b"before\n")
    folder = Folder(sshd, asked.token)
    folder.kill("go")
    folder.kill("run")
    assert watch(events, 7).outcome.ending is Ending.LOST
    status = host.status(ref(asked))
    assert status.outcome is not None
    assert status.outcome.ending is Ending.LOST
    assert "Look at the host" in status.outcome.why
    assert host.launch(asked).already
    assert not host.veto(ref(asked))
    assert (tmp_path / "starts").read_text() == "started\n"


def test_with_only_the_shell_killed_nobody_can_tell_either(
    host: Remote, sshd: Sshd, go_on: Path
) -> None:
    asked = request(f"echo before; {waiting(go_on)}")
    events = host.run(asked)
    read_until(events, b"before\n")
    Folder(sshd, asked.token).kill("run")
    outcome = watch(events, 7).outcome
    assert (outcome.ending, outcome.exit_code) == (Ending.LOST, None)


def test_killed_between_election_and_start_it_was_never_started(shell: str, tmp_path: Path) -> None:
    shim = tmp_path / "bin" / "setsid"
    shim.parent.mkdir()
    real = shutil.which("setsid")
    shim.write_text(
        f'#!/bin/sh\ncase $* in *" inner "*) echo $$ >>{tmp_path}/held; exec sleep 60;; esac\n'
        f'exec {real} "$@"\n'
    )
    shim.chmod(0o755)
    server = Sshd(environment={"PATH": f"{shim.parent}:{os.environ['PATH']}"}).start()
    remote = connect(server.address(), shell=shell)
    try:
        asked = request(f"echo started >> {tmp_path}/starts")
        assert not remote.launch(asked).already
        folder = Folder(server, asked.token)
        held = int(until(lambda: (tmp_path / "held").exists() and (tmp_path / "held").read_text()))
        assert presence(remote, asked) == Presence.PREPARED
        folder.kill("go")
        os.kill(held, signal.SIGKILL)
        assert remote.veto(ref(asked))
        assert watch(remote.follow(ref(asked))).outcome.ending is Ending.NEVER_STARTED
        assert not (tmp_path / "starts").exists()
    finally:
        remote.close()
        server.remove()


def test_a_dead_supervisor_s_claim_without_a_start_ends_in_a_veto(host: Remote, sshd: Sshd) -> None:
    asked = request("echo never")
    boot_id = host.status(ref(asked)).boot_id
    folder = sshd.attempts / asked.token
    folder.mkdir(mode=0o700)
    (folder / "go").symlink_to(f"999999 1 {boot_id}")
    assert presence(host, asked) == Presence.PREPARED
    seen = watch(host.run(asked))
    assert (seen.outcome.ending, seen.log) == (Ending.NEVER_STARTED, b"")


def test_a_killed_pump_does_not_kill_the_command(host: Remote, sshd: Sshd, go_on: Path) -> None:
    asked = request(f"echo before; {waiting(go_on)}; seq 100000; echo last; exit 5")
    events = host.run(asked)
    read_until(events, b"before\n")
    for pid in Folder(sshd, asked.token).writers():
        os.kill(pid, signal.SIGKILL)
    go_on.touch()
    rest = watch(events, 7)
    assert (rest.outcome.ending, rest.outcome.exit_code) == (Ending.FINISHED, 5)
    assert "pump_died" in rest.outcome.flags
    assert rest.log.endswith(b"100000\nlast\n")
    assert len(rest.log) == 65536


def test_a_pump_killed_with_all_its_parts_is_replaced_by_a_drain(
    host: Remote, sshd: Sshd, go_on: Path
) -> None:
    asked = request(f"echo before; {waiting(go_on)}; seq 100000; exit 5")
    events = host.run(asked)
    read_until(events, b"before\n")
    [writer] = Folder(sshd, asked.token).writers()
    pump = int(Path(f"/proc/{writer}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(pump, signal.SIGKILL)
    os.kill(writer, signal.SIGKILL)
    go_on.touch()
    outcome = watch(events, 7).outcome
    assert (outcome.ending, outcome.exit_code) == (Ending.FINISHED, 5)
    assert "pump_died" in outcome.flags


# Row 20: reboot, a reused pid, a deleted folder


def test_after_a_reboot_a_running_command_is_lost_and_never_started_again(
    own_host: Remote, server: Sshd, go_on: Path, tmp_path: Path
) -> None:
    asked = request(f"echo started >> {tmp_path}/starts; {waiting(go_on)}")
    before = own_host.launch(asked).boot_id
    until(lambda: presence(own_host, asked) == Presence.RUNNING)
    server.reboot()
    status = own_host.status(ref(asked))
    assert status.presence is Presence.LOST
    assert status.boot_id != before
    assert status.outcome is not None
    assert "rebooted" in status.outcome.why
    assert not own_host.veto(ref(asked))
    assert own_host.launch(asked).already
    assert own_host.stop(ref(asked)).ending is Ending.LOST
    go_on.touch()
    until(lambda: Folder(server, asked.token).text("end"))
    assert (tmp_path / "starts").read_text() == "started\n"


def test_a_command_that_finished_before_the_reboot_stays_finished(
    own_host: Remote, server: Sshd
) -> None:
    asked = request("echo done; exit 4")
    watch(own_host.run(asked))
    server.reboot()
    seen = watch(own_host.follow(ref(asked)))
    assert (seen.log, seen.outcome.exit_code) == (b"done\n", 4)


def test_an_attempt_whose_folder_went_down_with_the_host_is_not_proven_unstarted(
    own_host: Remote, server: Sshd
) -> None:
    before = own_host.status(RunRef(str(uuid.uuid4()))).boot_id
    server.reboot()
    assert not own_host.veto(RunRef(str(uuid.uuid4()), before))


def test_a_stranger_with_the_same_pid_is_not_taken_for_the_command(
    host: Remote, sshd: Sshd, go_on: Path
) -> None:
    asked = request(f"echo before; {waiting(go_on)}")
    events = host.run(asked)
    read_until(events, b"before\n")
    folder = Folder(sshd, asked.token)
    boot_id = folder.text("go").split()[2]
    folder.kill("go")
    folder.kill("run")
    (folder.path / "run").unlink()
    (folder.path / "run").symlink_to(f"{os.getpid()} 1 {boot_id}")
    outcome = watch(events, 7).outcome
    assert (outcome.ending, outcome.exit_code) == (Ending.LOST, None)
    assert host.stop(ref(asked)).ending is Ending.LOST
    assert living(os.getpid())


def test_a_deleted_folder_means_lost(host: Remote, sshd: Sshd, go_on: Path) -> None:
    asked = request(f"echo before; {waiting(go_on)}")
    events = host.run(asked)
    read_until(events, b"before\n")
    shutil.rmtree(sshd.attempts / asked.token)
    assert presence(host, asked) == Presence.ABSENT
    go_on.touch()
    assert watch(events, 7).outcome.ending is Ending.LOST


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
    asked = request(f"echo before; {waiting(go_on)}; exit 7")
    events = own_host.run(asked)
    read_until(events, b"before\n")
    _fill_inodes(small_disk)
    go_on.touch()
    outcome = watch(events, 7).outcome
    assert (outcome.ending, outcome.exit_code) == (Ending.FINISHED, 7)


@needs_root
def test_a_host_without_room_refuses_before_anything_is_started(
    own_host: Remote, small_disk: Path, tmp_path: Path
) -> None:
    own_host.status(RunRef(str(uuid.uuid4())))
    asked = request(f"echo started >> {tmp_path}/starts # {'x' * 9000}")
    with (small_disk / "filler").open("wb", 0) as filler, pytest.raises(OSError, match="space"):
        while True:
            filler.write(bytes(4096))
    with pytest.raises(RunnerRefused, match="no room"):
        own_host.launch(asked)
    _fill_inodes(small_disk)
    with pytest.raises(RunnerRefused, match="no room"):
        own_host.launch(request(f"echo started >> {tmp_path}/starts"))
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


def test_the_host_enforces_the_time_limit_while_nobody_is_connected(sshd: Sshd, shell: str) -> None:
    asked = request("echo before; sleep 300; echo never", time_limit=1, grace=1)
    first = connect(sshd.address(), shell=shell)
    first.launch(asked)
    first.close()
    until(lambda: Folder(sshd, asked.token).text("end"))
    second = connect(sshd.address(), shell=shell)
    seen = watch(second.follow(ref(asked)))
    second.close()
    assert seen.outcome.ending is Ending.TIMED_OUT
    assert seen.log.startswith(b"before\n")
    assert b"never" not in seen.log
    assert "time limit" in seen.outcome.why


def test_a_command_that_ignores_term_is_killed_at_its_limit(host: Remote) -> None:
    asked = request("trap '' TERM; sleep 300; sleep 300", time_limit=1, grace=1)
    outcome = watch(host.run(asked)).outcome
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
