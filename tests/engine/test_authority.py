"""Who may decide: every refusal, and when enough have agreed."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rollback_console.engine.authority import (
    Maker,
    Request,
    Vote,
    first_rung,
    is_quorum_met,
    makers_up_to,
    next_reminder,
    next_rung,
    pick_right,
    usable_rights,
    why_never_satisfiable,
    why_not_approve,
    why_unsatisfiable,
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
    refusal = why_not_approve(request(), MAKERS, votes, person=person, seen=seen)
    assert (refusal == "") if not says else (says in refusal), case


def test_nobody_may_approve_what_has_expired() -> None:
    late = Request(HASH, PolicySpec(), frozenset(), expired=True)
    assert "expired" in why_not_approve(late, MAKERS, [], person=1, seen=HASH)


def test_a_decision_maker_who_asked_is_refused_all_the_same() -> None:
    barred = request(barred=frozenset({LEE.person}))
    assert why_not_approve(barred, MAKERS, [], person=LEE.person, seen=HASH)


def test_the_refusal_of_an_outsider_names_who_may() -> None:
    refusal = why_not_approve(request(barred=frozenset({1})), MAKERS, [], person=77, seen=HASH)
    assert "Sam (DevOps Lead)" in refusal
    assert "Lee" not in refusal


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
    assert is_quorum_met(request(quorum, role), votes) is met


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
    assert (why_unsatisfiable(policy, MAKERS, barred) == "") is can


KIM = Maker(4, "Kim", "DevOps Lead", 2, lender=SAM.person, lender_name="Sam")
"""Kim, who decides nothing by herself, holds Sam's right."""


@pytest.mark.parametrize(
    ("case", "barred", "votes", "says"),
    [
        ("a borrowed right counts", frozenset({DANA}), [], ""),
        ("who borrowed it asked", frozenset({KIM.person}), [], "someone else must approve"),
        ("who lent it asked", frozenset({SAM.person}), [], "You stand in for Sam"),
        ("who lent it used it", frozenset({DANA}), [vote(SAM)], "was used for this already"),
        ("another one used theirs", frozenset({DANA}), [vote(LEE)], ""),
    ],
)
def test_a_borrowed_right_is_no_more_than_the_right_itself(
    case: str, barred: frozenset[int], votes: list[Vote], says: str
) -> None:
    refusal = why_not_approve(
        request(barred=barred), [*MAKERS, KIM], votes, person=KIM.person, seen=HASH
    )
    assert (refusal == "") if not says else (says in refusal), case


def test_who_lent_a_right_cannot_use_it_after_who_borrowed_it() -> None:
    by_kim = Vote(KIM.person, KIM.role, HASH, lender=SAM.person)
    refusal = why_not_approve(request(2), [*MAKERS, KIM], [by_kim], person=SAM.person, seen=HASH)
    assert "used for this already" in refusal
    assert not is_quorum_met(request(2), [by_kim, vote(SAM)])
    assert is_quorum_met(request(2), [by_kim, vote(LEE)])


def test_of_several_rights_the_one_is_used_that_the_policy_still_misses() -> None:
    borrowed = Maker(LEE.person, "Lee", "CTO", 2, lender=EVE.person, lender_name="Eve")
    makers = [*MAKERS, borrowed]
    assert pick_right(request(2, "CTO"), makers, [], person=LEE.person) == borrowed
    assert pick_right(request(2, "CTO"), makers, [vote(EVE)], person=LEE.person) == LEE
    assert pick_right(request(2), makers, [], person=LEE.person) == LEE


def test_two_rights_in_one_hand_are_one_vote() -> None:
    borrowed = Maker(LEE.person, "Lee", "DevOps Lead", 2, lender=SAM.person, lender_name="Sam")
    assert "1 decision maker" in why_unsatisfiable(
        PolicySpec(quorum=2), [LEE, borrowed], frozenset()
    )
    assert not why_unsatisfiable(PolicySpec(quorum=2), [LEE, borrowed, SAM], frozenset())


@pytest.mark.parametrize(
    ("case", "quorum", "makers", "askers", "can"),
    [
        ("a lone decision maker who alone may ask", 1, [LEE], [1], False),
        ("a lone decision maker, somebody else asks", 1, [LEE], [1, DANA], True),
        ("a lone decision maker, nobody may ask yet", 1, [LEE], [], True),
        ("two who may ask each other", 1, [LEE, SAM], [1, 2], True),
        ("two where two are needed and both alone may ask", 2, [LEE, SAM], [1, 2], False),
        ("nobody decides", 1, [], [DANA], False),
        ("a right and its loan are one", 2, [SAM, KIM], [DANA], False),
    ],
)
def test_a_policy_is_met_for_no_request_when_all_who_may_ask_are_in_its_way(
    case: str, quorum: int, makers: list[Maker], askers: list[int], can: bool
) -> None:
    assert (why_never_satisfiable(PolicySpec(quorum=quorum), makers, askers) == "") is can, case


@pytest.mark.parametrize(
    ("case", "policy", "barred", "rung"),
    [
        ("one approval: the first rung", PolicySpec(), {DANA}, 1),
        ("the first rung is who asked", PolicySpec(), {LEE.person}, 2),
        ("two approvals: a rung that cannot decide alone", PolicySpec(quorum=2), {DANA}, 2),
        ("a role that stands higher", PolicySpec(required_role="CTO"), {DANA}, 2),
        ("what nobody can meet goes to everybody", PolicySpec(quorum=9), {DANA}, 2),
    ],
)
def test_the_lowest_rungs_that_can_decide_are_asked_at_once(
    case: str, policy: PolicySpec, barred: set[int], rung: int
) -> None:
    assert first_rung(policy, MAKERS, frozenset(barred)) == rung, case


def test_the_ladder_is_climbed_rung_by_rung_to_its_end() -> None:
    assert makers_up_to(MAKERS, 1) == [LEE]
    assert next_rung(MAKERS, 1) == 2
    assert makers_up_to(MAKERS, 2) == MAKERS
    assert next_rung(MAKERS, 2) is None
    assert first_rung(PolicySpec(), [], frozenset()) == 1


@pytest.mark.parametrize(
    ("before", "left", "at"),
    [(15, 60, 15), (15, 15, 5), (15, 10, 5), (15, 5, None), (15, 1, None), (0, 60, None)],
)
def test_people_are_reminded_twice_and_not_at_once(
    before: float, left: float, at: float | None
) -> None:
    assert next_reminder(before, left) == at


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
    assert not is_quorum_met(asked_for, worthless)


makers = st.lists(
    st.builds(
        Maker,
        people,
        st.just("Somebody"),
        roles,
        st.integers(1, 3),
        lender=st.integers(0, 6),
        lender_name=st.just("Somebody else"),
    ),
    max_size=5,
    unique_by=lambda each: (each.person, each.owner),
)
barred_people = st.frozensets(people, max_size=2)


@given(makers, st.integers(1, 3), roles, barred_people, st.permutations([1, 2, 3, 4, 5, 6]))
def test_whoever_may_approves_and_what_is_enough_keeps_every_rule(
    makers: list[Maker], quorum: int, role: str, barred: frozenset[int], order: list[int]
) -> None:
    asked_for = Request(HASH, PolicySpec(quorum=quorum, required_role=role), barred)
    cast: list[Vote] = []
    for person in order:
        used = pick_right(asked_for, makers, cast, person=person)
        refused = why_not_approve(asked_for, makers, cast, person=person, seen=HASH)
        assert (used is None) == bool(refused)
        if used is not None:
            assert not {used.person, used.owner} & barred
            cast.append(Vote(used.person, used.role, HASH, used.lender))
    assert len({each.person for each in cast}) == len({each.owner for each in cast}) == len(cast)
    if is_quorum_met(asked_for, cast):
        assert len(cast) >= quorum
        assert not role or role in {each.role for each in cast}
        assert not why_unsatisfiable(asked_for.policy, makers, barred)


@given(makers, st.integers(1, 3), roles, barred_people)
@example(
    [
        Maker(1, "Lee", "Deploy Lead"),
        Maker(1, "Lee", "CTO", lender=2, lender_name="Rio"),
        Maker(2, "Rio", "Deploy Lead"),
        Maker(3, "Sam", "Deploy Lead"),
    ],
    3,
    "CTO",
    frozenset(),
)
def test_a_policy_is_unsatisfiable_exactly_when_no_order_of_votes_meets_it(
    makers: list[Maker], quorum: int, role: str, barred: frozenset[int]
) -> None:
    asked_for = Request(HASH, PolicySpec(quorum=quorum, required_role=role), barred)
    every = [Vote(each.person, each.role, HASH, each.lender) for each in makers]
    met = any(is_quorum_met(asked_for, order) for order in permutations(every))
    assert (why_unsatisfiable(asked_for.policy, makers, barred) == "") is met


@given(makers, st.integers(1, 3), barred_people)
def test_climbing_asks_everybody_in_the_end_and_approves_nothing(
    makers: list[Maker], quorum: int, barred: frozenset[int]
) -> None:
    asked_for = Request(HASH, PolicySpec(quorum=quorum), barred)
    who = usable_rights(asked_for, makers, [])
    rung: int | None = first_rung(asked_for.policy, makers, barred)
    seen: list[int] = []
    while rung is not None:
        assert rung not in seen
        seen.append(rung)
        reached = makers_up_to(who, rung)
        rung = next_rung(who, rung)
    assert reached == who
    assert not is_quorum_met(asked_for, [])
