"""The one line that people decide on: none, so much, or unknown and why."""

from __future__ import annotations

from rollback_console.engine.loss import Count, LossLevel, assess_loss
from rollback_console.engine.reversal import Effect, Operation, Reversal


def reversal(effect: Effect, table: str = "call", column: str = "") -> Reversal:
    return Reversal("django", (Operation("shop.0002", f"Undo {table}", effect, table, column),))


def test_nothing_undone_and_nothing_overwritten_costs_nothing() -> None:
    loss = assess_loss([], [])
    assert (loss.word, loss.text) == (LossLevel.NONE, "none")


def test_a_rename_costs_nothing() -> None:
    assert assess_loss([reversal(Effect.RENAMED), reversal(Effect.KEPT)], []).text == "none"


def test_what_returns_empty_costs_nothing_more() -> None:
    assert assess_loss([reversal(Effect.RETURNS_EMPTY)], []).text == "none"


def test_counted_rows_are_named_with_their_tables() -> None:
    counts = [Count("calls since deployment", 1284), Count("rows in call", 3, table="call")]
    loss = assess_loss([reversal(Effect.GOES)], counts)
    assert loss.word is LossLevel.SOME
    assert loss.text == "1,284 calls since deployment, 3 rows in call, 1 table"


def test_a_counted_table_that_is_empty_costs_nothing() -> None:
    assert (
        assess_loss([reversal(Effect.GOES)], [Count("rows in call", 0, table="call")]).text
        == "none"
    )


def test_an_uncounted_table_is_unknown_and_never_none() -> None:
    loss = assess_loss([reversal(Effect.GOES)], [])
    assert loss.word is LossLevel.UNKNOWN
    assert "removes data that was not counted" in loss.text


def test_code_conversions_and_riddles_are_unknown() -> None:
    for effect in (Effect.RUNS_CODE, Effect.CONVERTED, Effect.UNKNOWN):
        assert assess_loss([reversal(effect)], []).word is LossLevel.UNKNOWN


def test_a_count_that_failed_is_unknown_and_tells_what_is_known_beside_it() -> None:
    counts = [Count("calls", 12), Count("deposits", None, "Deposits took too long to count.")]
    assert assess_loss([], counts).text == (
        "at least 12 calls; not known beyond that, because deposits took too long to count."
    )


def test_a_measure_never_silences_what_a_restore_overwrites_beside_it() -> None:
    overwritten = ["Step 3 restores a dump, and nothing counts what is newer."]
    assert assess_loss([], [], unmeasured=overwritten).word is LossLevel.UNKNOWN
    counted = assess_loss([], [Count("calls", 7)], unmeasured=overwritten)
    assert counted.word is LossLevel.UNKNOWN
    assert counted.text == (
        "at least 7 calls; not known beyond that, because step 3 restores a dump, and nothing "
        "counts what is newer."
    )


def test_a_reversal_that_would_not_work_is_unknown() -> None:
    loss = assess_loss([Reversal("django", (), "Nothing would be undone.", broken=True)], [])
    assert loss.text == "unknown, because nothing would be undone."
