"""What Django's own plan says about undoing, read from what Django 5.2 printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from rollback_console.engine.reversal import Effect, Reversal, read_django

MANY = Path(__file__).with_name("django-many.txt").read_text()


def undone(*texts: str) -> Reversal:
    lines = "\n".join(f"    {text}" for text in texts)
    return read_django(f"Operations to perform:\nPlanned operations:\nshop.0002_more\n{lines}\n")


@pytest.mark.parametrize(
    ("text", "effect", "table", "column"),
    [
        ("Undo Add field deposit_cents to booking", Effect.GOES, "booking", "deposit_cents"),
        ("Undo Create model Call", Effect.GOES, "Call", ""),
        ("Undo Create proxy model Proxy", Effect.KEPT, "", ""),
        ("Undo Remove field legacy from order", Effect.RETURNS_EMPTY, "order", "legacy"),
        ("Undo Delete model Order", Effect.RETURNS_EMPTY, "Order", ""),
        ("Undo Rename field memo on order to note", Effect.RENAMED, "order", "note"),
        ("Undo Rename model Order to Purchase", Effect.RENAMED, "Purchase", ""),
        ("Undo Rename table for purchase to buys", Effect.RENAMED, "purchase", ""),
        ("Undo Alter field total on order", Effect.CONVERTED, "order", "total"),
        ("Undo Concurrently create index a on field(s) b of model C", Effect.KEPT, "", ""),
        ("Undo Rename index a on b to c", Effect.KEPT, "", ""),
        ("Undo Alter unique_together for order (1 constraint(s))", Effect.KEPT, "", ""),
        ("Undo Custom state/database change combination", Effect.UNKNOWN, "", ""),
        ("Undo Something of a library", Effect.UNKNOWN, "", ""),
        ("Raw Python operation -> Copy totals back", Effect.RUNS_CODE, "", ""),
        ("Raw Python operation", Effect.RUNS_CODE, "", ""),
        ("Raw SQL operation -> UPDATE buys SET total=0", Effect.RUNS_CODE, "", ""),
        ("Raw Python operation -> IRREVERSIBLE", Effect.IRREVERSIBLE, "", ""),
        ("Raw SQL operation -> IRREVERSIBLE", Effect.IRREVERSIBLE, "", ""),
    ],
)
def test_each_operation_has_its_effect(text: str, effect: Effect, table: str, column: str) -> None:
    (operation,) = undone(text).operations
    assert (operation.effect, operation.table, operation.column) == (effect, table, column)
    assert operation.migration == "shop.0002_more"


def test_a_whole_plan_is_read_in_its_order() -> None:
    reversal = read_django(MANY)
    assert [each.migration for each in reversal.operations] == ["shop.0003_code"] * 8 + [
        "shop.0002_many"
    ] * 12
    assert [each.effect for each in reversal.operations].count(Effect.GOES) == 2


def test_a_table_has_the_name_it_was_given_later() -> None:
    gone = [each for each in read_django(MANY).operations if each.effect is Effect.GOES]
    assert [(each.table, each.column) for each in gone] == [("Call", ""), ("Purchase", "extra")]


def test_a_column_has_the_name_it_was_given_later() -> None:
    reversal = undone("Undo Add field memo to order", "Undo Rename field memo on order to note")
    assert (reversal.operations[0].table, reversal.operations[0].column) == ("order", "note")


def test_what_cannot_be_undone_stops_the_reversal() -> None:
    reversal = read_django(MANY)
    assert reversal.broken
    assert len(reversal.irreversible) == 2
    assert "shop.0003_code cannot be undone" in reversal.problem


def test_nothing_to_undo_is_no_success() -> None:
    reversal = read_django("Planned operations:\n  No planned migration operations.\n")
    assert reversal.broken
    assert "before the old code is checked out" in reversal.problem


def test_a_target_that_lies_ahead_is_no_reversal() -> None:
    reversal = undone("Add field extra to order")
    assert reversal.broken
    assert "would apply migrations" in reversal.problem


@pytest.mark.parametrize("text", ["", "Traceback (most recent call last):", "\x00\xff", "Planned"])
def test_what_is_no_plan_is_not_taken_for_an_empty_one(text: str) -> None:
    reversal = read_django(text)
    assert reversal.problem
    assert reversal.operations == ()


def test_colours_are_looked_through() -> None:
    text = (
        "\x1b[36;1mPlanned operations:\x1b[0m\n\x1b[36;1mshop.0002_x\x1b[0m\n"
        "\x1b[33;1m    Raw SQL operation -> IRREVERSIBLE\x1b[0m\n"
    )
    assert read_django(text).irreversible


def test_an_added_column_is_not_as_safe_as_plans_say() -> None:
    (operation,) = undone("Undo Add field extra to order").operations
    assert operation.usual_class == "safe to roll back"
    assert operation.misleading
    assert "everything stored in it goes" in operation.consequence


ALTERED = """\
Planned operations:
shop.0002_more
    Undo Alter field total on order
    Undo Alter field note on order
rollback-console-sql shop.0002_more
BEGIN;
--
-- Alter field note on order
--
ALTER TABLE "shop_order" ALTER COLUMN "note" TYPE varchar(9);
--
-- Alter field total on order
--
-- (no-op)
COMMIT;
"""


def test_a_change_that_its_tool_calls_a_no_op_converts_nothing() -> None:
    effects = {each.column: each.effect for each in read_django(ALTERED).operations}
    assert effects == {"total": Effect.KEPT, "note": Effect.CONVERTED}


def test_a_change_that_is_only_sometimes_a_no_op_still_converts() -> None:
    twice = ALTERED.replace("field note", "field total")
    assert {each.effect for each in read_django(twice).operations} == {Effect.CONVERTED}


def test_without_a_word_of_the_sql_a_change_of_a_field_converts() -> None:
    reversal = read_django(ALTERED.split("rollback-console-sql", maxsplit=1)[0])
    assert {each.effect for each in reversal.operations} == {Effect.CONVERTED}


def test_a_migration_with_a_hyphen_in_its_name_is_read_as_any_other() -> None:
    text = "Planned operations:\nshop.0002_add-x-and-y\n    Undo Add field x to order\n"
    (operation,) = read_django(text).operations
    assert (operation.effect, operation.column) == (Effect.GOES, "x")


def test_what_stands_under_no_known_migration_is_unknown_and_not_passed_over() -> None:
    text = "Planned operations:\nshop 0002\n    Undo Add field x to order\n"
    assert [each.effect for each in read_django(text).operations] == [Effect.UNKNOWN]
