"""Secrets in every form and at every cut, against a masker that sees the whole text at once."""

from __future__ import annotations

import base64
import json
import re
from itertools import pairwise
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollback_console.remote.redact import LONGEST_HOLD, SHORTEST, Redactor, needles

SECRETS = st.lists(
    st.text(st.characters(exclude_characters="*"), min_size=1, max_size=24), min_size=1, max_size=3
)
PEM = "-----BEGIN KEY-----\nabcdefghijkl\nmnopqrstuvwx\n-----END KEY-----\n"


def masked(secrets: list[str], pieces: list[bytes]) -> bytes:
    redactor = Redactor(secrets)
    return b"".join(map(redactor.feed, pieces)) + redactor.flush()


@st.composite
def logs(draw: st.DrawFn) -> tuple[list[str], bytes, list[bytes]]:
    """Secrets, a log that is full of their forms and of pieces of them, and a way to cut it."""
    secrets = draw(SECRETS)
    forms = sorted(set().union(*map(needles, secrets))) or [b"nothing"]
    part = st.sampled_from(forms).flatmap(
        lambda form: st.integers(0, len(form)).map(lambda end: form[:end] or form)
    )
    log = b"".join(draw(st.lists(st.one_of(st.sampled_from(forms), part, st.binary(max_size=8)))))
    cuts = sorted(draw(st.lists(st.integers(0, len(log)), max_size=12)))
    return secrets, log, [log[a:b] for a, b in pairwise([0, *cuts, len(log)])]


@given(logs())
def test_however_it_is_cut_the_result_is_the_same_and_no_needle_survives(
    case: tuple[list[str], bytes, list[bytes]],
) -> None:
    secrets, log, pieces = case
    result = masked(secrets, pieces)
    assert result == masked(secrets, [log])
    assert len(result) == len(log)
    assert not [form for secret in secrets for form in needles(secret) if form in result]


@given(logs())
def test_what_is_masked_is_exactly_what_lies_within_a_needle(
    case: tuple[list[str], bytes, list[bytes]],
) -> None:
    secrets, log, pieces = case
    covered: set[int] = set()
    for form in set().union(*map(needles, secrets)):
        for start in range(len(log)):
            if log.startswith(form, start):
                covered |= set(range(start, start + len(form)))
    hidden = {at for at in covered if log[at] not in b"\r\n"}
    expected = bytes(ord("*") if at in hidden else byte for at, byte in enumerate(log))
    assert masked(secrets, pieces) == expected


@given(logs(), st.integers(0, 12))
def test_after_a_crash_the_next_redactor_starts_where_the_last_one_released(
    case: tuple[list[str], bytes, list[bytes]], crash: int
) -> None:
    secrets, log, pieces = case
    first = Redactor(secrets)
    stored = b"".join(map(first.feed, pieces[:crash]))
    assert len(stored) == first.released
    assert stored + masked(secrets, [log[first.released :]]) == masked(secrets, [log])


@pytest.mark.parametrize(
    "form",
    [
        lambda s: s,
        lambda s: json.dumps(s)[1:-1],
        lambda s: json.dumps(s, ensure_ascii=False)[1:-1],
        lambda s: quote(s, safe=""),
        quote_plus,
        lambda s: re.sub("%..", lambda code: code[0].lower(), quote(s, safe="")),
        lambda s: base64.b64encode(s.encode()).decode(),
        lambda s: base64.b64encode(b"user:" + s.encode()).decode(),
        lambda s: base64.b64encode(b"admin:" + s.encode() + b"@db").decode(),
        lambda s: base64.urlsafe_b64encode(b"root:" + s.encode()).decode(),
    ],
)
def test_no_common_form_of_a_secret_shows_more_than_its_edges(form: object) -> None:
    secret = 'pé/"s& w0rd?>~'
    text = form(secret)  # type: ignore[operator]
    hidden = masked([secret], [b"say " + text.encode() + b" again"])
    assert hidden.count(b"*") >= len(text.encode()) // 2
    assert secret.encode() not in hidden


def test_each_line_of_a_key_is_masked_and_the_lines_stay() -> None:
    result = masked([PEM], [b"1\n" + PEM.encode() + b"mnopqrstuvwx alone\n"])
    assert b"abc" not in result
    assert b"mnopqr" not in result
    assert result.count(b"\n") == PEM.count("\n") + 2


def test_a_secret_that_is_too_short_masks_nothing() -> None:
    log = b"abcde and abcde"
    assert len("abcde") < SHORTEST
    assert masked(["abcde"], [log]) == log


def test_without_secrets_nothing_is_held_back() -> None:
    redactor = Redactor([])
    assert redactor.feed(b"at once") == b"at once"
    assert redactor.released == 7


def test_a_log_of_nothing_but_a_secret_is_held_back_only_so_far() -> None:
    redactor = Redactor(["aaaaaa"])
    size = LONGEST_HOLD + 4096
    first = redactor.feed(b"a" * size)
    assert 0 < len(first) < size
    assert set(first + redactor.feed(b"aaa!!") + redactor.flush()) == set(b"*!")
    assert redactor.released == size + 5


def test_a_secret_with_half_a_character_is_no_error() -> None:
    assert masked(["half \ud800 a character"], [b"nothing of it"]) == b"nothing of it"
