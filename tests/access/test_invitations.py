"""Invitations: a link that opens one account once, whoever tries what with it."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.utils import timezone

from rollback_console.access.actions.invitations import (
    accept_invitation,
    invite_again,
    invite_person,
    revoke_invitations,
)
from rollback_console.access.actions.people import deactivate_person
from rollback_console.access.errors import (
    AccessError,
    BadInvitation,
    SecondAdminMissing,
    WeakPassword,
)
from rollback_console.access.models import Invitation
from rollback_console.audit.integrity.row_comparison import accept_rows, configuration_row_flaws
from rollback_console.audit.models import ConfigurationEvent
from rollback_console.plans.actions.decision_makers import name_decision_maker
from rollback_console.plans.actions.second_admin import is_young
from rollback_console.plans.models import Environment
from rollback_console.rollbacks.permissions.groups import rows_of_roles
from tests.make import Stage

PASSWORD = "umbrella tractor violin marmalade"


def invited(stage: Stage, **more: Any) -> str:
    groups = Group.objects.filter(name="Operator")
    return invite_person(by=stage.cast.ada, username="kim", groups=groups, **more)[1]


def test_an_invited_person_has_a_group_and_no_password_before_they_choose_one(
    stage: Stage,
) -> None:
    secret = invited(stage)
    kim = User.objects.get(username="kim")
    assert not kim.has_usable_password()
    assert [group.name for group in kim.groups.all()] == ["Operator"]
    accept_invitation(secret, password=PASSWORD)
    kim.refresh_from_db()
    assert kim.check_password(PASSWORD)


def test_only_the_hash_of_the_secret_is_stored(stage: Stage) -> None:
    secret = invited(stage)
    row = Invitation.objects.get()
    assert secret not in str(vars(row))
    assert len(secret) == 43
    assert not any(
        secret in f"{event.facts}{event.changes}{event.rows}"
        for event in ConfigurationEvent.objects.all()
    )


def test_a_link_counts_once(stage: Stage) -> None:
    secret = invited(stage)
    accept_invitation(secret, password=PASSWORD)
    with pytest.raises(BadInvitation):
        accept_invitation(secret, password="another tractor violin marmalade")
    assert User.objects.get(username="kim").check_password(PASSWORD)


def test_a_link_ends_by_time_by_revocation_and_with_its_person(stage: Stage) -> None:
    secret = invited(stage)
    kim = User.objects.get(username="kim")
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(BadInvitation):
        accept_invitation(secret, password=PASSWORD)
    _, secret = invite_again(kim, by=stage.cast.ada)
    assert revoke_invitations(kim, by=stage.cast.ada) == 1
    with pytest.raises(BadInvitation):
        accept_invitation(secret, password=PASSWORD)
    _, secret = invite_again(kim, by=stage.cast.ada)
    deactivate_person(kim, by=stage.cast.ada)
    with pytest.raises(BadInvitation):
        accept_invitation(secret, password=PASSWORD)
    assert not User.objects.get(username="kim").has_usable_password()


def test_a_link_ends_with_the_right_of_the_admin_who_gave_it(stage: Stage) -> None:
    secret = invited(stage)
    stage.cast.ada.groups.clear()
    with pytest.raises(BadInvitation):
        accept_invitation(secret, password=PASSWORD)


def test_a_new_link_ends_the_one_before(stage: Stage) -> None:
    first = invited(stage)
    _, second = invite_again(User.objects.get(username="kim"), by=stage.cast.ada)
    with pytest.raises(BadInvitation):
        accept_invitation(first, password=PASSWORD)
    accept_invitation(second, password=PASSWORD)


def test_no_link_is_made_for_an_account_that_somebody_uses(stage: Stage) -> None:
    with pytest.raises(AccessError, match="has a password"):
        invite_again(stage.cast.dana, by=stage.cast.ada)
    secret = invited(stage)
    User.objects.filter(username="kim").update(last_login=timezone.now())
    with pytest.raises(AccessError):
        invite_again(User.objects.get(username="kim"), by=stage.cast.ada)
    with pytest.raises(BadInvitation):
        accept_invitation(secret, password=PASSWORD)


def test_a_password_that_is_easy_to_guess_is_refused_and_the_link_stays_open(
    stage: Stage,
) -> None:
    secret = invited(stage)
    for weak in ("short", "kimkimkimkim", "password123456", "rollbackconsole1"):
        with pytest.raises(WeakPassword):
            accept_invitation(secret, password=weak)
    accept_invitation(secret, password=PASSWORD)


def test_nobody_but_an_admin_invites(stage: Stage) -> None:
    with pytest.raises(PermissionDenied):
        invite_person(by=stage.cast.lee, username="kim")
    assert not User.objects.filter(username="kim").exists()


def test_where_two_admins_are_asked_for_one_does_not_invite_an_admin(stage: Stage) -> None:
    Environment.objects.update(second_admin=True)
    with pytest.raises(SecondAdminMissing):
        invite_person(by=stage.cast.ada, username="kim", groups=Group.objects.filter(name="Admin"))
    assert not User.objects.filter(username="kim").exists()


def test_an_account_whose_invitation_was_just_accepted_is_young(stage: Stage) -> None:
    made, secret = invite_person(by=stage.cast.ada, username="kim")
    User.objects.update(date_joined=timezone.now() - timedelta(days=8))
    accepted = accept_invitation(secret, password=PASSWORD)
    assert is_young(User.objects.get(pk=accepted.pk))
    assert not is_young(User.objects.get(pk=stage.cast.vic.pk))
    assert made.person == accepted


def test_the_holder_of_a_link_does_not_take_rights_that_two_admins_gave_meanwhile(
    stage: Stage,
) -> None:
    secret = invited(stage)
    kim = User.objects.get(username="kim")
    name_decision_maker(stage.environment, by=None, user=kim, role="CTO", rung=3)
    Environment.objects.update(second_admin=True)
    with pytest.raises(SecondAdminMissing):
        accept_invitation(secret, password=PASSWORD)
    assert not User.objects.get(username="kim").has_usable_password()


def test_each_act_is_on_record_and_the_record_fits_the_rows(stage: Stage) -> None:
    accept_rows(rows_of_roles(), unknown_only=True)
    invited(stage)
    kim = User.objects.get(username="kim")
    _, secret = invite_again(kim, by=stage.cast.ada)
    accept_invitation(secret, password=PASSWORD)
    kinds = ConfigurationEvent.objects.filter(kind__startswith="invitation.")
    assert [(event.kind, event.by_name) for event in kinds] == [
        ("invitation.made", "ada"),
        ("invitation.revoked", "ada"),
        ("invitation.made", "ada"),
        ("invitation.accepted", "kim"),
    ]
    assert list(configuration_row_flaws(rows_of_roles())) == []
    Invitation.objects.update(used_at=None)
    (flaw,) = configuration_row_flaws(rows_of_roles())
    assert "the used at of the invitation for kim is not the one on record" in flaw.what


def test_the_command_line_prints_the_link_once(stage: Stage) -> None:
    out, sentences = io.StringIO(), io.StringIO()
    call_command("invite", "kim", "--group", "Operator", stdout=out, stderr=sentences)
    match = re.fullmatch(r"http://testserver/invitations/([\w-]{43})/\n", out.getvalue())
    assert match, out.getvalue()
    assert "once, until" in sentences.getvalue()
    accept_invitation(match[1], password=PASSWORD)
    with pytest.raises(CommandError, match="has a password"):
        call_command("invite", "kim")
    with pytest.raises(CommandError, match="There is no group Operators"):
        call_command("invite", "kit", "--group", "Operators")
    with pytest.raises(CommandError, match="No link of kim is open"):
        call_command("invite", "kim", "--revoke")
