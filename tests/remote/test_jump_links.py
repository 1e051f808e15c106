"""Sharing connections to jump hosts, without any host."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pytest

from rollback_console.remote.errors import HostUnreachable
from rollback_console.remote.jump_links import JOINED_FOR, MOST_ON_ONE, JumpLinks, Loan
from rollback_console.remote.protocol import HostAddress, Login

BASTION = HostAddress("bastion", "192.0.2.1", "deploy", Login(password="x"), ())


@dataclass(eq=False)
class FakeLink:
    """Stands until it is closed or broken."""

    broken: bool = False
    closed: int = 0

    def stands(self) -> bool:
        return not self.broken and not self.closed

    def close(self) -> None:
        self.closed += 1


class Bastions:
    """What was opened, in order, and the links' clock in seconds."""

    def __init__(self) -> None:
        self.opened: list[FakeLink] = []
        self.now = 0.0
        self.links: JumpLinks[FakeLink] = JumpLinks(self._open, clock=lambda: self.now)

    def _open(self, address: HostAddress, timeout: float) -> FakeLink:
        self.opened.append(FakeLink())
        return self.opened[-1]

    def borrow(self, address: HostAddress = BASTION) -> Loan[FakeLink]:
        return self.links.borrow(address, 1.0)


@pytest.fixture
def bastions() -> Bastions:
    return Bastions()


def test_the_last_one_closes_what_they_shared(bastions: Bastions) -> None:
    loans = [bastions.borrow() for _ in range(3)]
    [shared] = bastions.opened
    for loan in loans[:2]:
        loan.give_back()
        loan.give_back()  # closing twice is no second user
    assert shared.closed == 0
    loans[2].give_back()
    assert shared.closed == 1
    assert bastions.borrow().link is not shared


def test_those_who_come_while_one_is_opened_share_it() -> None:
    began, go_on = threading.Event(), threading.Event()
    opened: list[FakeLink] = []

    def open_slowly(address: HostAddress, timeout: float) -> FakeLink:
        began.set()
        go_on.wait()
        opened.append(FakeLink())
        return opened[-1]

    links: JumpLinks[FakeLink] = JumpLinks(open_slowly)
    with ThreadPoolExecutor(8) as pool:
        loans = [pool.submit(links.borrow, BASTION, 1.0) for _ in range(8)]
        began.wait()
        go_on.set()
        assert {id(loan.result().link) for loan in loans} == {id(opened[0])}


@pytest.mark.parametrize("other", [{"username": "ops"}, {"login": Login(password="y")}])
def test_another_login_is_another_connection(bastions: Bastions, other: dict[str, object]) -> None:
    changed = replace(BASTION, **other)  # type: ignore[arg-type]
    assert bastions.borrow().link is not bastions.borrow(changed).link


def test_what_broke_grew_old_or_is_in_doubt_is_joined_by_nobody(bastions: Bastions) -> None:
    first = bastions.borrow()
    first.link.broken = True
    second = bastions.borrow()
    bastions.now += JOINED_FOR
    third = bastions.borrow()
    bastions.borrow().give_back(doubtful=True)
    fourth = bastions.borrow()
    assert len({id(each.link) for each in (first, second, third, fourth)}) == 4
    assert [each.closed for each in bastions.opened] == [0, 0, 0, 0]


def test_one_connection_carries_no_more_than_it_should(bastions: Bastions) -> None:
    for _ in range(MOST_ON_ONE + 1):
        bastions.borrow()
    assert len(bastions.opened) == 2


def test_one_that_cannot_be_opened_keeps_nobody_from_the_next(bastions: Bastions) -> None:
    failures = [HostUnreachable("bastion", "no answer in time")]

    def open_link(address: HostAddress, timeout: float) -> FakeLink:
        if failures:
            raise failures.pop()
        return FakeLink()

    links: JumpLinks[FakeLink] = JumpLinks(open_link)
    with pytest.raises(HostUnreachable):
        links.borrow(BASTION, 1.0)
    assert links.borrow(BASTION, 1.0).link.stands()
