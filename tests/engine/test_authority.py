"""Who may decide: every refusal, and when enough have agreed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollback_console.engine.authority import (
    Maker,
    Request,
    Vote,
    asked,
    enough,
    refusal,
    unsatisfiable,
)
from rollback_console.engine.snapshot import PolicySpec

LEE = Maker(1, "Lee", "Deploy Lead", 1)
SAM = Maker(2, "Sam", "DevOps Lead", 2)
EVE = Maker(3, "Eve", "CTO", 2)
DANA = 9
MAKERS = [LEE, SAM, EVE]
HASH = "a" * 64


def request(quorum: int = 1, role: str = "", barred: frozenset[int] = frozenset({DANA})) -> Request:
    return Request(HASH, PolicySpec(quorum=quorum, required_role=role), barred)


def vote(maker: Maker, seen: str = HASH) -> Vote:
    return Vote(maker.person, maker.role, seen)


@pytest.mark.parametrize(
    ("case", "person", "seen", "votes", "says"),
    [
        ("a decision maker who saw it", 1, HASH, [], ""),
        ("who asked for it", DANA, HASH, [], "someone else must approve"),
        ("somebody else", 77, HASH, [], "not a decision maker"),
        ("who saw something else", 1, "b" * 64, [], "has changed"),
        ("who has said yes already", 1, HASH, [vote(LEE)], "already approved"),
    ],
)
def test_each_refusal_says_why(
    case: str, person: int, seen: str, votes: list[Vote], says: str
) -> None:
    said = refusal(request(), MAKERS, votes, person=person, seen=seen)
    assert (said == "") if not says else (says in said), case


def test_nobody_may_approve_what_has_expired() -> None:
    late = Request(HASH, PolicySpec(), frozenset(), expired=True)
    assert "expired" in refusal(late, MAKERS, [], person=1, seen=HASH)


def test_a_decision_maker_who_asked_is_refused_all_the_same() -> None:
    barred = request(barred=frozenset({LEE.person}))
    assert refusal(barred, MAKERS, [], person=LEE.person, seen=HASH)


def test_the_refusal_of_an_outsider_names_who_may() -> None:
    said = refusal(request(barred=frozenset({1})), MAKERS, [], person=77, seen=HASH)
    assert "Sam (DevOps Lead)" in said
    assert "Lee" not in said


@pytest.mark.parametrize(
    ("quorum", "role", "votes", "met"),
    [
        (1, "", [], False),
        (1, "", [vote(LEE)], True),
        (2, "", [vote(LEE)], False),
        (2, "", [vote(LEE), vote(LEE)], False),
        (2, "", [vote(LEE), vote(SAM)], True),
        (1, "CTO", [vote(LEE)], False),
        (1, "cto", [vote(EVE)], True),
        (2, "CTO", [vote(LEE), vote(EVE)], True),
        (1, "", [vote(LEE, "b" * 64)], False),
        (1, "", [Vote(DANA, "Deploy Lead", HASH)], False),
    ],
)
def test_a_quorum_counts_different_people_for_this_snapshot(
    quorum: int, role: str, votes: list[Vote], met: bool
) -> None:
    assert enough(request(quorum, role), votes) is met


@pytest.mark.parametrize(
    ("policy", "barred", "can"),
    [
        (PolicySpec(quorum=3), frozenset(), True),
        (PolicySpec(quorum=3), frozenset({1}), False),
        (PolicySpec(quorum=1, required_role="CTO"), frozenset({3}), False),
        (PolicySpec(quorum=1, required_role="CTO"), frozenset({1}), True),
        (PolicySpec(quorum=4), frozenset(), False),
    ],
)
def test_a_policy_nobody_can_meet_is_known_beforehand(
    policy: PolicySpec, barred: frozenset[int], can: bool
) -> None:
    assert (unsatisfiable(policy, MAKERS, barred) == "") is can


@pytest.mark.parametrize(("minutes", "who"), [(0, [LEE]), (9.9, [LEE]), (10, MAKERS), (99, MAKERS)])
def test_the_ladder_is_climbed_rung_by_rung(minutes: float, who: list[Maker]) -> None:
    assert asked(MAKERS, PolicySpec(escalate_after=10), minutes) == who


people = st.integers(1, 6)
roles = st.sampled_from(["Deploy Lead", "CTO", ""])
votes = st.lists(st.builds(Vote, people, roles, st.sampled_from([HASH, "b" * 64])))


@given(votes, st.integers(1, 4), roles, st.frozensets(people, max_size=3))
def test_no_set_of_votes_by_barred_people_or_for_other_snapshots_is_enough(
    given_votes: list[Vote], quorum: int, role: str, barred: frozenset[int]
) -> None:
    asked_for = Request(HASH, PolicySpec(quorum=quorum, required_role=role), barred)
    worthless = [
        each for each in given_votes if each.person in barred or each.snapshot_sha256 != HASH
    ]
    assert not enough(asked_for, worthless)
