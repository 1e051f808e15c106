"""A host's name and address are understood or refused at once, not when they are first used."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollback_console.plans.errors import PlanError
from rollback_console.plans.inventory.typed_hosts import read_host_address, read_host_name


@pytest.mark.parametrize(
    ("typed", "address", "port"),
    [
        ("app-1", "app-1", 22),
        (" app-1.example.org. ", "app-1.example.org.", 22),
        ("app-1:2222", "app-1", 2222),
        ("ssh://app-1:2222/", "app-1", 2222),
        ("10.0.0.1", "10.0.0.1", 22),
        ("::1", "::1", 22),
        ("fe80::1%eth0", "fe80::1%eth0", 22),
        ("[::1]", "::1", 22),
        ("[::1]:2222", "::1", 2222),
    ],
)
def test_an_address_is_understood_in_the_usual_forms(typed: str, address: str, port: int) -> None:
    assert read_host_address(typed) == (address, port)


@pytest.mark.parametrize(
    "typed",
    ["deploy@app-1", "app 1", "http://app-1", "app-1/x", "", "[app-1]", "10.0.0", "-oProxy=x",
     "app-1:0", "app-1:70000", "app..1", "[::1", "1.2.3.4.5"],
)  # fmt: skip
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(PlanError):
        read_host_address(typed)


def test_two_ports_are_refused() -> None:
    with pytest.raises(PlanError, match="write one"):
        read_host_address("app-1:2222", 2200)


@pytest.mark.parametrize("typed", ["app 1", "app,1", "-app", "", "app@1", "ä"])
def test_a_name_that_no_plan_could_write_is_refused(typed: str) -> None:
    with pytest.raises(PlanError, match="letters, digits"):
        read_host_name(typed)


@given(st.text(max_size=300))
def test_whatever_is_typed_becomes_an_address_or_a_sentence(typed: str) -> None:
    try:
        address, port = read_host_address(typed)
    except PlanError as error:
        assert str(error).endswith((".", "one."))
    else:
        assert read_host_address(address, port) == (address, port)
