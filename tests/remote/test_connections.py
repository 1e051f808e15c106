"""What happens when a connection dies, and what it must not take with it."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollback_console.remote.errors import (
    HostUnreachable,
    LoginRefused,
)
from rollback_console.remote.protocol import Chunk, Outcome, Remote
from rollback_console.remote.ssh import Liveness, connect
from tests.toolbox.proxy import TO_CONSOLE, Proxy
from tests.toolbox.waiting import until

from .attempts import Folder, launch, read_until, ref, request, watch
from .conftest import connected
from .sshd import Sshd

IMPATIENT = Liveness(ask_after=0.2, cut_after=0.5)


@pytest.fixture
def proxy(sshd: Sshd) -> Iterator[Proxy]:
    with Proxy(sshd.port) as proxy:
        yield proxy


@pytest.mark.parametrize("address", ["127.0.0.1", "no-such-host.invalid"])
def test_a_host_that_is_down_is_unreachable(sshd: Sshd, address: str) -> None:
    with pytest.raises(HostUnreachable, match="web-1"):
        connect(sshd.address(address=address, port=1))


def test_a_port_that_says_nothing_is_given_up_in_time(sshd: Sshd) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute, pytest.raises(HostUnreachable):
        connect(sshd.address(port=mute.getsockname()[1]), connect_timeout=1)


def test_a_log_cut_anywhere_is_followed_on_from_its_offset(sshd: Sshd, proxy: Proxy) -> None:
    whole = b"".join(b"%d\n" % number for number in range(1, 300_001))
    run_request = request("seq 300000")
    log, tries, limit = b"", 0, 150_000
    outcome = None
    while outcome is None:
        tries += 1
        proxy.reset()
        proxy.heal()
        proxy.reset_after(TO_CONSOLE, limit)
        try:
            remote = connect(sshd.address(port=proxy.port))
            for event in remote.run(run_request, len(log)):
                if isinstance(event, Chunk):
                    assert event.offset == len(log)
                    log += event.data
                elif isinstance(event, Outcome):
                    outcome = event
        except HostUnreachable:
            limit += 40_000
        remote.close()
    assert tries > 3
    assert log == whole
    assert outcome.bytes == len(whole)


def test_a_silent_peer_is_noticed_and_the_command_goes_on(sshd: Sshd, proxy: Proxy) -> None:
    remote = connect(sshd.address(port=proxy.port), liveness=IMPATIENT)
    run_request = request("echo before; sleep 1; echo after")
    events = remote.run(run_request)
    read_until(events, b"before\n")
    proxy.swallow()
    with pytest.raises(HostUnreachable, match="goes on"):
        watch(events, 7)
    with pytest.raises(HostUnreachable):
        remote.veto(ref(run_request))
    remote.close()
    proxy.heal()
    second = connect(sshd.address(port=proxy.port))
    assert watch(second.follow(ref(run_request), 7), 7).log == b"after\n"
    second.close()


def test_a_hung_server_is_noticed(server: Sshd) -> None:
    remote = connect(server.address(), liveness=IMPATIENT)
    events = remote.run(request("echo before; sleep 1"))
    read_until(events, b"before\n")
    pids = server.session_pids()
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    with pytest.raises(HostUnreachable):
        watch(events, 7)
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    remote.close()


@pytest.mark.slow
def test_a_silent_peer_is_noticed_within_20_seconds_by_default(sshd: Sshd, proxy: Proxy) -> None:
    remote = connect(sshd.address(port=proxy.port))
    events = remote.run(request("echo before; sleep 30"))
    read_until(events, b"before\n")
    proxy.swallow()
    noticed = threading.Event()

    def follow() -> None:
        with pytest.raises(HostUnreachable):
            watch(events, 7)
        noticed.set()

    follower = threading.Thread(target=follow)
    follower.start()
    assert noticed.wait(20)
    follower.join()
    remote.close()


def test_a_quiet_connection_that_is_well_is_kept(sshd: Sshd) -> None:
    remote = connect(sshd.address(), liveness=Liveness(ask_after=0.05, cut_after=5))
    assert watch(remote.run(request("sleep 1; echo still here"))).log == b"still here\n"
    remote.close()


def test_closing_from_another_thread_wakes_a_follow_and_ends_nothing(sshd: Sshd) -> None:
    remote = connect(sshd.address())
    run_request = request("echo before; sleep 1; echo after")
    events = remote.run(run_request)
    read_until(events, b"before\n")
    closer = threading.Thread(target=remote.close)
    closer.start()
    with pytest.raises(HostUnreachable):
        watch(events, 7)
    closer.join()
    with connected(sshd) as second:
        assert watch(second.follow(ref(run_request))).log == b"before\nafter\n"


def test_followers_whose_connection_went_away_leave_no_process(
    sshd: Sshd, plain_host: Remote
) -> None:
    run_request = request("echo up; sleep 300")
    launch(plain_host, run_request)
    for _ in range(3):
        with connected(sshd) as follower:
            read_until(follower.follow(ref(run_request)), b"up\n")
    until(lambda: not _readers(Folder(sshd, run_request.token)))
    plain_host.stop(ref(run_request), grace=1)


def _readers(folder: Folder) -> list[str]:
    found_on = []
    for link in Path("/proc").glob("[0-9]*/fd/3"):
        try:
            if link.readlink() == folder.path / "log":
                found_on.append(link.parts[2])
        except OSError:
            continue
    return found_on


def test_an_abort_lands_although_no_further_session_is_allowed(tmp_path: Path) -> None:
    server = Sshd(options=("MaxSessions 1",)).start()
    try:
        with connected(server) as remote:
            run_request = request("echo up; sleep 300")
            events = remote.run(run_request)
            read_until(events, b"up\n")
            aborted = remote.stop(ref(run_request), grace=1)
            assert watch(events, 3).outcome == aborted
    finally:
        server.remove()


def test_a_revoked_login_is_named_when_connecting_again(server: Sshd) -> None:
    with connected(server) as remote:
        (server.folder / "authorized_keys").write_text("")
        assert watch(remote.run(request("echo still in"))).log == b"still in\n"
        with pytest.raises(LoginRefused, match="web-1"):
            connect(server.address())
