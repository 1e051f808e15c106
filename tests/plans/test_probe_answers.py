"""What answers of hosts mean, also those that nobody expects."""

from __future__ import annotations

import json
import subprocess
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
    read_sql,
)
from rollback_console.engine.snapshot import CheckSpec
from rollback_console.plans.data_loss.counting import counted, measure
from rollback_console.plans.readiness.automated_checks import check_command, interpret_check
from rollback_console.plans.readiness.check import check
from rollback_console.plans.readiness.probe_answers import interpret_answer
from rollback_console.plans.readiness.probe_scripts import HOST_QUESTIONS, PLAIN, RUNS_COMMANDS
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
        runs = argv == list(RUNS_COMMANDS)
        return Answer(0, b"rollback-console may run commands" if runs else self.output, b"")

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


def verdict(kind: str, code: int, output: str = "", errors: str = "", subject: str = "/srv") -> str:
    probe = Probe("app-1", 1, kind, subject, account="deploy" if kind != "sudo" else "")
    return interpret_answer(probe, Answer(code, output.encode(), errors.encode())).verdict


@pytest.mark.parametrize(
    ("listing", "expected"),
    [
        ("    (root) NOPASSWD: /usr/bin/id", "ready"),
        ("    (root) NOPASSWD: /usr/bin/ls, PASSWD: /usr/bin/id", "unknown"),
        ("    (root) PASSWD: /usr/bin/id, NOPASSWD: /usr/bin/ls", "unknown"),
        ("    (root) NOPASSWD: /usr/bin/ls,\n        PASSWD: /usr/bin/id", "unknown"),
        ("    (root) /usr/bin/id", "not_ready"),
        ("Matching Defaults entries:\n    !authenticate, env_reset\n    (root) ALL", "ready"),
        ("    Defaults!/usr/bin/ls !authenticate\n    (root) /usr/bin/id", "unknown"),
        ("    Defaults>root !authenticate\n    (root) /usr/bin/id", "unknown"),
    ],
)
def test_sudo_is_ready_only_where_no_rule_asks_for_a_password(listing: str, expected: str) -> None:
    head = "User deploy may run the following commands on app-1:\n"
    assert verdict("sudo", 0, head + listing, subject="id") == expected


@pytest.mark.parametrize(
    "errors",
    [
        "sudo: a password is required\n",
        "deploy is not in the sudoers file.\n",
        "Sorry, user ann is not allowed to execute '/bin/sh' as deploy on app-1.\n",
        "Welcome\nSorry, user ann may not run sudo on app-1.\n",
    ],
)
def test_a_refusal_of_sudo_is_no_answer_about_what_was_asked(errors: str) -> None:
    assert verdict("commit", 1, errors=errors) == "unknown"


@pytest.mark.parametrize("kind", ["commit", "tag", "origin", "folder", "unit", "migration"])
@pytest.mark.parametrize("code", [124, 126, 127, 128, 137, 255])
def test_a_program_that_could_not_answer_says_nothing_of_what_is_there(
    kind: str, code: int
) -> None:
    assert verdict(kind, code) == "unknown"


def test_what_is_not_there_stays_not_there() -> None:
    assert verdict("commit", 1) == verdict("origin", 2) == verdict("tool", 127) == "not_ready"
    assert verdict("origin", 1) == "unknown"
    assert verdict("file", 96) == "not_ready"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("loaded", "ready"),
        ("masked", "not_ready"),
        ("bad-setting", "not_ready"),
        ("error", "not_ready"),
        ("stub", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_unit_that_cannot_start_is_not_ready(state: str, expected: str) -> None:
    assert verdict("unit", 0, state) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [(0, "ready"), (1, "not_ready"), (2, "not_ready"), (3, "unknown"), (124, "unknown"),
     (127, "unknown"), (255, "unknown")],
)  # fmt: skip
def test_a_database_client_that_did_not_try_says_nothing(code: int, expected: str) -> None:
    assert verdict("database", code) == expected


FLYWAY = "| Category  | Version | Description | Type | State | Undoable |\n"


def flyway(*rows: tuple[str, str, str, str, str]) -> str:
    return FLYWAY + "".join(
        f"| {category} | {version} | it | {kind} | {state} | {undoable} |\n"
        for category, version, kind, state, undoable in rows
    )


def test_an_undo_that_flyway_ran_is_no_version_to_undo() -> None:
    reversal = read_flyway(
        flyway(
            ("Versioned", "1", "SQL", "Success", "Yes"),
            ("Versioned", "2", "SQL", "Undone", "Yes"),
            ("Undo", "2", "UNDO_SQL", "Success", ""),
        )
    )
    assert [each.migration for each in reversal.operations] == ["1"]
    assert not reversal.broken


def test_after_a_failed_version_flyway_undoes_nothing() -> None:
    rows = (("Versioned", "1", "SQL", "Success", "Yes"), ("Versioned", "2", "SQL", "Failed", "No"))
    reversal = read_flyway(flyway(*rows))
    assert (reversal.broken, reversal.operations) == (True, ())


@pytest.mark.parametrize("state", ["Future", "Missing"])
def test_a_version_without_its_file_stops_flyway(state: str) -> None:
    rows = (("Versioned", "1", "SQL", "Success", "Yes"), ("Versioned", "2", "SQL", state, ""))
    assert read_flyway(flyway(*rows)).broken


RAILS = "   up     20240101000000  Add calls\n   up     999  Old one\n"


def test_rails_compares_versions_as_numbers() -> None:
    reversal = read_rails(RAILS, version="1000")
    assert [each.migration for each in reversal.operations] == ["20240101000000"]
    assert [each.migration for each in read_rails(RAILS).operations] == ["20240101000000"]
    assert read_rails(RAILS, version="x1").operations == ()
    assert read_rails(RAILS, version="9" * 5000).broken


def test_rails_with_several_databases_is_not_told() -> None:
    reversal = read_rails(f"database: shop\n\n{RAILS}\ndatabase: stock\n\n{RAILS}")
    assert (reversal.operations, reversal.broken) == ((), False)
    assert "several databases" in reversal.problem


def test_a_statement_of_several_parts_is_read_part_by_part() -> None:
    reversal = read_sql(
        "ALTER TABLE calls ADD COLUMN note varchar(9) DEFAULT 'a,b', DROP COLUMN secret,"
        " ALTER COLUMN price TYPE numeric(8, 2);\nDROP TABLE IF EXISTS stock, orders CASCADE;"
    )
    assert [(each.effect, each.table, each.column) for each in reversal.operations] == [
        (Effect.RETURNS_EMPTY, "calls", "note"),
        (Effect.GOES, "calls", "secret"),
        (Effect.CONVERTED, "calls", "price"),
        (Effect.GOES, "stock", ""),
        (Effect.GOES, "orders", ""),
    ]


@pytest.mark.parametrize(
    ("line", "verdict", "detail"),
    [
        ("/dev/sda 9 2 80 20% /", "not_ready", "80.0 KiB free in ~, on /; 256.0 MiB are needed."),
        ("//nas/a b 999 1 999999 1% /srv/a b", "ready", "976.6 MiB free in ~, on /srv/a b."),
        ("/dev/md 9 9 -1 100% /v", "not_ready", "0 bytes free in ~, on /v; 256.0 MiB are needed."),
        ("overlay - - - - /", "unknown", "The free space could not be read."),
    ],
)  # fmt: skip
def test_free_space_is_read_past_a_device_whose_name_holds_spaces(
    line: str, verdict: str, detail: str
) -> None:
    answer = interpret_answer(Probe("app-1", 1, "space", "~"), answer_of(line))
    assert (answer.verdict, answer.detail) == (verdict, detail)


def test_a_check_of_the_head_runs_in_the_shell_that_steps_have() -> None:
    pipe = CheckSpec("c", "C", look="command", target="[[ a == a ]] && false | cat", at_least=1)
    done = subprocess.run(check_command(pipe, 0), capture_output=True, check=False)
    observation = interpret_check(pipe, Answer(done.returncode, done.stdout, done.stderr))
    assert observation.evidence.startswith("It ended with 1")
    lines = CheckSpec(
        "c", "C", look="command", target="mapfile -t a <<<$'1\\n2'; echo ${#a[@]}", at_least=2
    )
    done = subprocess.run(check_command(lines, 0), capture_output=True, check=False)
    assert interpret_check(lines, Answer(done.returncode, done.stdout, done.stderr)).well
