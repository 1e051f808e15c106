"""What a host printed as a number, and what only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollback_console.common.host_numbers import first_number, read_number


@given(st.integers(0, 10**18 - 1))
def test_a_number_is_read_as_it_was_printed(number: int) -> None:
    assert read_number(f" {number}\n") == first_number(f"total: {number} rows") == number


@pytest.mark.parametrize("text", ["", "²", "٣", "-1", "+1", "1_000", "1e3", "9" * 19, "9" * 5000])
def test_what_only_looks_like_a_number_is_none(text: str) -> None:
    assert read_number(text) is None


def test_the_first_number_may_be_negative_and_is_never_too_long() -> None:
    assert first_number("delta -12, then 5") == -12
    assert first_number("9" * 5000 + " 5") is None
    assert first_number("² none") is None


@given(st.text())
def test_no_text_is_an_error(text: str) -> None:
    assert isinstance(read_number(text), int | None)
    assert isinstance(first_number(text), int | None)
