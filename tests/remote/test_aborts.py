"""Ending a command, with proof, whatever it does against it."""

from __future__ import annotations

import os
import signal
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollback_console.remote.errors import HostUnreachable
from rollback_console.remote.protocol import Ending, Outcome, Remote, RunRef, RunRequest
from tests.toolbox.attempt_probe import Presence
from tests.toolbox.waiting import until

from . import guest
from .attempts import Folder, living, presence, read_until, ref, request, watch
from .conftest import connect_by, connected
from .sshd import Sshd

needs_guest = pytest.mark.skipif(not guest.possible(), reason="needs root, sudo and unshare")
CHILD = "sleep 300 & echo $!; wait"


def test_an_abort_ends_the_command_and_its_children_and_proves_it(host: Remote) -> None:
    run_request = request(f"{CHILD}\necho never")
    events = host.run(run_request)
    child = int(read_until(events, b"\n"))
    outcome = host.stop(ref(run_request))
    assert (outcome.ending, outcome.survivors) == (Ending.ABORTED, ())
    assert not living(child)
    assert watch(events, len(str(child)) + 1).outcome == outcome
    assert presence(host, run_request) is Presence.FINISHED
    assert watch(host.follow(ref(run_request))).outcome == outcome


def test_a_command_that_ignores_term_is_killed_after_its_grace(host: Remote) -> None:
    run_request = request("trap '' TERM; echo deaf; while :; do sleep 300; done")
    events = host.run(run_request)
    read_until(events, b"deaf\n")
    outcome = host.stop(ref(run_request), grace=1)
    assert (outcome.ending, outcome.exit_code, outcome.survivors) == (Ending.ABORTED, None, ())


def test_a_command_may_clean_up_when_it_is_told_to_end(host: Remote) -> None:
    run_request = request(
        "trap 'echo cleaned; exit 9' TERM; echo ready; while :; do sleep 0.1; done"
    )
    events = host.run(run_request)
    read_until(events, b"ready\n")
    outcome = host.stop(ref(run_request))
    assert (outcome.ending, outcome.exit_code) == (Ending.ABORTED, 9)
    assert watch(events, 6).log.endswith(b"cleaned\n")


def test_a_grandchild_in_a_session_of_its_own_is_found(host: Remote) -> None:
    run_request = request("setsid sh -c 'trap \"\" TERM; echo $$; sleep 300; sleep 300' & wait")
    events = host.run(run_request)
    grandchild = int(read_until(events, b"\n"))
    assert host.stop(ref(run_request), grace=1).ending is Ending.ABORTED
    assert not living(grandchild)


def test_an_orphaned_command_is_aborted_too(host: Remote, sshd: Sshd) -> None:
    run_request = request(CHILD)
    events = host.run(run_request)
    child = int(read_until(events, b"\n"))
    Folder(sshd, run_request.token).kill("go")
    outcome = host.stop(ref(run_request), grace=1)
    assert outcome.ending is Ending.ABORTED
    assert not living(child)
    assert watch(events, len(str(child)) + 1).outcome.ending is Ending.ABORTED


def test_what_is_left_of_a_lost_command_is_ended_but_stays_lost(host: Remote, sshd: Sshd) -> None:
    run_request = request(CHILD)
    events = host.run(run_request)
    child = int(read_until(events, b"\n"))
    folder = Folder(sshd, run_request.token)
    folder.kill("go")
    folder.kill("run")
    assert host.stop(ref(run_request), grace=1).ending is Ending.LOST
    assert not living(child)


def test_an_abort_before_the_start_is_a_veto(host: Remote, sshd: Sshd, tmp_path: Path) -> None:
    run_request = request(f"echo started >> {tmp_path}/starts")
    (sshd.attempts / "bin").parent.mkdir(parents=True, exist_ok=True)
    (sshd.attempts / run_request.token).mkdir(mode=0o700)
    assert host.stop(ref(run_request)).ending is Ending.NEVER_STARTED
    assert watch(host.run(run_request)).outcome.ending is Ending.NEVER_STARTED
    assert not (tmp_path / "starts").exists()


def test_an_abort_of_what_the_host_never_heard_of_is_lost(host: Remote) -> None:
    assert host.stop(RunRef(str(uuid.uuid4()))).ending is Ending.LOST


def test_an_abort_that_comes_too_late_leaves_the_result(host: Remote) -> None:
    run_request = request("exit 4")
    watch(host.run(run_request))
    outcome = host.stop(ref(run_request))
    assert (outcome.ending, outcome.exit_code) == (Ending.FINISHED, 4)
    assert presence(host, run_request) == Presence.FINISHED


@pytest.mark.parametrize("pause", [0.0, 0.002, 0.005, 0.01, 0.02, 0.05])
def test_an_abort_against_a_normal_end_yields_one_truth(
    plain_host: Remote, sshd: Sshd, pause: float
) -> None:
    run_request = request(f"sleep {pause}; exit 0")
    with connected(sshd) as other:
        outcomes: list[Outcome] = []
        events = plain_host.run(run_request)
        next(iter(events))
        aborter = threading.Thread(
            target=lambda: outcomes.append(other.stop(ref(run_request), grace=1))
        )
        aborter.start()
        seen = watch(events).outcome
        aborter.join()
    assert outcomes == [seen]
    assert watch(plain_host.follow(ref(run_request))).outcome == seen
    assert seen.ending in (Ending.FINISHED, Ending.ABORTED, Ending.NEVER_STARTED)


def test_two_aborts_at_once_say_the_same(plain_host: Remote, sshd: Sshd) -> None:
    run_request = request("trap '' TERM; echo deaf; while :; do sleep 300; done")
    events = plain_host.run(run_request)
    read_until(events, b"deaf\n")
    outcomes: list[Outcome] = []
    with connected(sshd) as other:
        second = threading.Thread(
            target=lambda: outcomes.append(other.stop(ref(run_request), grace=1))
        )
        second.start()
        outcomes.append(plain_host.stop(ref(run_request), grace=1))
        second.join()
    assert outcomes[0] == outcomes[1]
    assert outcomes[0].ending is Ending.ABORTED


def test_an_abort_goes_on_when_its_connection_is_lost(sshd: Sshd, kind: str) -> None:
    run_request = request("trap '' TERM; echo deaf; while :; do sleep 300; done")
    first = connect_by(sshd, kind)
    read_until(first.run(run_request), b"deaf\n")

    def abort() -> None:
        with pytest.raises(HostUnreachable):
            first.stop(ref(run_request), grace=1)

    aborter = threading.Thread(target=abort)
    aborter.start()
    until(lambda: Folder(sshd, run_request.token).text("cancel"))
    first.close()
    aborter.join()
    with connected(sshd, kind) as second:
        assert watch(second.follow(ref(run_request))).outcome.ending is Ending.ABORTED


@pytest.fixture
def stubborn(in_the_open: Path) -> Path:
    """A program that does not end when asked to."""
    program = in_the_open / "stubborn"
    program.write_text("#!/bin/sh\ntrap '' TERM\necho up\nwhile :; do /bin/sleep 1; done\n")
    program.chmod(0o755)
    return program


@pytest.fixture
def guest_host(
    request: pytest.FixtureRequest, in_the_open: Path, stubborn: Path, guest_kind: str
) -> Iterator[tuple[Remote, Sshd]]:
    sudoers, _, runas = request.param.replace("STUBBORN", str(stubborn)).partition(" as ")
    server = guest.GuestHost(in_the_open / "guest", sudoers, runas or "root").start()
    try:
        with connected(server, guest_kind) as remote:
            yield remote, server
    finally:
        server.remove()


@needs_guest
@pytest.mark.parametrize("guest_host", ["STUBBORN, /usr/bin/kill, /bin/kill"], indirect=True)
def test_a_child_that_runs_as_root_is_ended_by_sudo(
    guest_host: tuple[Remote, Sshd], stubborn: Path
) -> None:
    run_request = request(f"sudo -n {stubborn}")
    outcome, left = _stopped(guest_host, run_request)
    assert (outcome.ending, outcome.survivors) == (Ending.ABORTED, ())
    assert not living(left)


@needs_guest
@pytest.mark.parametrize("guest_host", ["ALL as nobody"], indirect=True)
def test_what_runs_as_another_account_is_ended_as_that_account(
    guest_host: tuple[Remote, Sshd], stubborn: Path
) -> None:
    run_request = request(str(stubborn), user="nobody")
    outcome, left = _stopped(guest_host, run_request)
    assert (outcome.ending, outcome.survivors) == (Ending.ABORTED, ())
    assert not living(left)


@needs_guest
@pytest.mark.parametrize("guest_host", ["STUBBORN"], indirect=True)
def test_a_child_that_cannot_be_ended_is_named(
    guest_host: tuple[Remote, Sshd], stubborn: Path
) -> None:
    remote, _ = guest_host
    run_request = request(f"sudo -n {stubborn}")
    outcome, left = _stopped(guest_host, run_request)
    assert outcome.ending is Ending.ABORT_UNCONFIRMED
    assert f"stubborn ({left})" in outcome.survivors
    assert f"stubborn ({left})" in outcome.why
    assert watch(remote.follow(ref(run_request))).outcome == outcome
    os.kill(left, signal.SIGKILL)
    until(lambda: not living(left))
    assert remote.stop(ref(run_request), grace=1).ending is Ending.ABORTED


@needs_guest
@pytest.mark.parametrize("guest_host", ["ALL"], indirect=True)
def test_a_command_runs_as_another_user_with_its_values(guest_host: tuple[Remote, Sshd]) -> None:
    remote, _ = guest_host
    script = 'id -un; echo "$VALUE" "$TOKEN"; cat /dev/stdin | wc -c'
    values = {"environment": {"VALUE": "a 'b'"}, "secrets": {"TOKEN": "t0ken!"}}
    seen = watch(remote.run(request(script, user="root", **values)))
    assert seen.log == b"root\na 'b' t0ken!\n0\n"
    refused = watch(remote.run(request("id -un", user="nobody")))
    assert refused.outcome.exit_code not in (0, None)
    assert b"sudo" in refused.log


def _stopped(guest_host: tuple[Remote, Sshd], run_request: RunRequest) -> tuple[Outcome, int]:
    """What stopping a stubborn command came to, and its process."""
    remote, server = guest_host
    events = remote.run(run_request)
    read_until(events, b"up\n")
    left = _named(Folder(server, run_request.token).pid("run"), "stubborn")
    outcome = remote.stop(ref(run_request), grace=1)
    return outcome, left


def _named(session: int, name: str) -> int:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            head, _, rest = stat.read_text().rpartition(")")
        except OSError:
            continue
        if head.endswith(f"({name}") and int(rest.split()[3]) == session:
            return int(stat.parent.name)
    return 0
