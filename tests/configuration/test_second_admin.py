"""A document is no way around the second Admin: what needs one is refused, and nothing changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import User
from django.utils import timezone

from rollback_console.configuration.apply import apply_configuration
from rollback_console.configuration.document import ConfigurationError, read_document
from rollback_console.configuration.export import export_configuration, write_document
from rollback_console.plans.models import Environment
from rollback_console.rollbacks.permissions import groups
from tests import make

Values = dict[str, Any]


@pytest.fixture
def strict(stage: make.Stage) -> make.Stage:
    """An environment that asks for two Admins, and there are two; beside it one that does not."""
    make.person("bea", groups.ADMIN)
    User.objects.update(date_joined=timezone.now() - timedelta(days=30))
    Environment.objects.update(second_admin=True, approvals_data=2, readiness_rule="block")
    Environment.objects.create(slug="lax", name="Lax")
    stage.cast.ada.refresh_from_db()
    return stage


def decide_oneself(values: Values, slug: str) -> None:
    makers = values["environments"][slug].setdefault("decision_makers", [])
    makers.append({"person": "ada", "role": "CTO"})


def need_fewer(values: Values, slug: str) -> None:
    values["environments"][slug]["approvals_data"] = 1


def drop_the_rule(values: Values, slug: str) -> None:
    values["environments"][slug]["second_admin"] = False


def become_lenient(values: Values, slug: str) -> None:
    values["environments"][slug]["readiness_rule"] = "warn"


def make_an_admin(values: Values, slug: str) -> None:
    values["people"]["dana"]["groups"] = ["Operator", "Admin"]


def add_an_admin(values: Values, slug: str) -> None:
    values["people"]["eve"] = {"groups": ["Admin"]}


def take_another_address(values: Values, slug: str) -> None:
    values["people"]["lee"]["email"] = "ada@example.org"


def move_a_machine(values: Values, slug: str) -> None:
    values["hosts"]["app-1"] |= {"environment": "lax", "groups": []}


def list_a_machine_again(values: Values, slug: str) -> None:
    values["hosts"]["again"] = values["hosts"]["app-1"] | {"environment": "lax", "groups": []}


@pytest.mark.parametrize(
    "ease",
    [
        decide_oneself, need_fewer, drop_the_rule, become_lenient, make_an_admin, add_an_admin,
        take_another_address, move_a_machine, list_a_machine_again,
    ],
)  # fmt: skip
def test_one_admin_alone_eases_no_approval_by_a_document(
    strict: make.Stage, ease: Callable[[Values, str], None]
) -> None:
    before = write_document(export_configuration())
    values = yaml.safe_load(before)
    ease(values, strict.environment.slug)
    document = read_document(yaml.safe_dump(values))
    with pytest.raises(ConfigurationError, match="Admin"):
        apply_configuration(document, by=strict.cast.ada, may_read=False)
    assert write_document(export_configuration()) == before


def test_what_eases_nothing_is_applied_by_one_admin(strict: make.Stage) -> None:
    values = yaml.safe_load(write_document(export_configuration()))
    values["services"]["basket"] = {"name": "Basket"}
    values["environments"][strict.environment.slug]["approvals_code"] = 2
    changes = apply_configuration(
        read_document(yaml.safe_dump(values)), by=strict.cast.ada, may_read=False
    )
    assert {change.key for change in changes} == {"basket", strict.environment.slug}
