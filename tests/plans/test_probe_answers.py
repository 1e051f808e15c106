"""What answers of hosts mean, also those that nobody expects."""

from __future__ import annotations

import json
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollback_console.engine.loss import Count
from rollback_console.engine.reversal import (
    Effect,
    Operation,
    read_alembic,
    read_django,
    read_flyway,
    read_rails,
)
from rollback_console.engine.snapshot import CheckSpec
from rollback_console.plans.data_loss.counting import counted, measure
from rollback_console.plans.readiness.automated_checks import interpret_check
from rollback_console.plans.readiness.check import check
from rollback_console.plans.readiness.probe_answers import interpret_answer
from rollback_console.plans.readiness.probe_scripts import HOST_QUESTIONS, PLAIN
from rollback_console.plans.readiness.probes import Probe
from rollback_console.plans.snapshot.freeze import freeze_snapshot
from rollback_console.remote.protocol import Answer, Remote
from tests import make
from tests.make import Stage

LONG = b"a b c " + b"9" * 5000 + b"\n" + b"9" * 5000
OUTPUTS = [b"", b"\n\n", b"\xff\x00", b"one two three four\nx\ny", LONG, b"\xc2\xb2\n\xc2\xb2"]
KINDS = [*PLAIN, *HOST_QUESTIONS, "database", "health"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("exit_code", [0, 1, 90, 91, 95, 127, 255])
def test_any_answer_of_a_host_is_a_verdict_and_no_error(
    kind: str, output: bytes, exit_code: int
) -> None:
    probe = Probe("app-1", 1, kind, "-u deploy systemctl restart shop", account="deploy")
    answer = interpret_answer(probe, Answer(exit_code, output, output))
    assert answer.detail
    if exit_code:
        assert answer.verdict != "ready"


@pytest.mark.parametrize("kind", ["space", "keep"])
def test_no_answer_about_free_space_is_unknown(kind: str) -> None:
    answer = interpret_answer(Probe("app-1", 1, kind, "/srv"), Answer(0, b"", b""))
    assert (answer.verdict, answer.detail) == ("unknown", "The free space could not be read.")


NUMBERS = ["²", "٣", "-1", "9" * 5000, "1" + "0" * 20, "9" * 18, "0", "200"]
PIECES = st.sampled_from([*NUMBERS, " ", "\n", "/dev/a", "{", "[]", '"\\ud800"', "\0"])
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=12).map("".join))
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
CALLS = Operation("shop.0002", "Delete model Call", Effect.GOES, table="call")


def answer_of(text: str) -> Answer:
    output = text.encode(errors="replace")
    return Answer(0, output, output)


@given(kind=st.sampled_from(KINDS), text=TEXTS)
def test_whatever_a_host_prints_is_a_verdict(kind: str, text: str) -> None:
    answer = interpret_answer(Probe("app-1", 1, kind, "/srv"), answer_of(text))
    assert answer.detail.encode()


@given(look=st.sampled_from(["http", "log", "command"]), text=TEXTS)
def test_whatever_a_host_prints_answers_a_check(look: str, text: str) -> None:
    check = CheckSpec("calls", "Calls", look=look, target="http://app-1/", at_least=1, at_most=9)
    assert interpret_check(check, answer_of(text)).evidence.encode()


@given(TEXTS)
def test_whatever_a_host_prints_is_a_count_or_unknown(text: str) -> None:
    count = measure("calls", answer_of(text))
    assert count.rows is None or 0 <= count.rows < 10**18


@given(TEXTS | JSONS.map(json.dumps))
def test_whatever_a_service_counts_is_a_count_or_unknown(text: str) -> None:
    (count,) = counted([CALLS], answer_of(f"rollback-console-count {text}\n"))
    assert count.rows is None


@given(rows=JSONS, name=JSONS, why=st.just("\ud800") | JSONS)
def test_a_count_of_the_table_is_one_that_a_database_can_store(
    rows: object, name: object, why: object
) -> None:
    row = {"table": "call", "column": "", "rows": rows, "name": name, "why": why}
    (count,) = counted([CALLS], answer_of(f"rollback-console-count {json.dumps(row)}\n"))
    assert count.rows is None or 0 <= count.rows < 10**18
    assert (count.what + count.why).encode()


@given(TEXTS)
def test_whatever_a_tool_prints_about_migrations_is_a_reversal(text: str) -> None:
    table = f"| Version | State |\n| {text} | Success |\n"
    for read in (read_django, read_flyway, read_rails, read_alembic):
        assert read(text).problem.encode() or read(text).operations
    assert read_flyway(table, "3").tool == "flyway"


@pytest.mark.parametrize("kind", ["space", "keep"])
@pytest.mark.parametrize("number", ["²", "9" * 5000, "-5", "x"])
def test_free_space_that_cannot_be_read_is_unknown(kind: str, number: str) -> None:
    answer = interpret_answer(Probe("app-1", 1, kind, "/srv"), answer_of(f"a b c {number}\n9"))
    assert answer.verdict == "unknown"


def test_the_size_of_a_dump_that_cannot_be_read_is_unknown() -> None:
    answer = interpret_answer(Probe("app-1", 1, "keep", "/srv"), answer_of("a b c 999999999\n²"))
    assert answer.verdict == "unknown"


@pytest.mark.parametrize("status", ["²", "9" * 5000, "-200", ""])
def test_a_status_that_cannot_be_read_is_not_well_and_not_ready(status: str) -> None:
    page = CheckSpec("page", "Page", look="http", target="http://app-1/")
    assert interpret_check(page, answer_of(f"body\n{status}")).well is False
    answer = interpret_answer(Probe("app-1", 1, "health", "http://app-1/"), answer_of(status))
    assert answer.verdict == "unknown"


class Liar:
    """A host that answers everything with the same words."""

    def __init__(self, output: bytes) -> None:
        self.output = output

    def ask(self, argv: list[str], stdin: bytes = b"", timeout: float = 20) -> Answer:
        return Answer(0, self.output, b"")

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("output", ["a b c ²", "1\n" + "1" + "0" * 20, "a b c " + "9" * 5000])
def test_a_host_that_lies_does_not_end_the_asking(stage: Stage, output: str) -> None:
    revision = make.plan(stage)
    liar = cast(Remote, Liar(output.encode()))
    readiness = check(revision, freeze_snapshot(revision, {}), lambda _: liar)
    verdicts = {each.kind: each.verdict for each in readiness.results}
    assert (verdicts["access"], verdicts["space"]) == ("ready", "unknown")


def sudo(listing: str, subject: str = "-u deploy systemctl restart shop") -> str:
    probe = Probe("app-1", 1, "sudo", subject)
    return interpret_answer(probe, Answer(0, listing.encode(), b"")).verdict


RULES = "User ops may run the following commands on app-1:\n"


@pytest.mark.parametrize(
    ("rules", "verdict"),
    [
        ("    (deploy) NOPASSWD: /usr/bin/systemctl\n", "ready"),
        ("    (ALL : ALL) NOPASSWD: ALL\n", "ready"),
        ("    (root) NOPASSWD: ALL\n    (deploy) /usr/bin/systemctl\n", "not_ready"),
        ("    (deploy) NOPASSWD: /usr/bin/id\n    (ALL) ALL\n", "unknown"),
        ("    (root) NOPASSWD: ALL\n", "unknown"),
        ("", "unknown"),
    ],
)
def test_sudo_is_ready_only_where_it_asks_that_account_for_no_password(
    rules: str, verdict: str
) -> None:
    assert sudo(RULES + rules) == verdict


@pytest.mark.parametrize("code", [90, 91, 92, 93, 94])
def test_an_exit_code_of_curl_is_not_taken_for_the_consoles_own(code: int) -> None:
    check = CheckSpec("page", "Page", look="http", target="http://127.0.0.1/")
    answer = Answer(code, b"", b"curl: (92) HTTP/2 stream 1 was not closed cleanly")
    evidence = interpret_check(check, answer).evidence
    assert evidence == f"It ended with {code}: curl: (92) HTTP/2 stream 1 was not closed cleanly."


def test_what_the_console_itself_could_not_do_is_said() -> None:
    check = CheckSpec("log", "Log", look="log", target="/var/log/x")
    answer = Answer(99, b"", b"rollback-console-check: read\n")
    assert interpret_check(check, answer).evidence == "The log cannot be read."


@pytest.mark.parametrize("output", [b"", b"9" * 5000, b"none", b"\xff"])
def test_a_measure_that_prints_no_sensible_number_is_unknown(output: bytes) -> None:
    assert measure("calls", Answer(0, output, b"")).rows is None


@pytest.mark.parametrize(
    "text", ["{", "[]", "null", '{"table": 1, "column": ""}', '{"table": "call", "column": "", "x']
)
def test_a_count_that_came_damaged_is_unknown(text: str) -> None:
    removed = [Operation("shop.0002", "Delete model Call", Effect.GOES, table="call")]
    (count,) = counted(removed, Answer(0, f"rollback-console-count {text}\n".encode(), b""))
    assert isinstance(count, Count)
    assert (count.rows, "gave no answer" in count.why) == (None, True)
