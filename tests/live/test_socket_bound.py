"""One person, and one address, hold so many sockets and no more."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from rollback_console.live import socket_bound
from rollback_console.live.socket_bound import SocketPlace


@pytest.fixture(autouse=True)
def few(settings: Any) -> Iterator[None]:
    settings.SOCKETS_PER_PERSON, settings.SOCKETS_PER_ADDRESS = 2, 3
    socket_bound._open.clear()
    yield
    socket_bound._open.clear()


def place(person: int, address: str = "192.0.2.1") -> SocketPlace:
    return SocketPlace({"user": SimpleNamespace(pk=person), "client": (address, 1)})


def test_a_person_holds_so_many_wherever_they_are() -> None:
    assert [place(1, f"192.0.2.{n}").take() for n in range(3)] == [True, True, False]
    assert place(2).take()


def test_an_address_holds_so_many_whoever_is_there() -> None:
    assert [place(n).take() for n in range(4)] == [True, True, True, False]
    assert place(9, "192.0.2.9").take()


def test_a_socket_that_is_gone_makes_room_once() -> None:
    first, second = place(1), place(1)
    assert first.take()
    assert second.take()
    first.leave()
    first.leave()
    assert place(1).take()
    assert not place(1).take()


def test_one_that_was_refused_takes_nothing_with_it() -> None:
    kept = [place(1) for _ in range(2)]
    assert all(each.take() for each in kept)
    refused = place(1)
    assert not refused.take()
    refused.leave()
    assert not place(1).take()
