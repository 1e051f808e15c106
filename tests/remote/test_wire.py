"""The runner's language, without a host: what is a record, what is noise, what it means."""

from __future__ import annotations

import shutil
import subprocess
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollback_console.remote import wire
from rollback_console.remote.agent.text import agent_file
from rollback_console.remote.errors import RunnerRefused
from rollback_console.remote.protocol import Ending, HostKeyPin
from rollback_console.remote.runner import commands

NOISE = st.binary(max_size=20).filter(lambda data: b"@" not in data and b"\n" not in data)
WORDS = st.lists(st.text("abc-0", min_size=1, max_size=5), min_size=1, max_size=4)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted(cut % (len(data) + 1) for cut in cuts)
    return [data[a:b] for a, b in pairwise([0, *places, len(data)])]


@given(st.lists(st.tuples(NOISE, WORDS)), st.lists(st.integers(0, 500), max_size=6))
def test_records_are_found_among_noise_however_they_arrive(
    lines: list[tuple[bytes, list[str]]], cuts: list[int]
) -> None:
    stream = b"".join(
        noise + b"\n" + noise + b"@rollback " + " ".join(words).encode() + b"\n"
        for noise, words in lines
    )
    records = wire.Records()
    records_read = [words for piece in pieces(stream, cuts) for words in records.feed(piece)]
    assert records_read == [words for _, words in lines]


@given(NOISE, st.binary(max_size=200), st.lists(st.integers(0, 500), max_size=6))
def test_the_log_begins_behind_its_own_line_and_is_left_alone(
    noise: bytes, log: bytes, cuts: list[int]
) -> None:
    preamble = wire.Preamble("t")
    sent = noise + b"@rollback log t\n" + log
    assert b"".join(map(preamble.strip, pieces(sent, cuts))) == log


@pytest.mark.parametrize(
    ("words", "left", "expected"),
    [
        ("0 finished 12", (), (Ending.FINISHED, 0, 12)),
        ("143 aborted 5 pipe_held", (), (Ending.ABORTED, 143, 5)),
        ("- aborted 5", ("x (1)",), (Ending.ABORT_UNCONFIRMED, None, 5)),
        ("- timed_out 5", ("x (1)",), (Ending.TIMED_OUT, None, 5)),
        ("- killed 5 orphan", (), (Ending.LOST, None, 5)),
        ("- rebooted 5", (), (Ending.LOST, None, 5)),
        ("- gone -", (), (Ending.LOST, None, 77)),
        ("- never_started 0", (), (Ending.NEVER_STARTED, None, 0)),
    ],
)
def test_each_last_word_has_one_meaning(
    words: str, left: tuple[str, ...], expected: tuple[Ending, int | None, int]
) -> None:
    outcome = wire.outcome(words.split(), left, 77)
    assert (outcome.ending, outcome.exit_code, outcome.bytes) == expected
    assert bool(outcome.why) == (outcome.ending is not Ending.FINISHED)
    assert all(name in outcome.why for name in left)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "0",
        "0 finished",
        "0 exploded 3",
        "x finished 3",
        "² finished 3",
        "-1 finished 3",
        "256 finished 3",
        "0 finished ²",
        f"0 finished {'9' * 5000}",
    ],
)
def test_what_is_no_last_word_is_not_taken_for_one(words: str) -> None:
    with pytest.raises(ValueError):
        wire.outcome(words.split(), (), 0)


def test_survivors_are_named_with_their_pid() -> None:
    assert wire.survivors(["12:99:sleep,13:99:a_b"]) == ("sleep (12)", "a_b (13)")
    assert wire.survivors([]) == ()


def test_a_fingerprint_is_the_one_openssh_prints() -> None:
    key = "AAAAC3NzaC1lZDI1NTE5AAAAICsOa0xUKouV36Ku0/nxgVZHvid+3VPuQX18IGY5H9Uy"
    line = f"ssh-ed25519 {key} comment\n".encode()
    shown = subprocess.run(["ssh-keygen", "-lf", "-"], input=line, capture_output=True, check=True)
    assert HostKeyPin("ssh-ed25519", key).fingerprint in shown.stdout.decode()
    assert HostKeyPin("ssh-ed25519", "not base64").fingerprint == ""


@pytest.mark.parametrize("code", sorted(RunnerRefused.SENTENCES))
def test_each_refusal_is_a_sentence_about_its_host(code: str) -> None:
    sentence = str(RunnerRefused("web-1", code, "/somewhere"))
    assert sentence.startswith("web-1 ")
    assert sentence.endswith(".")
    assert "{" not in sentence


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
def test_shellcheck_finds_nothing_in_the_runner() -> None:
    script = b"#!/bin/sh\n" + commands.runner_text()
    command = ["shellcheck", "-s", "sh", "-"]
    checked = subprocess.run(command, input=script, capture_output=True, check=False)
    assert checked.stdout.decode() == ""
    line = b"#!/bin/sh\n" + commands.bootstrap("sh", agent_file())[4].encode()
    checked = subprocess.run(command, input=line, capture_output=True, check=False)
    assert checked.stdout.decode() == ""


def test_the_bootstrap_is_one_line_without_quotes_a_login_shell_could_trip_over() -> None:
    line = commands.bootstrap("sh", agent_file())[4]
    assert "\n" not in line
    assert "'" not in line
    assert "!" not in line.replace("[ ! ", "")
