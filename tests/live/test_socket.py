"""The socket, through a real server and a real client."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial

import pytest
from django.utils import timezone
from websockets.exceptions import ConnectionClosed, InvalidStatus

from rollback_console.rollbacks import log_store
from rollback_console.rollbacks.log_store import Tail
from rollback_console.rollbacks.models import StepRun
from tests.toolbox.waiting import until

from .client import Client
from .rows import Rows
from .servers import Console, Process

Watch = Callable[..., Client]


@pytest.fixture
def session(rows: Rows) -> str:
    return rows.session(rows.person())


def closed_with(client: Client) -> int | None:
    """Read until the server closes; the code it gave, None when it stays open."""
    end = time.monotonic() + 30
    try:
        while time.monotonic() < end:
            client.take()
    except ConnectionClosed as error:
        return error.rcvd.code if error.rcvd else None
    return None


def test_hello_tells_the_last_seq_and_events_follow(web: Console, rows: Rows, session: str) -> None:
    rollback = rows.rollback()
    with Client(web, rollback.pk, session) as client:
        hello = client.take()
        assert (hello["type"], hello["seq"]) == ("hello", 2)
        rows.event(rollback, "note.added", text="Looking at it")
        client.seq = hello["seq"]
        client.until(lambda: client.seq == 3)
        assert client.events[0]["kind"] == "note.added"
        assert client.events[0]["facts"] == {"text": "Looking at it"}


def test_a_log_is_streamed_by_raw_byte_offsets(web: Console, rows: Rows, session: str) -> None:
    rollback = rows.rollback()
    run = rows.run(rollback)
    token = str(run.token)
    written = "one\nzwei ä €\nthree 🚀".encode()
    with Client(web, rollback.pk, session) as client:
        client.take()
        for byte in range(0, len(written), 5):
            rows.append(run, written[byte : byte + 5])
        client.until(lambda: client.offsets.get(token) == len(written))
        assert client.text(token).encode() == written


def test_an_unfinished_character_waits_for_its_rest_and_is_shown_once_the_run_is_over(
    web: Console, rows: Rows, session: str
) -> None:
    rollback = rows.rollback()
    run = rows.run(rollback)
    token = str(run.token)
    with Client(web, rollback.pk, session) as client:
        client.take()
        rows.append(run, b"done \xf0\x9f")
        client.until(lambda: token in client.offsets)
        assert (client.text(token), client.offsets[token]) == ("done ", 5)
        rows.change(run, state="succeeded")
        rows.event(rollback, "step.finished")
        client.until(lambda: client.offsets[token] == 7)
        assert client.text(token) == "done \N{REPLACEMENT CHARACTER}"


def test_after_a_cut_a_resume_brings_exactly_what_was_missed(
    web: Console, rows: Rows, session: str
) -> None:
    rollback = rows.rollback()
    run, other = rows.run(rollback), rows.run(rollback, host="app-2")
    written = b"".join(b"line %d: \xe2\x9c\x93 done\n" % n for n in range(60_000))
    rows.append(run, written[:100_001])
    with Client(web, rollback.pk, session) as client:
        client.resume()
        client.until(lambda: client.offsets.get(str(run.token), 0) > 50_000)
        client.socket.socket.close()
        rows.append(run, written[100_001:])
        rows.append(other, b"second host\n")
        seqs = [rows.event(rollback, text=str(n)) for n in range(1_200)]
        client.open()
        client.resume()
        client.until(lambda: client.seq == seqs[-1] and len(client.offsets) == 2)
        client.until(lambda: client.offsets[str(run.token)] == len(written))
        assert client.text(str(run.token)).encode() == written
        assert client.text(str(other.token)) == "second host\n"
        assert [event["seq"] for event in client.events] == list(range(1, seqs[-1] + 1))
        assert max(len(json.dumps(frame)) for frame in client.frames) < 512 * 1024


def test_a_reader_that_is_too_slow_is_closed_and_others_are_not_hurt(
    web: Console, rows: Rows, session: str
) -> None:
    rollback = rows.rollback()
    run = rows.run(rollback)
    token = str(run.token)
    line = b"x" * 1_000 + b"\n"
    with (
        Client(web, rollback.pk, session, max_queue=1, ping_interval=None) as slow,
        Client(web, rollback.pk, session) as quick,
    ):
        total = 0
        quick.take()
        while total < 32 * 1024 * 1024:
            rows.append(run, line * 4_000)
            total += 4_000 * len(line)
            quick.until(partial(shown_up_to, quick, token, total))
        assert closed_with(slow) == 4008
        slow.open()
        slow.resume()
        slow.until(lambda: slow.offsets.get(token) == total)
        assert slow.text(token) == quick.text(token)


def test_a_foreign_origin_is_refused_before_the_socket_opens(
    web: Console, rows: Rows, session: str
) -> None:
    with (
        Client(web, rows.rollback().pk, session) as client,
        pytest.raises(InvalidStatus) as refused,
    ):
        client.open(origin="https://evil.example")
    assert refused.value.response.status_code == 403


def refuses(web: Console, number: int, session: str) -> bool:
    """Whether the socket never opens."""
    with pytest.raises(InvalidStatus) as refused:
        Client(web, number, session)
    return refused.value.response.status_code == 403


def test_somebody_signed_out_is_refused_before_the_socket_opens(web: Console, rows: Rows) -> None:
    assert refuses(web, rows.rollback().pk, "")


@pytest.mark.parametrize("origin", ["http://127.0.0.1:99999999", "http://a:b", "null", "http://["])
def test_an_origin_that_is_none_is_refused(
    web: Console, rows: Rows, session: str, origin: str
) -> None:
    with (
        Client(web, rows.rollback().pk, session) as client,
        pytest.raises(InvalidStatus) as refused,
    ):
        client.open(origin=origin)
    assert refused.value.response.status_code == 403


def test_somebody_in_no_group_is_refused(web: Console, rows: Rows) -> None:
    nobody = rows.person()
    rows.do(nobody.user_permissions.clear)
    assert refuses(web, rows.rollback().pk, rows.session(nobody))


def test_a_session_whose_person_is_long_gone_is_refused(web: Console, rows: Rows) -> None:
    assert refuses(web, rows.rollback().pk, rows.session(rows.person(), seen_at=1.0))


def test_an_unknown_rollback_is_refused(web: Console, session: str) -> None:
    with Client(web, 999_999, session) as client:
        assert closed_with(client) == 4404


@pytest.mark.parametrize(
    "body",
    [
        {"type": "abort"},
        {"type": "resume", "seq": 1},
        {"type": "resume", "seq": -1, "offsets": {}},
        {"type": "resume", "seq": True, "offsets": {}},
        {"type": "resume", "seq": 1, "offsets": {"not-a-token": 1}},
        {"type": "resume", "seq": 1, "offsets": {}, "command": "rm"},
        ["resume"],
    ],
)
def test_anything_but_a_resume_closes_the_socket(
    web: Console, rows: Rows, session: str, body: object
) -> None:
    with Client(web, rows.rollback().pk, session) as client:
        client.send(body)
        assert closed_with(client) == 4400


@pytest.mark.slow
def test_an_idle_socket_still_delivers_and_one_whose_person_left_or_lost_the_right_is_closed(
    web: Console, rows: Rows
) -> None:
    stays, leaves, loses = rows.person(), rows.person(), rows.person()
    rollback = rows.rollback()
    with (
        Client(web, rollback.pk, rows.session(stays)) as idle,
        Client(web, rollback.pk, rows.session(leaves)) as closing,
        Client(web, rollback.pk, rows.session(loses)) as demoted,
    ):
        rows.change(leaves, is_active=False)
        rows.do(loses.user_permissions.clear)
        assert closed_with(closing) == 4401
        assert closed_with(demoted) == 4401
        idle.seq = 2
        rows.event(rollback)
        idle.until(lambda: idle.seq == 3)


def test_without_redis_events_still_arrive_and_hints_return_with_it(
    web: Console, redis: Process, rows: Rows, session: str
) -> None:
    rollback = rows.rollback()
    with Client(web, rollback.pk, session) as client:
        client.seq = client.take()["seq"]
        redis.kill()
        try:
            rows.event(rollback, text="while Redis is dead")
            client.until(lambda: client.seq == 3)
        finally:
            redis.start()
        until(lambda: rows.subscribers(f"rollback:{rollback.pk}") == 1, "hints to be heard again")
        rows.event(rollback, text="and after")
        client.until(lambda: client.seq == 4)


def _damaged(run: StepRun, end: Tail, data: bytes) -> None:
    for chunk in log_store.append(run.pk, end, data, timezone.now()):
        chunk.data = b"not compressed"
        chunk.save()
    StepRun.objects.filter(pk=run.pk).update(stored=end.offset)


LOST = b"a line whose row was damaged afterwards\n"


def test_a_row_that_cannot_be_read_says_so_to_the_socket_that_asks_for_it(
    web: Console, rows: Rows, session: str
) -> None:
    rollback = rows.rollback()
    run = rows.run(rollback)
    rows.do(_damaged, run, Tail(), LOST)
    with Client(web, rollback.pk, session) as client:
        client.resume()
        client.until(lambda: client.offsets)
        assert "cannot be read" in client.text(str(run.token))


def test_a_row_that_cannot_be_read_says_so_to_every_socket_that_waits_for_news(
    web: Console, rows: Rows, session: str
) -> None:
    rollback = rows.rollback()
    run = rows.run(rollback)
    with Client(web, rollback.pk, session) as first, Client(web, rollback.pk, session) as second:
        assert [first.take()["type"], second.take()["type"]] == ["hello", "hello"]
        rows.append(run, b"whole\n")
        for client in (first, second):
            _read_to(client, run, 6)
        rows.do(_damaged, run, Tail(offset=6, lines=1), LOST)
        rows.hint(rollback)
        for client in (first, second):
            _read_to(client, run, 6 + len(LOST))
            assert "cannot be read" in client.text(str(run.token))


def _read_to(client: Client, run: StepRun, offset: int) -> None:
    client.until(lambda: client.offsets.get(str(run.token), 0) == offset)


def test_who_watches_is_said_to_everyone(web: Console, rows: Rows) -> None:
    rollback = rows.rollback()
    ada, bob = rows.person(name="Ada"), rows.person(name="Bob")
    with Client(web, rollback.pk, rows.session(ada)) as first:
        with Client(web, rollback.pk, rows.session(bob)):
            first.until(lambda: _watching(first) == ["Ada", "Bob"])
        first.until(lambda: _watching(first) == ["Ada"])


def _watching(client: Client) -> list[str] | None:
    presences = [frame["people"] for frame in client.frames if frame["type"] == "presence"]
    return presences[-1] if presences else None


def test_the_last_socket_to_leave_ends_the_subscription(
    web: Console, redis: Process, rows: Rows, session: str
) -> None:
    rollback = rows.rollback()
    name = f"rollback:{rollback.pk}"
    with Client(web, rollback.pk, session), Client(web, rollback.pk, session):
        until(lambda: rows.subscribers(name) == 1, "one tailer for two sockets")
    until(lambda: rows.subscribers(name) == 0, "the tailer to end")


def shown_up_to(client: Client, token: str, end: int) -> bool:
    """Whether the client has that log up to there."""
    return client.offsets.get(token) == end
