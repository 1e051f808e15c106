"""Who decides in an environment.

Only naming one more passes whatever the rules ask for, so that a new environment can be set up one
person after the other; every other change is refused when nobody could meet the rules afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from rollback_console.audit import kinds
from rollback_console.audit.fields import snapshot_fields
from rollback_console.audit.integrity.row_ledger import RowChange, added, changed, removed
from rollback_console.audit.record import record_change
from rollback_console.audit.stale_edit import refuse_stale_edit
from rollback_console.common.people import display_name

from ..approval import policy
from ..approval.decision_makers import owners_of
from ..errors import PlanError
from ..models import DecisionMaker, Environment
from ..permission import ADMINISTER, permit
from .environments import record_environment, save_environment
from .second_admin import (
    require_second_admin,
    require_second_for_easing,
    require_second_for_rule,
    rules_of,
)

_WHAT = "change who decides"


@dataclass(frozen=True, slots=True)
class LadderLine:
    """One line of a ladder: a person, in which role, on which rung."""

    user: User
    role: str
    rung: int


def name_decision_maker(
    environment: Environment,
    *,
    by: User | None,
    user: User,
    role: str,
    rung: int,
    confirmed_by: User | None = None,
) -> DecisionMaker:
    """Name one more decision maker. Raises PlanError, and NeedsSecondAdmin."""
    permit(by, ADMINISTER, _WHAT)
    with _changing(environment, check=False) as row:
        require_second_admin(row, by=by, user=user, confirmed_by=confirmed_by)
        if environment.decision_makers.filter(user=user).exists():
            raise PlanError(
                "This person is a decision maker here already. Change their entry instead."
            )
        maker = _make(environment, LadderLine(user, role, rung))
        after = snapshot_fields(maker)
        _record(kinds.DECISION_MAKER_NAMED, maker, by, after=after, rows=[added(maker)])
        return maker


def change_decision_maker(
    maker: DecisionMaker,
    *,
    by: User | None,
    role: str,
    rung: int,
    drawn_from: str | None = None,
    confirmed_by: User | None = None,
) -> DecisionMaker:
    """Another role or rung. Raises PlanError, NeedsSecondAdmin for another role where two Admins
    are asked for, and StaleEdit for an outdated `drawn_from`."""
    permit(by, ADMINISTER, _WHAT)
    with _changing(maker.environment):
        _check(role, rung)
        row = DecisionMaker.objects.select_related("user", "environment").get(pk=maker.pk)
        refuse_stale_edit(row, drawn_from)
        before = snapshot_fields(row)
        written = ["role", "rung"]
        if row.role != role.strip():  # another right than the one they had
            require_second_admin(row.environment, by=by, user=row.user, confirmed_by=confirmed_by)
            DecisionMaker.objects.filter(pk=row.pk).update(granted_at=Now())
            written.append("granted_at")
        row.role, row.rung = role.strip(), rung
        row.save(update_fields=["role", "rung"])
        after, rows = snapshot_fields(row), [changed(row, *written)]
        _record(kinds.DECISION_MAKER_CHANGED, row, by, before=before, after=after, rows=rows)
    return row


def remove_decision_maker(maker: DecisionMaker, *, by: User | None) -> None:
    """Take a person off the ladder; approvals they gave stay on record. Raises PlanError."""
    permit(by, ADMINISTER, _WHAT)
    with _changing(maker.environment):
        before = snapshot_fields(maker)
        _record(kinds.DECISION_MAKER_REMOVED, maker, by, before=before, rows=[removed(maker)])
        maker.delete()


def replace_policy(
    environment: Environment,
    *,
    by: User | None,
    ladder: Iterable[LadderLine],
    drawn_from: str | None = None,
    **rules: Any,
) -> Environment:
    """Other rules and the whole ladder at once. Raises PlanError when nobody could meet them."""
    permit(by, ADMINISTER, _WHAT)
    with _changing(environment) as row:
        refuse_stale_edit(row, drawn_from)
        before, ladder_before = snapshot_fields(row), _ladder_of(row)
        rules_before = rules_of(row)
        require_second_for_rule(
            row, by=by, second_admin=rules.get("second_admin", row.second_admin)
        )
        lines = list(ladder)
        _require_second_for_new(row, lines, by=by)
        save_environment(row, rules)
        require_second_for_easing(row, rules_before, by=by)
        written = _replace_ladder(row, lines)
        record_environment(row, by=by, before=before)
        _record_ladder(row, by=by, before=ladder_before, rows=written)
    return row


def _require_second_for_new(row: Environment, lines: list[LadderLine], *, by: User | None) -> None:
    """Whoever decided there before in that role needs nobody's confirmation."""
    before = {(each.user_id, each.role) for each in owners_of(row)}
    for line in lines:
        if (line.user.pk, line.role.strip()) not in before:
            require_second_admin(row, by=by, user=line.user, confirmed_by=None)


def _replace_ladder(environment: Environment, ladder: Iterable[LadderLine]) -> list[RowChange]:
    held = {(row.user_id, row.role): row.granted_at for row in environment.decision_makers.all()}
    written = [removed(each) for each in environment.decision_makers.all()]
    environment.decision_makers.all().delete()
    seen: set[int] = set()
    for line in ladder:
        if line.user.pk in seen:
            raise PlanError(f"{display_name(line.user)} is listed twice as a decision maker.")
        seen.add(line.user.pk)
        made = _make(environment, line)
        if since := held.get((made.user_id, made.role)):  # the right they had, not a new one
            DecisionMaker.objects.filter(pk=made.pk).update(granted_at=since)
        written.append(added(made))
    return written


def _record_ladder(
    row: Environment, *, by: User | None, before: list[str], rows: list[RowChange]
) -> None:
    """Also where every line stayed as it was: the rows are new ones."""
    if rows:
        ladders: dict[str, Any] = {
            "before": {"ladder": before},
            "after": {"ladder": _ladder_of(row)},
        }
        record_change(kinds.LADDER_REPLACED, by=by, subject=row, rows=rows, **ladders)


def _ladder_of(environment: Environment) -> list[str]:
    rows = owners_of(environment)
    return [f"{row.rung}: {row.user.get_username()} as {row.role}" for row in rows]


@contextmanager
def _changing(environment: Environment, *, check: bool = True) -> Iterator[Environment]:
    with transaction.atomic():
        # Two changes at once could each look harmless to the other.
        row = Environment.objects.select_for_update().get(pk=environment.pk)
        yield row
        if check:
            policy.require(row)


def _make(environment: Environment, line: LadderLine) -> DecisionMaker:
    _check(line.role, line.rung)
    if not line.user.is_active:
        raise PlanError(
            f"{display_name(line.user)} can no longer sign in, so cannot be a decision maker."
        )
    return DecisionMaker.objects.create(
        environment=environment, user=line.user, role=line.role.strip(), rung=line.rung
    )


def _record(kind: str, maker: DecisionMaker, by: User | None, **rows: Any) -> None:
    """Under the environment, whose page shows who decides there."""
    record_change(
        kind,
        by=by,
        subject=maker.environment,
        person=maker.user.get_username(),
        environment=maker.environment.name,
        **rows,
    )


def _check(role: str, rung: int) -> None:
    if not 1 <= len(role.strip()) <= 60:
        raise PlanError("Enter a role of up to 60 characters, such as Deploy Lead.")
    if not 1 <= rung <= 99:
        raise PlanError("Escalation levels go from 1, which is asked first, to 99.")
