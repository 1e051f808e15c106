"""Removing asks once more, and says first what depends on it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from rollback_console.access.models import Invitation
from rollback_console.access.tokens import Token
from rollback_console.plans.models import DecisionMaker, Host, HostGroup, Secret
from rollback_console.rollbacks.models import Rollback
from tests import make

from .conftest import SignIn, words

SURE = {"sure": "yes"}


@pytest.fixture
def address(stage: make.Stage) -> dict[str, str]:
    """Where each is removed; a plan, a request and a token depend on them."""
    group = HostGroup.objects.create(environment=stage.environment, name="app")
    secret = Secret.objects.create(
        environment=stage.environment, name="DB_PASSWORD", value="swordfish"
    )
    make.requested(stage, make.PLAN.replace("echo stopping", "mysql -p$DB_PASSWORD -e stop"))
    make.token(stage.cast.dana, name="pipeline", scopes=("read",), days=1)
    make.host(stage.environment, "app-2", stage.cast.ada)
    Host.objects.filter(name="app-2").update(jump=stage.host)
    maker = DecisionMaker.objects.get(user=stage.cast.lee)
    place = "/environments/staging/"
    return {
        "group": f"{place}groups/{group.pk}/removals/",
        "secret": f"{place}secrets/{secret.pk}/removals/",
        "maker": f"{place}decision-makers/{maker.pk}/removals/",
        "host": f"/hosts/{stage.host.pk}/removals/",
        "person": f"/people/{stage.cast.dana.pk}/deactivations/",
    }


@pytest.mark.parametrize(
    ("what", "depends"),
    [
        ("group", "What depends on it Nothing."),
        ("secret", "1 plan reads it: Checkout 2."),
        ("maker", "1 decides there then: Sam Example (DevOps Lead)."),
        ("maker", "1 open request: rollback"),
        ("host", "1 host is reached through it: app-2."),
        ("host", "1 plan names it: Checkout 2."),
        ("person", "1 token ends for good: pipeline."),
        ("person", "1 open request is theirs: rollback"),
    ],
)
def test_nothing_is_removed_before_a_person_saw_what_depends_on_it(
    stage: make.Stage, signed_in: SignIn, address: dict[str, str], what: str, depends: str
) -> None:
    if what == "host":  # one that an open request needs is refused at once
        Rollback.objects.update(state="withdrawn")
    before = counted()
    page = words(signed_in(stage.cast.ada).post(address[what]))
    assert "Nothing is done yet." in page
    assert depends in page
    assert "swordfish" not in page
    assert counted() == before


def counted() -> list[int]:
    tables = (HostGroup, Secret, DecisionMaker, Host, Invitation)
    active = User.objects.filter(is_active=True).count()
    tokens = Token.objects.filter(revoked_at=None).count()
    return [*(table.objects.count() for table in tables), active, tokens]


@pytest.mark.parametrize("what", ["group", "secret", "maker", "person"])
def test_who_is_sure_removes_it(
    stage: make.Stage, signed_in: SignIn, address: dict[str, str], what: str
) -> None:
    before = counted()
    assert signed_in(stage.cast.ada).post(address[what], SURE).status_code == 303
    assert counted() != before


def test_who_may_not_remove_is_not_told_what_depends_on_it(
    stage: make.Stage, signed_in: SignIn, address: dict[str, str]
) -> None:
    client = signed_in(stage.cast.lee)
    for each in address.values():
        assert client.post(each).status_code == 403


def test_the_last_decision_maker_is_named_as_such(
    stage: make.Stage, signed_in: SignIn, address: dict[str, str]
) -> None:
    DecisionMaker.objects.exclude(user=stage.cast.lee).delete()
    page = words(signed_in(stage.cast.ada).post(address["maker"]))
    assert "Nobody decides there then: nothing can be approved." in page


def test_what_was_asked_once_more_still_takes_a_fresh_proof(
    stage: make.Stage, address: dict[str, str]
) -> None:
    before = counted()
    client = make.signed_in(stage.cast.ada, minutes_ago=6)
    assert client.post(address["secret"], SURE).status_code == 303
    assert counted() == before
