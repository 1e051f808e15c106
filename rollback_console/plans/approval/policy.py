"""The rules of approval of an environment, and its ladder of decision makers.

Every write here ends with the question whether anybody could still meet the rules, and is
refused when nobody could. Only naming one more decision maker always passes, so that a new
environment can be set up one person after the other; until then nothing can be asked there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction

from rollback_console.engine import authority
from rollback_console.engine.authority import Maker
from rollback_console.engine.snapshot import PolicySpec

from ..errors import PlanError
from ..models import DecisionMaker, Environment
from .decision_makers import name_of, owners_of

ASKS = "rollbacks.request_rollback"


@dataclass(frozen=True, slots=True)
class Rung:
    """One line of a ladder: a person, in which role, asked how soon."""

    user: User
    role: str
    rung: int


def spec(environment: Environment, *, risky: bool) -> PolicySpec:
    """The rules that hold for a rollback there, `risky` when it could cost data."""
    return PolicySpec(
        quorum=environment.approvals_data if risky else environment.approvals_code,
        required_role=environment.data_role if risky else "",
        request_expires=environment.request_expires,
        start_expires=environment.start_expires,
        escalate_after=environment.escalate_after,
    )


def missing(environment: Environment) -> str:
    """Why nobody could meet the environment's rules, as one sentence; "" when somebody could."""
    own, askers = _own(environment), askers_of()
    for risky, word in ((False, "only code is rolled back"), (True, "data is at risk")):
        if why := authority.never(spec(environment, risky=risky), own, askers):
            return f"When {word}, nobody could approve. {why} {_alone(own, askers)}".strip()
    return ""


def stranded(environment: Environment) -> list[Maker]:
    """Decision makers who may ask, but whose own requests nobody could approve."""
    own, askers, rules = _own(environment), set(askers_of()), spec(environment, risky=True)
    return [
        each
        for each in own
        if each.person in askers and authority.unsatisfiable(rules, own, frozenset({each.person}))
    ]


def keep(environment: Environment, *, by: User) -> Environment:
    """Save rules that were changed. Raises PlanError when nobody could meet them."""
    _permit(by)
    _sound(environment)
    with transaction.atomic():
        if environment.pk:
            Environment.objects.select_for_update().get(pk=environment.pk)
        environment.save()
        if environment.decision_makers.exists():
            require(environment)
    return environment


def name(environment: Environment, *, by: User, user: User, role: str, rung: int) -> DecisionMaker:
    """Name one more decision maker."""
    _permit(by)
    with _changing(environment, check=False):
        if environment.decision_makers.filter(user=user).exists():
            raise PlanError("They decide here already. Change their line instead.")
        return _made(environment, Rung(user, role, rung))


def change(maker: DecisionMaker, *, by: User, role: str, rung: int) -> DecisionMaker:
    """Give a decision maker another role or rung. Raises PlanError."""
    _permit(by)
    with _changing(maker.environment):
        _check(role, rung)
        DecisionMaker.objects.filter(pk=maker.pk).update(role=role.strip(), rung=rung)
    maker.refresh_from_db()
    return maker


def remove(maker: DecisionMaker, *, by: User) -> None:
    """Take a person off the ladder. Raises PlanError when the rules could then not be met."""
    _permit(by)
    with _changing(maker.environment):
        maker.delete()


def replace(environment: Environment, *, by: User, ladder: Iterable[Rung]) -> Environment:
    """Save rules and the whole ladder at once. Raises PlanError when nobody could meet them."""
    _permit(by)
    _sound(environment)
    with _changing(environment):
        environment.save()
        environment.decision_makers.all().delete()
        seen: set[int] = set()
        for line in ladder:
            if line.user.pk in seen:
                raise PlanError(f"{name_of(line.user)} stands on the ladder twice.")
            seen.add(line.user.pk)
            _made(environment, line)
    return environment


def askers_of() -> list[int]:
    """The active people who may ask for a rollback."""
    found = User.objects.with_perm(ASKS, backend="django.contrib.auth.backends.ModelBackend")
    return list(found.values_list("pk", flat=True))


def require(environment: Environment) -> None:
    """Raise PlanError when nobody could meet the rules."""
    if why := missing(environment):
        raise PlanError(f"This was not saved. {why}")


@contextmanager
def _changing(environment: Environment, *, check: bool = True) -> Iterator[None]:
    with transaction.atomic():
        # Two changes at once could each look harmless to the other.
        Environment.objects.select_for_update().get(pk=environment.pk)
        yield
        if check:
            require(environment)


def _sound(environment: Environment) -> None:
    if environment.approvals_code < 1:
        raise PlanError("At least one person must approve.")
    if environment.approvals_data < environment.approvals_code:
        raise PlanError("Data at risk needs no fewer approvals than code only.")
    if min(environment.request_expires, environment.start_expires, environment.escalate_after) < 1:
        raise PlanError("Times to decide, to start and to the next rung are at least one minute.")


def _made(environment: Environment, line: Rung) -> DecisionMaker:
    _check(line.role, line.rung)
    if not line.user.is_active:
        raise PlanError(f"{name_of(line.user)} cannot sign in any more, so cannot decide.")
    return DecisionMaker.objects.create(
        environment=environment, user=line.user, role=line.role.strip(), rung=line.rung
    )


def _check(role: str, rung: int) -> None:
    if not 1 <= len(role.strip()) <= 60:
        raise PlanError("Name the role in up to 60 characters, such as Deploy Lead.")
    if not 1 <= rung <= 99:
        raise PlanError("Rungs count from 1, who is asked first, to 99.")


def _own(environment: Environment) -> list[Maker]:
    """Without what is lent: a loan ends by itself, the rules stay."""
    return [
        Maker(row.user_id, name_of(row.user), row.role, row.rung) for row in owners_of(environment)
    ]


def _alone(own: list[Maker], askers: list[int]) -> str:
    alone = len(askers) == 1 and askers[0] in {each.person for each in own}
    return "Nobody approves their own request." if alone else ""


def _permit(by: User) -> None:
    if not (by.is_active and by.has_perm("plans.change_environment")):
        raise PermissionDenied("You may not change who decides. Ask an admin.")
