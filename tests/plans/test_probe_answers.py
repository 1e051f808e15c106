"""What answers of hosts mean, also those that nobody expects."""

from __future__ import annotations

import pytest

from rollback_console.engine.loss import Count
from rollback_console.engine.reversal import Effect, Operation
from rollback_console.engine.snapshot import CheckSpec
from rollback_console.plans.data_loss.counting import counted, measure
from rollback_console.plans.readiness.automated_checks import interpret_check
from rollback_console.plans.readiness.probe_answers import interpret_answer
from rollback_console.plans.readiness.probe_scripts import HOST_QUESTIONS, PLAIN
from rollback_console.plans.readiness.probes import Probe
from rollback_console.remote.protocol import Answer

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
