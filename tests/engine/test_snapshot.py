"""A snapshot is one text and one hash, whatever order its parts came in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollback_console.engine.snapshot import (
    CheckSpec,
    HostSpec,
    PolicySpec,
    Snapshot,
    StepSpec,
    difference,
)

text = st.text(max_size=40)
names = st.tuples(text, text)
steps = st.builds(
    StepSpec,
    position=st.integers(1, 50),
    title=text,
    script=text,
    hosts=names,
    warnings=names,
    time_limit=st.integers(1, 9999),
    gate=st.booleans(),
)
hosts = st.builds(
    HostSpec, name=text, address=text, port=st.integers(1, 65535), username=text, fingerprints=names
)
snapshots = st.builds(
    Snapshot,
    plan=text,
    revision=st.integers(1, 99),
    revision_sha256=text,
    title=text,
    service=text,
    environment=text,
    production=st.booleans(),
    procedure=text,
    steps=st.lists(steps, max_size=4).map(tuple),
    hosts=st.lists(hosts, max_size=3).map(tuple),
    parameters=st.dictionaries(text, text, max_size=4),
    checks=st.lists(st.builds(CheckSpec, text, text), max_size=3).map(tuple),
    policy=st.builds(PolicySpec, quorum=st.integers(1, 5), required_role=text),
)


@given(snapshots)
def test_what_is_written_is_read_back_with_the_same_hash(snapshot: Snapshot) -> None:
    again = Snapshot.from_json(snapshot.to_json())
    assert again == snapshot
    assert again.sha256 == snapshot.sha256


@given(snapshots, snapshots)
def test_two_snapshots_have_one_hash_only_when_nothing_differs(a: Snapshot, b: Snapshot) -> None:
    assert (a.sha256 == b.sha256) == (difference(a, b) == [])


def test_the_order_of_parameters_does_not_change_the_hash() -> None:
    first = a_snapshot(parameters={"A": "1", "B": "2"})
    second = a_snapshot(parameters={"B": "2", "A": "1"})
    assert first.sha256 == second.sha256


def test_a_difference_names_the_path_and_both_values() -> None:
    before = a_snapshot(steps=(StepSpec(1, "Stop", script="stop a"),))
    after = a_snapshot(steps=(StepSpec(1, "Stop", script="stop b"),))
    assert difference(before, after) == [("steps.1.script", "stop a", "stop b")]


@pytest.mark.parametrize("text", ["{}", "[]", "null", '{"steps": 3}', "not json"])
def test_what_is_no_snapshot_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Snapshot.from_json(text)


def a_snapshot(**changes: object) -> Snapshot:
    plain: dict[str, object] = {
        "plan": "p",
        "revision": 1,
        "revision_sha256": "",
        "title": "t",
        "service": "s",
        "environment": "e",
        "production": False,
        "procedure": "",
        "steps": (),
        "hosts": (),
    }
    return Snapshot(**{**plain, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([("app", "192.0.2.1"), ("db", "192.0.2.2")], [("db", "192.0.2.2"), ("app", "192.0.2.1")]),
        (
            [("app", "192.0.2.1"), ("app", "192.0.2.2")],
            [("app", "192.0.2.3"), ("app", "192.0.2.2")],
        ),
        ([("", "192.0.2.1"), ("1", "192.0.2.2")], [("", "192.0.2.3"), ("1", "192.0.2.2")]),
    ],
    ids=["order", "one name twice", "a number as a name"],
)
def test_no_change_hides_behind_a_name(
    before: list[tuple[str, str]], after: list[tuple[str, str]]
) -> None:
    old, new = (
        a_snapshot(hosts=tuple(HostSpec(name, address, 22, "deploy", ()) for name, address in each))
        for each in (before, after)
    )
    assert old.sha256 != new.sha256
    assert difference(old, new) != []
