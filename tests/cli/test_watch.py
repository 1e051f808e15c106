"""Following a rollback on a terminal."""

from __future__ import annotations

import signal

from rollback_console.cli.format import plain
from tests.live.rows import Rows
from tests.live.servers import Console

from .conftest import Start, read_until, said


def test_a_rollback_is_followed_to_its_end_through_a_dead_server(
    start: Start, rows: Rows, web: Console
) -> None:
    rollback = rows.rollback()
    run = rows.run(rollback)
    rows.append(run, b"stopping\nhalf a ")
    watching = start("watch", rollback.pk)
    shown = read_until(watching, "stopping")
    assert f"Rollback {rollback.pk}: Restore the shop" in shown
    assert "requested this rollback: The new version loses orders." in shown
    web.process.kill()
    try:
        read_until(watching, "The console does not answer")
        rows.append(run, "line\n\x1b[31mdone\x1b[2J ✓".encode())
        rows.change(run, state="succeeded", exit_code=0)
        facts = {"position": 1, "host": "app-1", "state": "succeeded", "exit_code": 0}
        rows.event(rollback, "step.finished", **facts)
        rows.change(rollback, state="succeeded")
    finally:
        web.process.start()
    code, rest, err = said(watching)
    assert (code, err) == (0, "")
    lines = [line.strip() for line in rest.splitlines()]
    assert lines[0].endswith("Step 1 on app-1 succeeded")
    assert lines[1:3] == ["1 app-1 | half a line", "1 app-1 | done ✓"]
    assert lines[-1] == f"Rollback {rollback.pk} succeeded."
    assert rest.count("The console answers again.") == 1


def test_logs_of_what_ended_before_are_shown_only_when_wanted(start: Start, rows: Rows) -> None:
    run = rows.run(rows.rollback(state="failed"), state="failed", exit_code=1)
    rows.append(run, b"long ago\n")
    code, out, _ = said(start("watch", run.rollback_id))
    assert (code, "long ago" in out) == (1, False)
    code, out, _ = said(start("watch", run.rollback_id, "--whole"))
    assert (code, "long ago" in out) == (1, True)


def test_ctrl_c_stops_watching_and_says_that_the_rollback_goes_on(start: Start, rows: Rows) -> None:
    rollback = rows.rollback()
    watching = start("watch", rollback.pk)
    read_until(watching, "  Started")
    watching.send_signal(signal.SIGINT)
    code, _, err = said(watching)
    assert (code, err.strip()) == (130, "No longer watching; the rollback goes on.")


def test_nothing_that_a_host_writes_moves_the_cursor() -> None:
    assert plain("\x1b[2J\x1b]0;title\x07a\x1b[31mb") == "ab"
    assert plain("10%\r50%\rdone\r\n") == "done"
    assert plain("safe \u202egnp") == "safe ⟨U+202E⟩gnp"
    assert plain("bell\x07 one\ntwo") == "bell⟨U+0007⟩ one⟨U+000A⟩two"
