"""Attempts whose host, or part of it, is killed while they run (faults 19 and 20)."""

from __future__ import annotations

import os
import shutil
import uuid
from pathlib import Path

from rollback_console.remote.protocol import Ending, Remote, RunRef
from tests import tally
from tests.toolbox.attempt_probe import Presence, read_attempt_folder
from tests.toolbox.waiting import until

from .attempts import Folder, launch, living, presence, read_until, ref, request, waiting, watch
from .conftest import connect_by
from .sshd import Sshd

# Row 19: killed parts


def test_a_command_survives_its_supervisor_and_its_exit_code_is_recovered(
    host: Remote, sshd: Sshd, go_on: Path
) -> None:
    run_request = request(f"echo before; {waiting(go_on)}; echo after; exit 7")
    events = host.run(run_request)
    read_until(events, b"before\n")
    Folder(sshd, run_request.token).kill("go")
    kept = read_attempt_folder(host, ref(run_request))
    assert (kept.presence, kept.orphan) == (Presence.RUNNING, True)
    go_on.touch()
    rest = watch(events, 7)
    assert rest.log == b"after\n"
    assert (rest.outcome.ending, rest.outcome.exit_code) == (Ending.FINISHED, 7)
    assert "orphan" in rest.outcome.flags


def test_with_supervisor_and_shell_killed_nobody_can_tell(
    host: Remote, sshd: Sshd, go_on: Path, tmp_path: Path
) -> None:
    run_request = request(f"echo started >> {tmp_path}/starts; echo before; {waiting(go_on)}")
    events = host.run(run_request)
    read_until(events, b"before\n")
    folder = Folder(sshd, run_request.token)
    folder.kill("go")
    folder.kill("run")
    assert watch(events, 7).outcome.ending is Ending.LOST
    again = watch(host.follow(ref(run_request), 7), 7).outcome
    assert again.ending is Ending.LOST
    assert "Look at the host" in again.why
    assert launch(host, run_request).already
    assert not host.veto(ref(run_request))
    assert (tmp_path / "starts").read_text() == "started\n"


def test_what_nothing_on_the_host_watches_any_more_can_be_ended(
    host: Remote, sshd: Sshd, go_on: Path
) -> None:
    run_request = request(f"echo before; {waiting(go_on)}", time_limit=3)
    events = host.run(run_request)
    read_until(events, b"before\n")
    folder = Folder(sshd, run_request.token)
    tally.kill_group(folder.pid("go"))  # the supervisor, its watch and its pump
    command = folder.pid("run")
    assert read_attempt_folder(host, ref(run_request)).orphan
    outcome = host.stop(ref(run_request), grace=1)
    assert (outcome.ending, outcome.survivors) == (Ending.ABORTED, ())
    assert not living(command)


def test_with_only_the_shell_killed_nobody_can_tell_either(
    host: Remote, sshd: Sshd, go_on: Path
) -> None:
    run_request = request(f"echo before; {waiting(go_on)}")
    events = host.run(run_request)
    read_until(events, b"before\n")
    Folder(sshd, run_request.token).kill("run")
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
    remote = connect_by(server, shell)
    try:
        run_request = request(f"echo started >> {tmp_path}/starts")
        assert not launch(remote, run_request).already
        folder = Folder(server, run_request.token)
        held = int(until(lambda: (tmp_path / "held").exists() and (tmp_path / "held").read_text()))
        assert presence(remote, run_request) == Presence.PREPARED
        folder.kill("go")
        tally.kill(held)
        assert remote.veto(ref(run_request))
        assert watch(remote.follow(ref(run_request))).outcome.ending is Ending.NEVER_STARTED
        assert not (tmp_path / "starts").exists()
    finally:
        remote.close()
        server.remove()


def test_a_dead_supervisor_s_claim_without_a_start_ends_in_a_veto(host: Remote, sshd: Sshd) -> None:
    run_request = request("echo never")
    boot_id = launch(host, request("true")).boot_id
    folder = sshd.attempts / run_request.token
    folder.mkdir(mode=0o700)
    (folder / "go").symlink_to(f"999999 1 {boot_id}")
    assert presence(host, run_request) == Presence.PREPARED
    seen = watch(host.run(run_request))
    assert (seen.outcome.ending, seen.log) == (Ending.NEVER_STARTED, b"")


def test_a_killed_pump_does_not_kill_the_command(host: Remote, sshd: Sshd, go_on: Path) -> None:
    run_request = request(f"echo before; {waiting(go_on)}; seq 100000; echo last; exit 5")
    events = host.run(run_request)
    read_until(events, b"before\n")
    for pid in Folder(sshd, run_request.token).writers():
        tally.kill(pid)
    go_on.touch()
    rest = watch(events, 7)
    assert (rest.outcome.ending, rest.outcome.exit_code) == (Ending.FINISHED, 5)
    assert "pump_died" in rest.outcome.flags
    assert rest.log.endswith(b"100000\nlast\n")
    assert len(rest.log) == 65536


def test_a_pump_killed_with_all_its_parts_is_replaced_by_a_drain(
    host: Remote, sshd: Sshd, go_on: Path
) -> None:
    run_request = request(f"echo before; {waiting(go_on)}; seq 100000; exit 5")
    events = host.run(run_request)
    read_until(events, b"before\n")
    [writer] = Folder(sshd, run_request.token).writers()
    pump = int(Path(f"/proc/{writer}/stat").read_text().rpartition(")")[2].split()[1])
    tally.kill(pump)
    tally.kill(writer)
    go_on.touch()
    outcome = watch(events, 7).outcome
    assert (outcome.ending, outcome.exit_code) == (Ending.FINISHED, 5)
    assert "pump_died" in outcome.flags


# Row 20: reboot, a reused pid, a deleted folder


def test_after_a_reboot_a_running_command_is_lost_and_never_started_again(
    own_host: Remote, server: Sshd, go_on: Path, tmp_path: Path
) -> None:
    run_request = request(f"echo started >> {tmp_path}/starts; {waiting(go_on)}")
    before = launch(own_host, run_request).boot_id
    until(lambda: presence(own_host, run_request) == Presence.RUNNING)
    server.reboot()
    kept = read_attempt_folder(own_host, ref(run_request))
    assert kept.presence is Presence.LOST
    assert kept.boot_id != before
    assert not own_host.veto(ref(run_request))
    assert launch(own_host, run_request).already
    outcome = own_host.stop(ref(run_request))
    assert outcome.ending is Ending.LOST
    assert "rebooted" in outcome.why
    go_on.touch()
    until(lambda: Folder(server, run_request.token).text("end"))
    assert (tmp_path / "starts").read_text() == "started\n"


def test_a_command_that_finished_before_the_reboot_stays_finished(
    own_host: Remote, server: Sshd
) -> None:
    run_request = request("echo done; exit 4")
    watch(own_host.run(run_request))
    server.reboot()
    seen = watch(own_host.follow(ref(run_request)))
    assert (seen.log, seen.outcome.exit_code) == (b"done\n", 4)


def test_an_attempt_whose_folder_went_down_with_the_host_is_not_proven_unstarted(
    own_host: Remote, server: Sshd
) -> None:
    before = launch(own_host, request("true")).boot_id
    server.reboot()
    assert not own_host.veto(RunRef(str(uuid.uuid4()), before))


def test_a_stranger_with_the_same_pid_is_not_taken_for_the_command(
    host: Remote, sshd: Sshd, go_on: Path
) -> None:
    run_request = request(f"echo before; {waiting(go_on)}")
    events = host.run(run_request)
    read_until(events, b"before\n")
    folder = Folder(sshd, run_request.token)
    boot_id = folder.text("go").split()[2]
    folder.kill("go")
    folder.kill("run")
    (folder.path / "run").unlink()
    (folder.path / "run").symlink_to(f"{os.getpid()} 1 {boot_id}")
    outcome = watch(events, 7).outcome
    assert (outcome.ending, outcome.exit_code) == (Ending.LOST, None)
    assert host.stop(ref(run_request)).ending is Ending.LOST
    assert living(os.getpid())


def test_a_deleted_folder_means_lost(host: Remote, sshd: Sshd, go_on: Path) -> None:
    run_request = request(f"echo before; {waiting(go_on)}")
    events = host.run(run_request)
    read_until(events, b"before\n")
    shutil.rmtree(sshd.attempts / run_request.token)
    assert presence(host, run_request) == Presence.ABSENT
    go_on.touch()
    assert watch(events, 7).outcome.ending is Ending.LOST
