"""Connections that are kept: lent to one at a time, and only while they are what is wanted."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from rollback_console.remote.errors import HostUnreachable
from rollback_console.remote.pool import Lasting, Pool, _Kept
from rollback_console.remote.protocol import Chunk, HostAddress, HostKeyPin, Login, Outcome
from rollback_console.remote.ssh import connect
from tests.toolbox.attempt_probe import read_attempt_folder
from tests.toolbox.waiting import until

from .attempts import read_until, ref, request
from .sshd import Sshd

PIN = HostKeyPin("ssh-ed25519", "AAAA")
WEB = HostAddress("web-1", "192.0.2.1", "deploy", Login(password="first"), (PIN,))


@dataclass
class Line:
    """A connection that only says whether it stands."""

    up: bool = True
    closed: bool = False

    def alive(self) -> bool:
        return self.up and not self.closed

    def release(self) -> Line:
        return self

    def close(self) -> None:
        self.closed = True

    def never(self, *_: object) -> None:
        raise AssertionError("Nobody asks this line for anything.")

    launch = follow = run = status = veto = stop = acknowledge = ask = never


@dataclass
class Exchange:
    """Makes lines, and remembers them; `now` is its clock."""

    made: list[Line] = field(default_factory=list)
    now: float = 0.0

    def connect(self, address: HostAddress) -> Any:
        self.made.append(Line())
        return self.made[-1]

    def pool(self) -> Pool:
        return Pool(self.connect, clock=lambda: self.now)


@pytest.fixture
def exchange() -> Exchange:
    return Exchange()


def test_what_was_given_back_is_lent_again(exchange: Exchange) -> None:
    pool = exchange.pool()
    first = pool.take(WEB)
    pool.give_back(WEB, first)
    assert pool.take(WEB) is first
    pool.close()


def test_two_users_at_a_time_have_a_connection_each(exchange: Exchange) -> None:
    pool = exchange.pool()
    assert pool.take(WEB) is not pool.take(WEB)
    assert len(exchange.made) == 2


@pytest.mark.parametrize(
    "changed",
    [
        replace(WEB, host_keys=(HostKeyPin("ssh-ed25519", "BBBB"),)),
        replace(WEB, login=Login(password="second")),
        replace(WEB, username="root"),
        replace(WEB, address="192.0.2.2"),
        replace(WEB, jump=WEB),
    ],
)
def test_whatever_proves_or_opens_it_changed_a_new_one_is_made(
    exchange: Exchange, changed: HostAddress
) -> None:
    pool = exchange.pool()
    old = pool.take(WEB)
    pool.give_back(WEB, old)
    assert pool.take(changed) is not old
    pool.close()


def test_a_broken_one_is_never_lent_again(exchange: Exchange) -> None:
    pool = exchange.pool()
    pool.discard(pool.take(WEB))
    died_while_it_waited = pool.take(WEB)
    pool.give_back(WEB, died_while_it_waited)
    exchange.made[1].up = False
    died_in_use = pool.take(WEB)
    assert died_in_use is not died_while_it_waited
    exchange.made[2].up = False
    pool.give_back(WEB, died_in_use)
    assert [line.closed for line in exchange.made] == [True, True, True]


def test_what_waits_too_long_or_is_too_old_is_closed(exchange: Exchange) -> None:
    pool = exchange.pool()
    for passed in (60.0, 0.0, 59.0, 541.0):
        line = pool.take(WEB)
        pool.give_back(WEB, line)
        exchange.now += passed
    taken: Any = pool.take(WEB)
    assert taken is exchange.made[2]
    assert [line.closed for line in exchange.made] == [True, True, False]


class Locked(dict[HostAddress, list[_Kept]]):
    """Fails where it is walked without its lock: others give back and take meanwhile."""

    def __init__(self, pool: Pool) -> None:
        super().__init__()
        self.pool = pool

    def values(self) -> Any:
        assert self.pool._guard.locked()
        return super().values()

    def items(self) -> Any:
        assert self.pool._guard.locked()
        return super().items()


def test_what_is_kept_is_counted_under_its_lock(exchange: Exchange) -> None:
    pool = exchange.pool()
    pool._kept = Locked(pool)
    lent = [(replace(WEB, name=str(number)), exchange.connect(WEB)) for number in range(3)]
    for address, remote in lent:
        pool.give_back(address, remote)
    pool.close()
    assert [line.closed for line in exchange.made] == [True, True, True]


def test_one_timer_serves_however_many_are_given_back(exchange: Exchange) -> None:
    pool, before = exchange.pool(), set(threading.enumerate())
    for _ in range(50):
        pool.give_back(WEB, pool.take(WEB))
        pool.give_back(replace(WEB, port=23), pool.take(replace(WEB, port=23)))
    assert set(threading.enumerate()) - before == {pool._expiry}
    pool.close()


def test_what_waits_is_closed_in_time_without_another_use(exchange: Exchange) -> None:
    pool = exchange.pool()
    pool.give_back(WEB, pool.take(WEB))
    exchange.now += 60.0
    pool._expire_in_time()
    assert exchange.made[0].closed
    waiting: Any = pool._expiry
    assert waiting is None
    pool.give_back(WEB, pool.take(WEB))
    pool._expire_in_time()
    assert not exchange.made[1].closed
    assert pool._expiry is not None
    pool.close()


def test_no_more_wait_than_there_is_room_for(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rollback_console.remote.pool.MOST", 1)
    pool = exchange.pool()
    for remote in (pool.take(WEB), pool.take(WEB)):
        pool.give_back(WEB, remote)
    assert [line.closed for line in exchange.made] == [False, True]
    pool.close()


def test_without_idle_time_nothing_is_kept(exchange: Exchange) -> None:
    pool = Pool(exchange.connect, idle=0)
    pool.give_back(WEB, pool.take(WEB))
    assert exchange.made[0].closed


def test_a_real_connection_outlives_its_user_and_nothing_it_followed_does(sshd: Sshd) -> None:
    pool, address = Pool(connect), sshd.address()
    run_request = request("echo begun; sleep 3600")
    first = pool.take(address)
    events = first.run(run_request)
    read_until(events, b"begun\n")
    ended: list[BaseException] = []

    def follow() -> None:
        try:
            list(events)
        except HostUnreachable as error:
            ended.append(error)

    follower = threading.Thread(target=follow)
    follower.start()
    pool.give_back(address, first)
    follower.join(timeout=60)
    assert ended and not follower.is_alive()
    with pytest.raises(HostUnreachable, match="is over"):
        first.veto(ref(run_request))
    second = pool.take(address)
    assert read_attempt_folder(second, ref(run_request)).bytes == len(b"begun\n")
    assert second.stop(ref(run_request), grace=1).ending == "aborted"
    first.close()  # by a follower that came late: it takes nothing from the next user
    second.acknowledge(ref(run_request))
    pool.give_back(address, second)
    pool.close()


def test_a_connection_that_died_while_it_waited_is_replaced(server: Sshd) -> None:
    pool, address = Pool(connect), server.address()
    first = pool.take(address)
    pool.give_back(address, first)
    (kept,) = pool._kept[address]
    server.stop()
    remote = kept.remote
    assert isinstance(remote, Lasting)
    until(lambda: not remote.alive())
    server.start()
    again = pool.take(address)
    last = [event for event in again.run(request("echo here")) if not isinstance(event, Chunk)]
    assert isinstance(last[-1], Outcome)
    again.close()
    pool.close()
