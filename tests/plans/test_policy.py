"""Rules of approval nobody could meet are refused when they are saved."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied

from rollback_console.plans.actions.decision_makers import (
    LadderLine,
    change_decision_maker,
    name_decision_maker,
    remove_decision_maker,
    replace_policy,
)
from rollback_console.plans.actions.delegations import delegate_right, revoke_delegation
from rollback_console.plans.actions.environments import add_environment, change_environment
from rollback_console.plans.approval import decision_makers, policy
from rollback_console.plans.errors import PlanError
from rollback_console.plans.models import DecisionMaker, Delegation, Environment
from tests.make import Stage

pytestmark = pytest.mark.django_db


def maker(user: User) -> DecisionMaker:
    return DecisionMaker.objects.get(user=user)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"approvals_code": 3, "approvals_data": 3}, "This needs 3 approvals, but 2 decision"),
        ({"approvals_data": 3}, "When data is at risk, nobody could approve"),
        ({"data_role": "CTO"}, "must come from a CTO"),
        ({"approvals_code": 0}, "At least one person must approve"),
        ({"approvals_code": 2, "approvals_data": 1}, "at least as many approvals"),
        ({"escalate_after": 0}, "at least one minute"),
        ({"approvals_data": 2, "data_role": "devops lead"}, ""),
    ],
)
def test_rules_are_kept_when_somebody_could_meet_them(
    stage: Stage, fields: dict[str, Any], says: str
) -> None:
    place = Environment.objects.get()
    if not says:
        change_environment(place, by=stage.cast.ada, **fields)
        return
    with pytest.raises(PlanError, match=says):
        change_environment(place, by=stage.cast.ada, **fields)
    kept = Environment.objects.get()
    assert all(getattr(kept, name) != value for name, value in fields.items() if value != 1)


def test_a_lone_decision_maker_who_alone_may_ask_is_refused(stage: Stage) -> None:
    for person in (stage.cast.dana, stage.cast.ada, stage.cast.sam):
        person.groups.clear()
    assert policy.list_askers() == [stage.cast.lee.pk]
    admin = User.objects.create_superuser("root")
    User.objects.filter(pk=admin.pk).update(is_active=False)  # who may do everything may ask
    with pytest.raises(PlanError, match="Nobody approves their own request"):
        remove_decision_maker(maker(stage.cast.sam), by=admin)
    assert DecisionMaker.objects.count() == 2


def test_the_last_who_could_decide_is_not_taken_off_the_ladder(stage: Stage) -> None:
    remove_decision_maker(maker(stage.cast.lee), by=stage.cast.ada)
    with pytest.raises(PlanError, match="0 decision makers could approve"):
        remove_decision_maker(maker(stage.cast.sam), by=stage.cast.ada)
    assert [each.user for each in decision_makers.owners_of(stage.environment)] == [stage.cast.sam]


def test_a_role_that_the_rules_name_is_not_given_away(stage: Stage) -> None:
    change_environment(stage.environment, by=stage.cast.ada, data_role="DevOps Lead")
    with pytest.raises(PlanError, match="must come from a DevOps Lead"):
        change_decision_maker(maker(stage.cast.sam), by=stage.cast.ada, role="CTO", rung=2)
    changed = change_decision_maker(maker(stage.cast.lee), by=stage.cast.ada, role=" CTO ", rung=3)
    assert (changed.role, changed.rung) == ("CTO", 3)


def test_a_new_environment_is_set_up_one_person_after_the_other(stage: Stage) -> None:
    rules = {"approvals_code": 2, "approvals_data": 2}
    place = add_environment(by=stage.cast.ada, slug="new", name="NEW", **rules)
    assert "0 decision makers" in policy.missing(place)
    name_decision_maker(place, by=stage.cast.ada, user=stage.cast.lee, role="Deploy Lead", rung=1)
    assert "1 decision maker could" in policy.missing(place)
    name_decision_maker(place, by=stage.cast.ada, user=stage.cast.sam, role="DevOps Lead", rung=2)
    assert policy.missing(place) == ""
    with pytest.raises(PlanError, match="decision maker here already"):
        name_decision_maker(place, by=stage.cast.ada, user=stage.cast.sam, role="CTO", rung=2)


def test_a_whole_ladder_is_saved_at_once_or_not_at_all(stage: Stage) -> None:
    rules: Any = {"approvals_data": 2, "data_role": "CTO"}
    seed = [
        LadderLine(stage.cast.lee, "Deploy Lead", 1),
        LadderLine(stage.cast.sam, "DevOps Lead", 2),
        LadderLine(stage.cast.vic, "CTO", 2),
    ]
    for wrong in (seed[:2], [*seed, seed[0]], [LadderLine(stage.cast.lee, "", 1)]):
        with pytest.raises(PlanError):
            replace_policy(stage.environment, by=stage.cast.ada, ladder=wrong, **rules)
        assert DecisionMaker.objects.count() == 2
        assert Environment.objects.get().data_role == ""
    replace_policy(stage.environment, by=stage.cast.ada, ladder=seed, **rules)
    assert [each.rung for each in decision_makers.owners_of(stage.environment)] == [1, 2, 2]


def test_who_could_not_be_helped_with_their_own_request_is_named(stage: Stage) -> None:
    assert policy.stranded(stage.environment) == []
    change_environment(stage.environment, by=stage.cast.ada, approvals_data=2)
    stage.environment.refresh_from_db()
    assert [each.name for each in policy.stranded(stage.environment)] == [
        "Lee Example",
        "Sam Example",
    ]


@pytest.mark.parametrize("who", ["dana", "lee", "vic"])
def test_only_an_admin_changes_who_decides(stage: Stage, who: str) -> None:
    by = getattr(stage.cast, who)
    for act in (
        lambda: change_environment(stage.environment, by=by),
        lambda: name_decision_maker(stage.environment, by=by, user=by, role="CTO", rung=1),
        lambda: change_decision_maker(maker(stage.cast.lee), by=by, role="CTO", rung=1),
        lambda: remove_decision_maker(maker(stage.cast.lee), by=by),
        lambda: replace_policy(stage.environment, by=by, ladder=[]),
    ):
        with pytest.raises(PermissionDenied):
            act()


def test_a_right_is_lent_for_a_time_and_ends_by_itself(stage: Stage) -> None:
    lent = delegate_right(
        stage.environment, by=stage.cast.sam, to=stage.cast.vic, hours=8, reason="On leave"
    )
    held = [each for each in decision_makers.makers_of(stage.environment) if each.lender]
    assert [(each.person, each.lender_name, each.rung) for each in held] == [
        (stage.cast.vic.pk, "Sam Example", 2)
    ]
    Delegation.objects.update(ends_at=lent.starts_at)
    assert not [each for each in decision_makers.makers_of(stage.environment) if each.lender]


@pytest.mark.parametrize("gone", ["giver", "holder", "off the ladder", "revoked"])
def test_a_lent_right_ends_with_whoever_it_hangs_on(stage: Stage, gone: str) -> None:
    lent = delegate_right(stage.environment, by=stage.cast.sam, to=stage.cast.vic, hours=8)
    if gone == "giver":
        User.objects.filter(pk=stage.cast.sam.pk).update(is_active=False)
    elif gone == "holder":
        User.objects.filter(pk=stage.cast.vic.pk).update(is_active=False)
    elif gone == "revoked":
        revoke_delegation(lent, by=stage.cast.vic)
    else:
        remove_decision_maker(maker(stage.cast.sam), by=stage.cast.ada)
    assert not [each for each in decision_makers.makers_of(stage.environment) if each.lender]


def test_what_was_lent_cannot_be_passed_on_nor_lent_twice(stage: Stage) -> None:
    cast, place = stage.cast, stage.environment
    delegate_right(place, by=cast.sam, to=cast.vic, hours=8)
    with pytest.raises(PlanError, match="cannot pass it on"):
        delegate_right(place, by=cast.vic, to=cast.dana, hours=1)
    with pytest.raises(PlanError, match="delegated this right already"):
        delegate_right(place, by=cast.sam, to=cast.dana, hours=1)
    for to, hours in ((cast.lee, 1), (cast.vic, 0), (cast.vic, 24 * 61)):
        with pytest.raises(PlanError, match=r"Delegate your right|A delegation lasts"):
            delegate_right(place, by=cast.lee, to=to, hours=hours)


def test_a_loan_is_revoked_by_those_it_concerns_or_an_admin_once(stage: Stage) -> None:
    lent = delegate_right(stage.environment, by=stage.cast.sam, to=stage.cast.vic, hours=8)
    with pytest.raises(PlanError, match="Only the person who delegated"):
        revoke_delegation(lent, by=stage.cast.dana)
    assert revoke_delegation(lent, by=stage.cast.ada).revoked_by == stage.cast.ada
    with pytest.raises(PlanError, match="ended already"):
        revoke_delegation(lent, by=stage.cast.sam)
