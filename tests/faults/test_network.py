"""Rows 17 and 18: the network between console and host fails, or the host says no."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollback_console.rollbacks.actions import steering
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.make import Stage
from tests.remote.sshd import Sshd, make_key
from tests.toolbox.proxy import BOTH, TO_CONSOLE, TO_HOST, Proxy
from tests.toolbox.waiting import until

from . import promise
from .ground import LONG, Ground
from .promise import becomes, comes_to, fresh, kept, run_of, succeeds
from .stage import Console, approved_quietly

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("healers")]

SEEN_WITHIN = 20.0
"""Seconds: the promise itself."""


@pytest.fixture
def proxy(sshd: Sshd) -> Iterator[Proxy]:
    with Proxy(sshd.port) as proxy:
        yield proxy


@pytest.fixture
def far(console: Console, sshd: Sshd, proxy: Proxy) -> Stage:
    """A host behind the proxy."""
    return console.place(sshd.address(port=proxy.port))


@pytest.fixture
def own_host(tmp_path: Path) -> Iterator[Sshd]:
    """A host that one test may break."""
    server = Sshd(tmp_path / "host").start()
    yield server
    server.stop()


def under_way(place: Stage, ground: Ground, *fences: str) -> Rollback:
    """A rollback whose second step is held, its first bytes stored."""
    rollback = make.approved(place, ground.plan("echo one", ground.held(2), "echo three"))
    stored = rollback.runs.filter(position=2, stored=len(ground_begins()))
    until(stored.exists, "the first bytes are stored", details=lambda: promise.story(rollback))
    return rollback


def ground_begins() -> bytes:
    return b"".join(b"%d\n" % number for number in range(1, 2001))


def shown_unreachable(rollback: Rollback, seconds: float = SEEN_WITHIN) -> str:
    """What the page says about the silent host, at the latest after so long."""
    silent = rollback.runs.exclude(unreachable_since=None)
    until(
        silent.exists,
        "unreachable is shown",
        seconds=seconds,
        details=lambda: promise.story(rollback),
    )
    return silent.get().why


def shown_because(rollback: Rollback, cause: str) -> None:
    """The cause itself is named, not only that the connection died before it."""
    named = rollback.runs.exclude(unreachable_since=None).filter(why__contains=cause)
    events = rollback.events.filter(kind="host.unreachable", facts__why__icontains=cause)
    until(
        lambda: named.exists() and events.exists(), cause, details=lambda: promise.story(rollback)
    )


@pytest.mark.representative
def test_a_reset_connection_is_followed_again(far: Stage, ground: Ground, proxy: Proxy) -> None:
    rollback = under_way(far, ground)
    proxy.reset()
    ground.go(2)
    succeeds(rollback, far)
    kept(rollback, ground)


@pytest.mark.parametrize(
    "ways",
    [
        pytest.param(BOTH, id="both ways", marks=pytest.mark.representative),
        pytest.param((TO_HOST,), id="to the host"),
        pytest.param((TO_CONSOLE,), id="to the console"),
    ],
)
def test_silence_is_shown_in_time_and_costs_no_byte(
    far: Stage, ground: Ground, proxy: Proxy, ways: tuple[str, ...]
) -> None:
    rollback = under_way(far, ground)
    proxy.swallow(*ways)
    assert shown_unreachable(rollback)
    assert fresh(rollback).state == "running"
    ground.go(2)
    until(lambda: ground.ends()[2], "the command ends without us")
    proxy.heal()
    succeeds(rollback, far)
    kept(rollback, ground)
    kinds = set(rollback.events.values_list("kind", flat=True))
    assert {"host.unreachable", "host.back"} <= kinds


@pytest.mark.parametrize("fault", ["silence", "reset"])
def test_a_lost_answer_to_a_launch_starts_nothing_twice(
    far: Stage, ground: Ground, proxy: Proxy, fault: str
) -> None:
    rollback = make.approved(far, ground.plan(ground.held(1), LONG))
    becomes(rollback, 1, "running")
    proxy.slow(TO_CONSOLE, 0.4)
    ground.go(1)
    until(
        lambda: ground.starts()[2], "the second step began", details=lambda: promise.story(rollback)
    )
    if fault == "silence":
        proxy.swallow(TO_CONSOLE)
        assert shown_unreachable(rollback, 60)
    else:
        proxy.reset()
    proxy.heal()
    succeeds(rollback, far)
    kept(rollback, ground)


def test_a_network_that_flaps_each_second_only_slows(
    far: Stage, ground: Ground, proxy: Proxy
) -> None:
    rollback = make.approved(far, ground.plan("echo one", LONG, LONG, LONG))
    enough, over = threading.Event(), threading.Event()

    def flap() -> None:
        while not over.wait(1.0):
            proxy.refuse()
            enough.wait(0.5)
            proxy.heal()

    flapping = threading.Thread(target=flap)
    flapping.start()
    try:
        comes_to(rollback, "verifying")
    finally:
        over.set()
        flapping.join()
    succeeds(rollback, far)
    kept(rollback, ground)


def test_a_worker_killed_while_it_uploads_leaves_nothing_half_started(
    console: Console, far: Stage, ground: Ground, proxy: Proxy
) -> None:
    long_text = "\n".join(f": this line only makes the text longer, {n}" for n in range(900))
    plan = ground.plan(ground.held(1), "echo two").replace(
        f"bash {ground.folder}/step.2", f"{long_text}\nbash {ground.folder}/step.2"
    )
    doomed = console.worker("doomed")
    rollback = approved_quietly(far, plan)
    console.send(rollback.pk, "doomed")
    becomes(rollback, 1, "running")
    proxy.swallow_after(TO_HOST, 20_000)
    ground.go(1)
    until(
        lambda: proxy.stuck(TO_HOST), "half of it is sent", details=lambda: promise.story(rollback)
    )
    assert run_of(rollback, 2).state == "launching"
    doomed.kill()
    proxy.reset()
    proxy.heal()
    succeeds(rollback, far)
    kept(rollback, ground)
    assert ground.starts() == {1: 1, 2: 1}


@pytest.mark.parametrize("fault", ["stopped", "hung"])
def test_an_ssh_server_that_is_gone_for_a_while_is_waited_for(
    console: Console, own_host: Sshd, ground: Ground, fault: str
) -> None:
    place = console.place(own_host.address())
    rollback = under_way(place, ground)
    _break(own_host, fault)
    assert shown_unreachable(rollback)
    ground.go(2)
    until(lambda: ground.ends()[2], "the command ends without us")
    _mend(own_host, fault)
    succeeds(rollback, place)
    kept(rollback, ground)


def _break(host: Sshd, fault: str) -> None:
    if fault == "stopped":
        host.stop()
    else:
        _signal(host, signal.SIGSTOP)


def _mend(host: Sshd, fault: str) -> None:
    if fault == "stopped":
        host.start()
    else:
        _signal(host, signal.SIGCONT)


def _signal(host: Sshd, number: signal.Signals) -> None:
    assert host._process
    for pid in [host._process.pid, *host.session_pids()]:
        os.kill(pid, number)


@pytest.mark.representative
def test_a_login_revoked_mid_plan_stops_and_names_the_cause(
    console: Console, own_host: Sshd, ground: Ground
) -> None:
    place = console.place(own_host.address())
    rollback = under_way(place, ground)
    _revoke(own_host)
    own_host.stop()
    own_host.start()
    shown_because(rollback, "credential")
    ground.go(2)
    until(lambda: ground.ends()[2], "the command ends without us")
    assert run_of(rollback, 2).state == "running"
    _allow(own_host)
    succeeds(rollback, place)
    kept(rollback, ground)


def test_a_login_refused_before_a_step_starts_nothing_and_asks(
    console: Console, own_host: Sshd, ground: Ground
) -> None:
    place = console.place(own_host.address())
    _revoke(own_host)
    rollback = make.approved(place, ground.plan("echo one"))
    row = comes_to(rollback, "waiting")
    assert row.question["kind"] == "failed"
    assert "credential" in run_of(row, 1).why
    assert not ground.starts()
    _allow(own_host)
    steering.retry(row, position=1, by=place.cast.dana, reason="The key is back")
    succeeds(rollback, place)
    kept(rollback, ground)


def _revoke(host: Sshd) -> None:
    (host.folder / "authorized_keys").write_text("")


def _allow(host: Sshd) -> None:
    shutil.copy(host.folder / "client.pub", host.folder / "authorized_keys")


def test_a_host_whose_key_changed_is_refused_and_said(
    console: Console, own_host: Sshd, ground: Ground
) -> None:
    place = console.place(own_host.address())
    rollback = under_way(place, ground)
    own_host.stop()
    (own_host.folder / "host_key").rename(own_host.folder / "true_key")
    (own_host.folder / "host_key.pub").rename(own_host.folder / "true_key.pub")
    make_key(own_host.folder / "host_key")
    own_host.start()
    shown_because(rollback, "nobody confirmed")
    ground.go(2)
    own_host.stop()
    for name in ("host_key", "host_key.pub"):
        (own_host.folder / name.replace("host", "true")).replace(own_host.folder / name)
    own_host.start()
    succeeds(rollback, place)
    kept(rollback, ground)


def test_an_abort_lands_although_the_host_opens_no_more_sessions(
    console: Console, tmp_path: Path, ground: Ground
) -> None:
    host = Sshd(tmp_path / "narrow", options=("MaxSessions 1",)).start()
    try:
        place = console.place(host.address())
        rollback = make.approved(place, ground.plan(ground.held(1), "echo two"))
        becomes(rollback, 1, "running")
        until(lambda: ground.starts()[1], "the command began")
        steering.request_abort(rollback, by=place.cast.dana, reason="Wrong version")
        comes_to(rollback, "aborted")
        assert run_of(rollback, 1).state == "aborted"
        kept(rollback, ground)
        assert not ground.ends()
    finally:
        host.stop()
