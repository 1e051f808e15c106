"""The rules of approval of an environment, and whether anybody could meet them.

The writes are in plans.actions; until somebody could meet the rules nothing can be asked there.
"""

from __future__ import annotations

from django.contrib.auth.models import User

from rollback_console.engine import authority
from rollback_console.engine.authority import Maker
from rollback_console.engine.snapshot import PolicySpec

from ..errors import PlanError
from ..models import Environment
from .decision_makers import own_right, owners_of

ASKS = "rollbacks.request_rollback"


def spec(environment: Environment, *, risky: bool) -> PolicySpec:
    """The rules that hold for a rollback there, `risky` when it could cost data."""
    quorum = environment.approvals_data if risky else environment.approvals_code
    rule = environment.second_person
    return PolicySpec(
        quorum=quorum,
        second_person=rule == "always" or (rule == "quorum" and quorum > 1),
        required_role=environment.data_role if risky else "",
        request_expires=environment.request_expires,
        start_expires=environment.start_expires,
        escalate_after=environment.escalate_after,
    )


def missing(environment: Environment) -> str:
    """Why nobody could meet the environment's rules, as one sentence; "" when somebody could."""
    own, askers = _own(environment), list_askers()
    for risky, word in ((False, "only code is rolled back"), (True, "data is at risk")):
        if why := authority.why_never_satisfiable(spec(environment, risky=risky), own, askers):
            return f"When {word}, nobody could approve. {why} {_alone(own, askers)}".strip()
    return ""


def stranded(environment: Environment) -> list[Maker]:
    """Decision makers who may ask, but whose own requests nobody could approve."""
    own, askers, rules = _own(environment), set(list_askers()), spec(environment, risky=True)
    return [
        each
        for each in own
        if each.person in askers
        and authority.why_unsatisfiable(rules, own, frozenset({each.person}))
    ]


def list_askers() -> list[int]:
    """The active people who may ask for a rollback."""
    askers = User.objects.with_perm(ASKS, backend="django.contrib.auth.backends.ModelBackend")
    return list(askers.values_list("pk", flat=True))


def require(environment: Environment) -> None:
    """Raise PlanError when nobody could meet the rules."""
    if why := missing(environment):
        raise PlanError(f"This was not saved. {why}")


def check_rules(environment: Environment) -> None:
    """Raise PlanError for rules that contradict each other or approve nothing."""
    if environment.approvals_code < 1:
        raise PlanError("At least one person must approve.")
    if environment.approvals_data < environment.approvals_code:
        raise PlanError("Require at least as many approvals when data is at risk as for code only.")
    if min(environment.request_expires, environment.start_expires, environment.escalate_after) < 1:
        raise PlanError("The timeouts for approval, start and escalation are at least one minute.")


def _own(environment: Environment) -> list[Maker]:
    """Without what is lent: a loan ends by itself, the rules stay."""
    return [own_right(row) for row in owners_of(environment)]


def _alone(own: list[Maker], askers: list[int]) -> str:
    alone = len(askers) == 1 and askers[0] in {each.person for each in own}
    return "Nobody approves their own request." if alone else ""
