"""Approving and aborting from a terminal, and every refusal as a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from rollback_console.rollbacks.models import Approval
from tests import make
from tests.live.rows import Rows
from tests.live.servers import free_port

from .conftest import Start, made, said


def test_an_abort_is_asked_for_with_its_reason(start: Start, rows: Rows) -> None:
    rollback = rows.rollback()
    code, out, _ = said(start("abort", rollback.pk, "--reason", "Wrong plan"))
    assert (code, "Aborting" in out) == (0, True)
    event = rows.do(lambda: rollback.events.filter(kind="abort.requested").get())
    assert event.facts["reason"] == "Wrong plan"
    code, _, err = said(start("abort", rollback.pk, "--reason", "Again"))
    assert (code, err.strip()) == (1, "This rollback is being aborted already.")


def test_a_decision_maker_approves_exactly_what_was_read(
    start: Start, rows: Rows, tmp_path: Path
) -> None:
    stage = rows.do(make.stage, production=True)
    rollback = rows.do(make.requested, stage)
    sha, given = rollback.snapshot_sha256, Approval.objects.filter(rollback=rollback, given=True)
    own, lee = (_token_of(rows, person, tmp_path) for person in (stage.cast.dana, stage.cast.lee))
    for token, snapshot in ((own, sha), (lee, "f" * 64)):
        code, out, err = said(start("approve", rollback.pk, "--snapshot", snapshot, token=token))
        assert (code, out, len(err.splitlines())) == (1, "", 1), err
    assert rows.do(given.count) == 0
    code, out, err = said(start("approve", rollback.pk, "--snapshot", sha, token=lee))
    assert (code, out, err) == (0, f"Approved rollback {rollback.pk} as Deploy Lead.\n", "")
    assert rows.do(lambda: given.get().by) == stage.cast.lee


def _token_of(rows: Rows, person: User, folder: Path) -> Path:
    _, secret = rows.do(make.token, person, name="terminal", scopes=("approve",), days=1)
    file = folder / f"token of {person}"
    file.write_text(secret)
    return file


def test_every_refusal_is_one_sentence(start: Start, rows: Rows, tmp_path: Path) -> None:
    rollback = rows.rollback()
    narrow = made(rows, tmp_path, ("read",))
    unknown = tmp_path / "unknown"
    unknown.write_text("rbc_nobody-knows-this\n")
    empty = tmp_path / "empty"
    empty.write_text("\n")
    reason = ("--reason", "Because")
    dead = f"http://127.0.0.1:{free_port()}"
    attempts: dict[str, Any] = {
        "The token is not accepted.": {"token": unknown},
        "This needs a token with the scope operate": {"token": narrow},
        "must hold one API token": {"token": empty},
        "The token cannot be read": {"token": tmp_path / "missing"},
        "The console does not answer": {"server": dead},
        "over plain http": {"server": "http://console.example.org"},
        "Give --server as an address": {"server": "console"},
    }
    for expected, given in attempts.items():
        code, out, err = said(start("abort", rollback.pk, *reason, **given))
        assert (code, out, len(err.splitlines())) == (1, "", 1), err
        assert expected in err
    assert rows.do(rollback.events.filter(kind="abort.requested").count) == 0


@pytest.mark.parametrize("snapshot", ["abc", "F" * 64])
def test_half_a_hash_approves_nothing(start: Start, snapshot: str) -> None:
    code, _, err = said(start("approve", 1, "--snapshot", snapshot))
    assert (code, "the whole hash" in err) == (1, True)


def test_a_rollback_that_is_not_there_is_said_to_be_missing(start: Start) -> None:
    code, out, err = said(start("watch", 999_999))
    assert (code, out, len(err.splitlines())) == (1, "", 1)
