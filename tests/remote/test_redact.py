"""Secrets in every form and at every cut, against a masker that sees the whole text at once."""

from __future__ import annotations

import base64
import html
import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from itertools import pairwise
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollback_console.remote.redaction.redact import LONGEST_HOLD, Redactor, redact
from rollback_console.remote.redaction.secret_forms import SHORTEST, needles

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


def bash(script: str, secret: str) -> str:
    """What bash itself writes, on either stream."""
    done = subprocess.run(
        ["bash", "-c", script, "bash", secret], capture_output=True, text=True, check=True
    )
    return (done.stdout + done.stderr).strip()


@pytest.mark.parametrize("secret", ["#tag, {a,b} x=~y", "line one\nline two\ttab", "a'b\"c`d$e!f"])
def test_what_bash_quotes_is_masked(secret: str) -> None:
    for script in ('printf %q "$1"', 'LC_ALL=C printf %q "$1"', 'echo "${1@Q}"'):
        quoted = bash(script, secret)
        hidden = masked([secret], [quoted.encode()])
        assert hidden.count(b"*") >= len(quoted) - 4, (quoted, hidden)


def test_the_lines_of_a_wrapped_key_are_masked() -> None:
    key = "-----BEGIN KEY-----\n" + "\n".join("q" + str(n) * 60 for n in range(9)) + "\n"
    for encoded in (base64.encodebytes(key.encode()), base64.b64encode(key.encode())):
        assert set(masked([key], [encoded])) <= set(b"*\n=")


def test_only_what_may_begin_a_secret_is_held_back() -> None:
    redactor = Redactor(["correct horse battery", PEM])
    assert redactor.feed(b"nothing of it\n") == b"nothing of it\n"
    assert redactor.feed(b"say correct ho") == b"say "
    assert redactor.feed(b"me\n") == b"correct home\n"
    assert redactor.feed(b"correct horse ") == b""
    assert redactor.flush() == b"correct horse "


def test_a_whole_text_is_masked_byte_by_byte() -> None:
    assert redact("pass=sesame-é!", ["sesame-é"]) == "pass=" + "*" * 9 + "!"
    assert redact("nothing of it", ["sesame-é"]) == "nothing of it"


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
        lambda s: base64.b64encode(base64.b64encode(s.encode())).decode(),
        lambda s: base64.b64encode(b"a" + base64.b64encode(b"user:" + s.encode())).decode(),
        lambda s: base64.b32encode(s.encode()).decode(),
        lambda s: base64.b32encode(b"user:" + s.encode() + b"@db").decode(),
        lambda s: s.encode().hex(),
        lambda s: s.encode().hex().upper(),
        html.escape,
        lambda s: html.escape(s).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
        lambda s: json.dumps(s)[1:-1].replace("&", "\\u0026").replace(">", "\\u003e"),
        shlex.quote,
        lambda s: bash('printf %q "$1"', s),
        lambda s: bash('echo "${1@Q}"', s),
        lambda s: bash('LC_ALL=C printf %q "$1"', s),
        lambda s: bash('set -x; : "$1"', s),
    ],
)
def test_no_common_form_of_a_secret_shows_more_than_its_edges(form: object) -> None:
    secret = "~pé/\"s& w0rd?'>~"
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


@pytest.mark.parametrize(
    "form",
    [
        lambda s: s.replace("'", "''"),
        lambda s: s.replace('"', '""'),
        lambda s: s.replace("$", "$$"),
        lambda s: s.replace("%", "%%"),
        lambda s: json.dumps(json.dumps({"password": s})),
        lambda s: json.dumps(json.dumps({"password": s}, ensure_ascii=False), ensure_ascii=False),
        ascii,
        lambda s: repr(s.encode()),
        lambda s: "".join(f"\\x{byte:02X}" for byte in s.encode()),
        lambda s: s.encode("unicode_escape").decode(),
        lambda s: quote(s, safe="-_.!~*'()"),
        lambda s: quote(s, safe=";/?:@&=+$,#-_.!~*'()"),
        lambda s: s.encode().hex(" "),
        lambda s: s.encode().hex(":").upper(),
    ],
)
@pytest.mark.parametrize("secret", ["o'pe\"n $esa%me ü42", "pässwörd-of-$shop/%d's"])
def test_no_form_in_which_programs_write_a_secret_shows_more_than_its_edges(
    form: Callable[[str], str], secret: str
) -> None:
    text = form(secret).encode()
    hidden = masked([secret], [b"say " + text + b" again"])
    shown = hidden.removeprefix(b"say ").removesuffix(b" again")
    assert shown.count(b"*") >= len(text) - 2 * len('{"password": ""}') - 8, hidden


@pytest.mark.parametrize(
    "secret", ["o'pe\"n $esa%me ü42", "tab\there", "line one\nline 'two'\ttab", "ü''\t'key@\\é"]
)
@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
@pytest.mark.parametrize(
    "command",
    [
        ["ls"],
        ["cat"],
        ["stat"],
        ["env", "QUOTING_STYLE=c", "ls"],
        ["perl", "-MData::Dumper", "-e", "$Data::Dumper::Useqq = 1; print Dumper(@ARGV)"],
    ],
    ids=" ".join,
)
def test_what_programs_write_of_a_file_they_did_not_find_shows_nothing_of_a_secret_in_its_name(
    command: list[str], locale: str, secret: str
) -> None:
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not here")
    environment = os.environ | {"LC_ALL": locale}
    done = subprocess.run([*command, f"/nowhere/{secret}"], capture_output=True, env=environment)
    text = done.stdout + done.stderr
    assert b"/nowhere/" in text
    hidden = masked([secret], [text]).decode()
    for word in re.findall(r"[a-z]{2,}|\d\d", secret):
        assert not re.search(rf"/nowhere/.*(?<![a-z]){word}(?![a-z])", hidden), hidden


@pytest.mark.parametrize("before", range(0, 80, 7))
@pytest.mark.parametrize("command", ["base64 -w 76", "base64 -w 64", "openssl base64"])
def test_a_secret_in_the_middle_of_wrapped_base64_is_masked(before: int, command: str) -> None:
    secret = "horse-battery-staple-of-the-shop-2026"
    text = b"x" * before + secret.encode() + b"y" * 90
    encoded = subprocess.run(command.split(), input=text, capture_output=True, check=True).stdout
    hidden = masked([secret], [encoded])
    assert hidden.count(b"\n") == encoded.count(b"\n")
    assert hidden.count(b"*") >= len(secret) * 4 // 3 - 4
    assert secret.encode() not in base64.b64decode(hidden.replace(b"*", b"A"))


@pytest.mark.parametrize("before", range(16))
@pytest.mark.parametrize("command", ["xxd", "xxd -u", "hexdump -C", "xxd -p -c 256"])
def test_a_secret_in_a_hexadecimal_dump_shows_no_more_than_the_edges_of_lines(
    before: int, command: str
) -> None:
    program, *options = command.split()
    if not shutil.which(program):
        pytest.skip(f"{program} is not here")
    secret = "horse-battery-staple-of-the-shop-2026"
    text = b"x" * before + secret.encode() + b"yyy"
    dump = subprocess.run([program, *options], input=text, capture_output=True, check=True).stdout
    hidden = masked([secret], [dump]).decode()
    pairs = re.sub(r"(?m)^[0-9a-f]{7,8}:?|  [^ ].*$|\s" if program == "xxd" else r"x", "", hidden)
    for start in range(len(secret) - 8):
        part = secret[start : start + 8]
        assert part.encode().hex() not in pairs.lower()
        assert part.encode().hex(" ") not in hidden.replace("  ", " ")
