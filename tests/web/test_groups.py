"""Groups: removing one, and the role that is none any more."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group

from rollback_console.access.actions.groups import add_group, remove_group
from rollback_console.access.actions.people import change_person, deactivate_person
from rollback_console.access.errors import AccessError
from rollback_console.access.scope_limits import EVERYWHERE, ScopeLimit
from rollback_console.audit.integrity.row_comparison import accept_rows, configuration_row_flaws
from rollback_console.audit.models import ConfigurationEvent
from rollback_console.rollbacks.permissions import groups
from rollback_console.rollbacks.permissions.groups import rows_of_roles
from tests import make

from .conftest import SignIn, words


def former(stage: make.Stage) -> Group:
    """A console from before: lee and sam are in the role that is none any more."""
    group = Group.objects.create(name=groups.FORMER_ROLE)
    groups.ensure()
    for person in (stage.cast.lee, stage.cast.sam):
        person.groups.set([group])
    return group


def test_a_new_console_has_three_roles(db: None) -> None:
    groups.ensure()
    assert set(Group.objects.values_list("name", flat=True)) == {"Viewer", "Operator", "Admin"}


def test_a_console_from_before_keeps_its_decision_makers_until_an_admin_moves_them(
    signed_in: SignIn, stage: make.Stage
) -> None:
    group = former(stage)
    accept_rows(rows_of_roles(), unknown_only=True)
    assert stage.cast.lee.has_perm("rollbacks.request_rollback")
    client, address = signed_in(stage.cast.ada), f"/people/groups/{group.pk}/removals/"
    assert "This is no longer a role" in words(client.get("/people/groups/"))
    page = words(client.post(address))
    assert "2 people are in it: Lee Example, Sam Example." in page
    assert Group.objects.filter(pk=group.pk).exists()
    operator = Group.objects.get(name="Operator")
    client.post(address, {"sure": "yes", "move_to": operator.pk})
    assert not Group.objects.filter(pk=group.pk).exists()
    for person in (stage.cast.lee, stage.cast.sam):
        assert list(person.groups.all()) == [operator]
    kinds = list(ConfigurationEvent.objects.values_list("kind", flat=True))
    assert kinds[-3:] == ["person.roles_changed", "person.roles_changed", "group.removed"]
    assert list(configuration_row_flaws(rows_of_roles())) == []


def test_roles_stay_and_nobody_is_left_in_no_group(stage: make.Stage) -> None:
    by = stage.cast.ada
    with pytest.raises(AccessError, match="own roles"):
        remove_group(Group.objects.get(name="Viewer"), by=by)
    group = add_group(by=by, name="Night shift", like="Operator", limit=ScopeLimit.of(["x"], []))
    stage.cast.vic.groups.add(group)
    with pytest.raises(AccessError, match="which group takes its people"):
        remove_group(group, by=by)
    stage.cast.vic.groups.remove(group)
    assert remove_group(group, by=by) == 0


def test_a_group_without_people_is_removed_once_a_person_is_sure(
    signed_in: SignIn, stage: make.Stage
) -> None:
    group = add_group(by=stage.cast.ada, name="Night shift", like="Operator", limit=EVERYWHERE)
    client, address = signed_in(stage.cast.ada), f"/people/groups/{group.pk}/removals/"
    assert "Nothing is done yet." in words(client.post(address))
    client.post(address, {"sure": "yes"})
    assert not Group.objects.filter(pk=group.pk).exists()
    viewer = Group.objects.get(name="Viewer")
    client.post(f"/people/groups/{viewer.pk}/removals/", {"sure": "yes", "move_to": "1"})
    assert Group.objects.filter(pk=viewer.pk).exists()


def test_naming_a_decision_maker_says_what_else_they_may_do(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client, address = signed_in(stage.cast.ada), "/environments/staging/decision-makers/"
    stage.cast.dana.last_login = stage.cast.vic.last_login = "2026-01-01T00:00Z"
    stage.cast.dana.save()
    stage.cast.vic.save()
    fields = {"user": stage.cast.dana.pk, "role": "CTO", "rung": "3"}
    page = words(client.post(address, fields, follow=True))
    assert "dana is added as CTO. They request and steer rollbacks too" in page
    kim = make.person("kim", "Viewer")
    kim.groups.clear()
    page = words(client.post(address, {**fields, "user": kim.pk}, follow=True))
    assert "They are in no group and see nothing yet" in page
    page = words(client.post(address, {**fields, "user": stage.cast.vic.pk}, follow=True))
    assert "vic is added as CTO." in page
    assert "STAGING as CTO, level 3" in words(client.get(f"/people/{stage.cast.vic.pk}/"))


def test_a_group_of_the_last_admins_is_not_removed(stage: make.Stage) -> None:
    keepers = add_group(by=stage.cast.ada, name="Keepers", like="Admin", limit=EVERYWHERE)
    viewer = Group.objects.get(name="Viewer")
    stage.cast.ada.groups.set([keepers])
    with pytest.raises(AccessError, match="would leave no Admin"):
        remove_group(keepers, by=stage.cast.ada, move_to=viewer)
    with pytest.raises(AccessError, match="would leave no Admin"):
        change_person(stage.cast.ada, by=stage.cast.ada, groups=[viewer])
    with pytest.raises(AccessError, match="would leave no Admin"):
        deactivate_person(stage.cast.ada, by=None)
    assert stage.cast.ada.groups.get() == keepers
    assert remove_group(keepers, by=stage.cast.ada, move_to=Group.objects.get(name="Admin")) == 1
