"""Where an environment asks for two Admins, one alone cannot ease an approval."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.utils import timezone

from rollback_console.access.actions import passwords, pending_changes, people, second_factors
from rollback_console.access.actions.groups import add_group, limit_group
from rollback_console.access.errors import AccessError, SecondAdminMissing
from rollback_console.access.models import GroupLimit, PendingChange
from rollback_console.access.scope_limits import EVERYWHERE, ScopeLimit
from rollback_console.audit.models import ConfigurationEvent
from rollback_console.audit.stale_edit import draw_version
from rollback_console.outbox.rights_notices import find_rights
from rollback_console.plans.actions import (
    credentials,
    decision_makers,
    environments,
    host_keys,
    hosts,
)
from rollback_console.plans.actions.delegations import delegate_right
from rollback_console.plans.actions.second_admin import NeedsSecondAdmin, is_second, is_young
from rollback_console.plans.errors import KeyWasRemoved, PlanError
from rollback_console.plans.models import Credential, Environment, Host
from rollback_console.remote.protocol import HostKeyPin
from rollback_console.rollbacks.permissions import groups, rights
from rollback_console.web.forms.places import EnvironmentForm
from tests import make
from tests.web.factors import add_app

NEW = "a quite different battery"


@pytest.fixture
def two(stage: make.Stage) -> User:
    """A second Admin, in an environment that asks for two; everybody has been there for long."""
    second = make.person("bea", groups.ADMIN)
    User.objects.update(date_joined=timezone.now() - timedelta(days=30))
    Environment.objects.update(second_admin=True)
    second.refresh_from_db()
    for person in vars(stage.cast).values():
        person.refresh_from_db()
    return second


def kinds_on_record() -> list[str]:
    return list(ConfigurationEvent.objects.order_by("seq").values_list("kind", flat=True))


def test_nobody_names_themselves_or_a_new_account_alone(stage: make.Stage, two: User) -> None:
    ada, young = stage.cast.ada, make.person("kim", groups.OPERATOR)
    for user in (ada, young):
        with pytest.raises(NeedsSecondAdmin):
            decision_makers.name_decision_maker(
                stage.environment, by=ada, user=user, role="CTO", rung=1
            )
    line = decision_makers.LadderLine(ada, "CTO", 1)
    with pytest.raises(NeedsSecondAdmin):
        decision_makers.replace_policy(stage.environment, by=ada, ladder=[line])
    maker = stage.environment.decision_makers.get(user=stage.cast.lee)
    decision_makers.change_decision_maker(maker, by=ada, role=maker.role, rung=4)


def test_no_accomplice_takes_the_place_of_who_decides(stage: make.Stage, two: User) -> None:
    ada, lee = stage.cast.ada, stage.environment.decision_makers.get(user=stage.cast.lee)
    accomplice: dict[str, Any] = {"by": ada, "user": stage.cast.dana, "role": "CTO", "rung": 1}
    with pytest.raises(NeedsSecondAdmin):
        decision_makers.name_decision_maker(stage.environment, **accomplice)
    with pytest.raises(NeedsSecondAdmin):
        decision_makers.change_decision_maker(lee, by=ada, role="CTO", rung=1)
    others = stage.environment.decision_makers.exclude(user=stage.cast.lee)
    lines = [decision_makers.LadderLine(each.user, each.role, each.rung) for each in others]
    swapped = [*lines, decision_makers.LadderLine(stage.cast.dana, lee.role, lee.rung)]
    with pytest.raises(NeedsSecondAdmin):
        decision_makers.replace_policy(stage.environment, by=ada, ladder=swapped)
    client = make.signed_in(ada)
    page = f"/environments/staging/decision-makers/{lee.pk}/changes/"
    client.post(page, {"role": "CTO", "rung": 1, "drawn_from": draw_version(lee)})
    lee.refresh_from_db()
    assert lee.role != "CTO"
    pending_changes.confirm_change(PendingChange.objects.get(), by=two)
    lee.refresh_from_db()
    assert lee.role == "CTO"


def test_who_is_taken_away_is_told_and_comes_back_by_two_alone(
    stage: make.Stage, two: User
) -> None:
    """One Admin alone may take rights away, which must be possible at night; not give them back."""
    ada, admin = stage.cast.ada, Group.objects.get(name=groups.ADMIN)
    people.change_person(two, by=ada, groups=[])
    maker = stage.environment.decision_makers.get(user=stage.cast.sam)
    decision_makers.remove_decision_maker(maker, by=ada)
    people.deactivate_person(stage.cast.lee, by=ada)
    notices = list(find_rights(timezone.now()))
    assert {each.kind for each in notices} >= {
        "person.changed",
        "decision_maker.removed",
        "person.deactivated",
    }
    assert all("ada@example.org" in each.to for each in notices)
    with pytest.raises(SecondAdminMissing):
        people.change_person(two, by=ada, groups=[admin])
    with pytest.raises(SecondAdminMissing):
        people.activate_person(User.objects.get(pk=stage.cast.lee.pk), by=ada)
    with pytest.raises(NeedsSecondAdmin):
        decision_makers.name_decision_maker(
            stage.environment, by=ada, user=stage.cast.sam, role=maker.role, rung=maker.rung
        )


def test_another_admin_confirms_what_was_proposed(stage: make.Stage, two: User) -> None:
    ada = stage.cast.ada
    change = pending_changes.propose_decision_maker(
        stage.environment, by=ada, user=ada, role="CTO", rung=3
    )
    with pytest.raises(AccessError, match="neither proposed this nor gains by it"):
        pending_changes.confirm_change(change, by=ada)
    with pytest.raises(PermissionDenied):
        pending_changes.confirm_change(change, by=stage.cast.lee)
    pending_changes.confirm_change(change, by=two)
    assert stage.environment.decision_makers.get(user=ada).role == "CTO"
    with pytest.raises(AccessError, match="decided already"):
        pending_changes.confirm_change(change, by=two)
    assert kinds_on_record()[-3:] == ["right.proposed", "decision_maker.named", "right.confirmed"]


def test_a_second_admin_that_was_made_today_confirms_nothing(stage: make.Stage, two: User) -> None:
    change = pending_changes.propose_break_glass(stage.cast.sam, by=stage.cast.ada)
    young = make.person("kim", groups.ADMIN)
    with pytest.raises(AccessError, match="younger than a day"):
        pending_changes.confirm_change(change, by=young)
    assert not rights.may_break_glass(stage.cast.sam)


def test_one_admin_makes_no_second_one(stage: make.Stage, two: User) -> None:
    admin = Group.objects.filter(name=groups.ADMIN)
    with pytest.raises(SecondAdminMissing):
        people.change_person(stage.cast.vic, by=stage.cast.ada, username="vic", groups=admin)
    with pytest.raises(SecondAdminMissing):
        people.add_person(by=stage.cast.ada, username="kim", password=NEW, groups=admin)
    client = make.signed_in(stage.cast.ada)
    fields = {"username": "vic", "groups": [admin.get().pk]}
    client.post(f"/people/{stage.cast.vic.pk}/", fields)
    assert not stage.cast.vic.groups.filter(name=groups.ADMIN).exists()
    pending_changes.confirm_change(PendingChange.objects.get(), by=two)
    assert stage.cast.vic.groups.filter(name=groups.ADMIN).exists()


def test_break_glass_waits_for_a_second_admin(stage: make.Stage, two: User) -> None:
    sam, client = stage.cast.sam, make.signed_in(stage.cast.ada)
    with pytest.raises(SecondAdminMissing):
        people.grant_break_glass(sam, by=stage.cast.ada)
    client.post(f"/people/{sam.pk}/break-glass/", {"may": "yes"})
    assert not rights.may_break_glass(sam)
    change = PendingChange.objects.get()
    page = make.signed_in(two).get("/people/confirmations/").content.decode()
    assert "may start rollbacks without approval" in page
    client.post(f"/people/confirmations/{change.pk}/", {"decision": "confirm"})
    assert not rights.may_break_glass(sam)
    make.signed_in(two).post(f"/people/confirmations/{change.pk}/", {"decision": "confirm"})
    assert rights.may_break_glass(sam)


def test_a_password_of_somebody_who_decides_waits_and_is_kept_as_a_hash_alone(
    stage: make.Stage, two: User
) -> None:
    lee, client = stage.cast.lee, make.signed_in(stage.cast.ada)
    fields = {"username": "lee", "email": lee.email, "password": NEW}
    groups_of_lee = list(lee.groups.values_list("pk", flat=True))
    client.post(f"/people/{lee.pk}/", {**fields, "groups": groups_of_lee})
    lee.refresh_from_db()
    assert lee.check_password(make.PASSWORD)
    change = PendingChange.objects.get()
    assert NEW not in str(change.details)
    pending_changes.confirm_change(change, by=two)
    lee.refresh_from_db()
    change.refresh_from_db()
    assert lee.check_password(NEW)
    assert change.details == {}


def test_an_admins_password_waits_too_and_an_operators_does_not(
    stage: make.Stage, two: User
) -> None:
    with pytest.raises(SecondAdminMissing):
        passwords.set_password(two, by=stage.cast.ada, password=NEW)
    passwords.set_password(stage.cast.dana, by=stage.cast.ada, password=NEW)
    passwords.set_password(stage.cast.lee, by=stage.cast.lee, password=NEW)


def test_an_admin_resets_a_lost_second_factor_on_record_and_never_their_own(
    stage: make.Stage,
) -> None:
    dana, ada = stage.cast.dana, stage.cast.ada
    add_app(dana)
    add_app(ada)
    there = make.signed_in(dana, how="mfa")
    secret = make.token(dana, name="pipeline", scopes=["read"])[0]
    make.signed_in(ada, how="mfa").post(f"/people/{dana.pk}/factors/resets/")
    secret.refresh_from_db()
    assert secret.revoked_at is not None
    assert there.get("/").status_code == 302
    assert "factor.reset" in kinds_on_record()
    with pytest.raises(AccessError, match="Another Admin must reset"):
        second_factors.reset_second_factor(ada, by=ada)
    with pytest.raises(PermissionDenied):
        second_factors.reset_second_factor(ada, by=stage.cast.lee)


def test_a_factor_of_somebody_who_decides_waits(stage: make.Stage, two: User) -> None:
    add_app(stage.cast.lee)
    with pytest.raises(SecondAdminMissing):
        second_factors.reset_second_factor(stage.cast.lee, by=stage.cast.ada)
    change = pending_changes.propose_second_factor_reset(stage.cast.lee, by=stage.cast.ada)
    pending_changes.confirm_change(change, by=two)
    assert kinds_on_record()[-2:] == ["factor.reset", "right.confirmed"]


def test_what_was_refused_or_waited_for_a_week_never_happens(stage: make.Stage, two: User) -> None:
    refused = pending_changes.propose_break_glass(stage.cast.sam, by=stage.cast.ada)
    pending_changes.refuse_change(refused, by=stage.cast.ada)
    late = pending_changes.propose_break_glass(stage.cast.sam, by=stage.cast.ada)
    PendingChange.objects.filter(pk=late.pk).update(expires_at=timezone.now())
    for change in (refused, late):
        with pytest.raises(AccessError, match="decided already, or waited"):
            pending_changes.confirm_change(change, by=two)
    assert not rights.may_break_glass(stage.cast.sam)


def test_who_lost_the_right_since_proposed_nothing(stage: make.Stage, two: User) -> None:
    change = pending_changes.propose_break_glass(stage.cast.sam, by=stage.cast.ada)
    stage.cast.ada.groups.clear()
    with pytest.raises(PermissionDenied):
        pending_changes.confirm_change(change, by=two)
    assert not rights.may_break_glass(stage.cast.sam)


def test_an_admin_does_not_switch_the_rule_off(stage: make.Stage, two: User) -> None:
    with pytest.raises(PlanError, match="drop_second_admin"):
        environments.change_environment(stage.environment, by=stage.cast.ada, second_admin=False)
    call_command("drop_second_admin", "staging", stdout=StringIO())
    stage.environment.refresh_from_db()
    assert not stage.environment.second_admin


def test_the_ladder_and_the_admins_are_told(stage: make.Stage, two: User) -> None:
    pending_changes.propose_break_glass(stage.cast.sam, by=stage.cast.ada)
    notice = next(iter(find_rights(timezone.now())))
    assert notice.environment == stage.environment
    assert {"lee@example.org", "sam@example.org", "ada@example.org"} <= set(notice.to)
    assert "sam may start rollbacks without approval" in notice.text
    assert "ada proposed a right for sam." in notice.text


def test_a_deactivated_admin_is_taken_over_by_nobody(stage: make.Stage, two: User) -> None:
    ada = stage.cast.ada
    add_app(two)
    people.deactivate_person(two, by=ada)
    gone = User.objects.get(pk=two.pk)
    with pytest.raises(SecondAdminMissing):
        passwords.set_password(gone, by=ada, password=NEW)
    with pytest.raises(SecondAdminMissing):
        second_factors.reset_second_factor(gone, by=ada)
    with pytest.raises(SecondAdminMissing):
        people.activate_person(gone, by=ada)
    make.signed_in(ada).post(f"/people/{two.pk}/activations/")
    assert not User.objects.get(pk=two.pk).is_active


def test_another_admin_confirms_that_somebody_signs_in_again(stage: make.Stage, two: User) -> None:
    people.deactivate_person(stage.cast.lee, by=stage.cast.ada)
    lee = User.objects.get(pk=stage.cast.lee.pk)
    change = pending_changes.propose_activation(lee, by=stage.cast.ada)
    pending_changes.confirm_change(change, by=two)
    assert User.objects.get(pk=lee.pk).is_active
    people.deactivate_person(stage.cast.vic, by=stage.cast.ada)
    people.activate_person(stage.cast.vic, by=stage.cast.ada)


def test_whoever_may_break_glass_or_borrows_a_right_is_not_taken_over(
    stage: make.Stage, two: User
) -> None:
    named, member, borrower = (make.person(name, groups.OPERATOR) for name in ("kim", "kai", "kit"))
    make.may_break_glass(named)
    glass = Group.objects.create(name="Glass")
    glass.permissions.add(Permission.objects.get(codename="break_glass"))
    member.groups.add(glass)
    delegate_right(stage.environment, by=stage.cast.lee, to=borrower, hours=8, reason="away")
    for person in (named, member, borrower):
        with pytest.raises(SecondAdminMissing):
            passwords.set_password(person, by=stage.cast.ada, password=NEW)


def test_an_account_whose_password_was_reset_is_young_again(stage: make.Stage, two: User) -> None:
    ada, vic, sam = stage.cast.ada, stage.cast.vic, stage.cast.sam
    decision_makers.remove_decision_maker(stage.environment.decision_makers.get(user=sam), by=ada)
    for person in (vic, sam):
        passwords.set_password(person, by=ada, password=NEW)
        with pytest.raises(NeedsSecondAdmin):
            decision_makers.name_decision_maker(
                stage.environment, by=ada, user=person, role="CTO", rung=2
            )
    assert is_young(vic)
    passwords.set_password(two, by=None, password=NEW)
    assert not is_second(ada, two)


def test_fewer_approvals_wait_for_a_second_admin(stage: make.Stage, two: User) -> None:
    ada, environment = stage.cast.ada, stage.environment
    rules: dict[str, Any] = {
        "approvals_code": 2,
        "approvals_data": 2,
        "data_role": "DevOps Lead",
        "second_person": "always",
    }
    environments.change_environment(environment, by=ada, **rules)
    easings: list[dict[str, Any]] = [
        {"approvals_code": 1},
        {"approvals_code": 1, "approvals_data": 1},
        {"data_role": ""},
        {"second_person": "never"},
    ]
    for eased in easings:
        with pytest.raises(NeedsSecondAdmin):
            environments.change_environment(environment, by=ada, **eased)
    ladder = [
        decision_makers.LadderLine(each.user, each.role, each.rung)
        for each in environment.decision_makers.all()
    ]
    with pytest.raises(NeedsSecondAdmin):
        decision_makers.replace_policy(environment, by=ada, ladder=ladder, approvals_code=1)
    change = pending_changes.propose_rules(environment, by=ada, approvals_code=1)
    environment.refresh_from_db()
    assert environment.approvals_code == 2
    with pytest.raises(AccessError):
        pending_changes.confirm_change(change, by=ada)
    pending_changes.confirm_change(change, by=two)
    environment.refresh_from_db()
    assert (environment.approvals_code, environment.data_role) == (1, "DevOps Lead")


def test_the_page_saves_the_rest_and_proposes_the_lower_quorum(
    stage: make.Stage, two: User
) -> None:
    environments.change_environment(
        stage.environment, by=stage.cast.ada, approvals_code=2, approvals_data=2
    )
    row = Environment.objects.get(pk=stage.environment.pk)
    form = EnvironmentForm(instance=row)
    fields = {name: form[name].value() for name in form.fields}
    fields = {name: value for name, value in fields.items() if value not in (None, False)}
    fields |= {"approvals_code": 1, "escalate_after": 11}
    del fields["second_person"]  # left out, it stays as it is
    client = make.signed_in(stage.cast.ada)
    page = client.post(f"/environments/{row.slug}/", fields, follow=True).content.decode()
    assert "approval rules are unchanged for now" in page
    row.refresh_from_db()
    assert (row.approvals_code, row.escalate_after, row.second_admin) == (2, 11, True)
    page = make.signed_in(two).get("/people/confirmations/").content.decode()
    assert "1 must approve code alone and 2 where data is at risk" in page
    pending_changes.confirm_change(PendingChange.objects.get(), by=two)
    row.refresh_from_db()
    assert (row.approvals_code, row.second_person) == (1, "quorum")


def test_a_group_that_may_break_glass_waits_and_other_groups_stay(
    stage: make.Stage, two: User
) -> None:
    glass = Group.objects.create(name="Glass")
    glass.permissions.add(Permission.objects.get(codename="break_glass"))
    with pytest.raises(SecondAdminMissing):
        people.change_person(stage.cast.dana, by=stage.cast.ada, groups=[glass])
    fields = {"username": "bea", "email": two.email, "groups": [glass.pk, two.groups.get().pk]}
    make.signed_in(stage.cast.ada).post(f"/people/{two.pk}/", fields)
    assert list(two.groups.values_list("name", flat=True)) == [groups.ADMIN]
    assert PendingChange.objects.get().kind == PendingChange.BREAK_GLASS


def test_a_group_that_may_break_glass_holds_further_only_by_two(
    stage: make.Stage, two: User
) -> None:
    ada, here = stage.cast.ada, ScopeLimit.of([stage.environment.slug], [])
    glass = add_group(by=ada, name="Glass", like=groups.OPERATOR, limit=here)
    limit_group(glass, by=ada, limit=ScopeLimit.of([stage.environment.slug, "lax"], []))
    glass.permissions.add(Permission.objects.get(codename="break_glass"))
    limit_group(glass, by=ada, limit=here)  # less is one Admin's
    for wider in (EVERYWHERE, ScopeLimit.of([stage.environment.slug, "lax"], [])):
        with pytest.raises(SecondAdminMissing):
            limit_group(glass, by=ada, limit=wider)
    page = make.signed_in(ada).post(f"/people/groups/{glass.pk}/limits/", {}, follow=True)
    assert "Another Admin must confirm this" in page.content.decode()
    change = PendingChange.objects.get()
    assert change.sentence == (
        "Glass, which may start rollbacks without approval, holds in: everywhere"
    )
    pending_changes.confirm_change(change, by=two)
    assert not GroupLimit.objects.get(group=glass).limit


@pytest.fixture
def lax(two: User) -> Environment:
    """An environment with easier rules, beside the one that asks for two Admins."""
    return Environment.objects.create(slug="lax", name="LAX", approvals_data=1)


def relist(stage: make.Stage, lax: Environment) -> None:
    other = Credential.objects.create(name="other", username="deploy")
    hosts.add_host(
        by=stage.cast.ada, name="app-2", address="192.0.2.2", credential=other, environment=lax
    )


def test_a_machine_of_stricter_rules_is_not_listed_again_under_easier_ones(
    stage: make.Stage, lax: Environment
) -> None:
    relist(stage, lax)
    alike: dict[str, dict[str, Any]] = {
        "app-3": {"address": stage.host.address.upper()},
        "app-4": {"credential": stage.host.credential},
    }
    for name, fields in alike.items():
        with pytest.raises(NeedsSecondAdmin, match="STAGING, which asks for two Admins"):
            relist_as(stage, lax, name, **fields)


def relist_as(stage: make.Stage, lax: Environment, name: str, **fields: Any) -> None:
    place: dict[str, Any] = {
        "address": "192.0.2.9",
        "credential": Credential.objects.get(name="other"),
        "environment": lax,
    }
    hosts.add_host(by=stage.cast.ada, name=name, **{**place, **fields})


def test_nor_listed_in_another_environment_that_asks_for_two_admins(
    stage: make.Stage, lax: Environment
) -> None:
    ada = stage.cast.ada
    decision_makers.name_decision_maker(lax, by=ada, user=stage.cast.vic, role="CTO", rung=1)
    twin = environments.change_environment(lax, by=ada, second_admin=True)
    relist(stage, twin)
    alike: dict[str, dict[str, Any]] = {
        "app-3": {"address": stage.host.address},
        "app-4": {"credential": stage.host.credential},
        "app-5": {"jump": stage.host},
    }
    for name, fields in alike.items():
        with pytest.raises(NeedsSecondAdmin):
            relist_as(stage, twin, name, **fields)
    copy = Host.objects.get(name="app-2")
    (key,) = host_keys.note_keys(copy, [HostKeyPin("ssh-ed25519", make.KEY)], by=None)
    with pytest.raises(NeedsSecondAdmin):
        host_keys.confirm_key(key, by=ada)
    relist_as(stage, stage.environment, "app-6", credential=stage.host.credential)


def test_nor_reached_under_another_address_by_its_key(stage: make.Stage, lax: Environment) -> None:
    relist(stage, lax)
    copy = Host.objects.get(name="app-2")
    (key,) = host_keys.note_keys(copy, [HostKeyPin("ssh-ed25519", make.KEY)], by=None)
    with pytest.raises(NeedsSecondAdmin):
        host_keys.confirm_key(key, by=stage.cast.ada)
    own = stage.host.keys.get()
    host_keys.confirm_key(own, by=None)
    host_keys.forget_key(own, by=stage.cast.ada)
    with pytest.raises(NeedsSecondAdmin):
        host_keys.confirm_key(key, by=stage.cast.ada)


@pytest.mark.parametrize("field", ["environment", "address", "port", "credential"])
def test_nor_moved_or_reached_otherwise_by_one_admin(
    stage: make.Stage, lax: Environment, field: str
) -> None:
    other = Credential.objects.create(name="other", username="deploy")
    values: dict[str, Any] = {"environment": lax, "address": "192.0.2.9", "port": 2222}
    values["credential"] = other
    with pytest.raises(NeedsSecondAdmin):
        hosts.change_host(stage.host, by=stage.cast.ada, **{field: values[field]})
    hosts.change_host(stage.host, by=stage.cast.ada, groups=[])


def test_nor_removed_by_one_admin_to_be_listed_elsewhere(
    stage: make.Stage, lax: Environment
) -> None:
    with pytest.raises(NeedsSecondAdmin):
        hosts.remove_host(stage.host, by=stage.cast.ada)


def test_a_host_of_easier_rules_does_not_become_one_of_stricter_ones(
    stage: make.Stage, lax: Environment
) -> None:
    relist(stage, lax)
    copy = Host.objects.get(name="app-2")
    with pytest.raises(NeedsSecondAdmin):
        hosts.change_host(copy, by=stage.cast.ada, credential=stage.host.credential)


def test_the_second_admin_confirms_a_move_of_a_host_on_the_page(
    stage: make.Stage, two: User, lax: Environment
) -> None:
    client = make.signed_in(stage.cast.ada)
    fields = {
        "name": stage.host.name,
        "environment": lax.pk,
        "address": stage.host.address,
        "port": 22,
        "credential": stage.host.credential_id,
        "drawn_from": draw_version(stage.host, *hosts.RECORDED),
    }
    client.post(f"/hosts/{stage.host.pk}/", fields)
    change = PendingChange.objects.get()
    assert "the host app-1 is changed" in change.sentence
    stage.host.refresh_from_db()
    assert stage.host.environment != lax
    pending_changes.confirm_change(change, by=two)
    stage.host.refresh_from_db()
    assert stage.host.environment == lax


def test_a_credential_whose_account_changed_since_the_proposal_is_not_confirmed(
    stage: make.Stage, two: User
) -> None:
    ada, other = stage.cast.ada, Credential.objects.create(name="other", username="deploy")
    fields: dict[str, Any] = {"environment": stage.environment, "credential": other}
    change = pending_changes.propose_host(by=ada, host=stage.host, **fields)
    credentials.change_credential(other, by=ada, username="root")
    with pytest.raises(AccessError, match="changed since"):
        pending_changes.confirm_change(change, by=two)
    other.refresh_from_db()
    change = pending_changes.propose_host(by=ada, host=stage.host, **fields)
    pending_changes.confirm_change(change, by=two)
    assert Host.objects.get(pk=stage.host.pk).credential == other


def test_a_listing_a_removal_and_a_key_wait_on_their_pages_too(
    stage: make.Stage, two: User, lax: Environment
) -> None:
    client = make.signed_in(stage.cast.ada)
    fields = {"name": "app-9", "environment": lax.pk, "address": stage.host.address, "port": 22}
    client.post("/hosts/new/", {**fields, "credential": stage.host.credential_id})
    relist(stage, lax)
    (key,) = host_keys.note_keys(
        Host.objects.get(name="app-2"), [HostKeyPin("ssh-ed25519", make.KEY)], by=None
    )
    client.post(f"/hosts/{key.host.pk}/keys/{key.pk}/confirmations/")
    client.post(f"/hosts/{stage.host.pk}/removals/", {"sure": "yes"})
    added, confirmed, removed = PendingChange.objects.order_by("pk")
    pending_changes.confirm_change(added, by=two)
    assert Host.objects.get(name="app-9").environment == lax
    pending_changes.confirm_change(confirmed, by=two)
    key.refresh_from_db()
    assert key.confirmed_by == stage.cast.ada
    pending_changes.confirm_change(removed, by=two)
    assert not Host.objects.filter(pk=stage.host.pk).exists()


def test_the_second_admin_reads_why_a_removed_key_is_right_after_all(
    stage: make.Stage, two: User, lax: Environment
) -> None:
    relist(stage, lax)
    ada, pins = stage.cast.ada, [HostKeyPin("ssh-ed25519", make.KEY)]
    copy = Host.objects.get(name="app-2")
    (key,) = host_keys.note_keys(copy, pins, by=ada)
    host_keys.forget_key(key, by=ada)
    (key,) = host_keys.note_keys(copy, pins, by=ada)
    with pytest.raises(KeyWasRemoved):
        pending_changes.propose_host_key(key, by=ada)
    change = pending_changes.propose_host_key(key, by=ada, reason="Bo compared it")
    assert "although it was removed before: Bo compared it" in change.sentence
    pending_changes.confirm_change(change, by=two)
    key.refresh_from_db()
    assert key.confirmed_by == ada


def test_rules_are_guarded_wherever_a_machine_of_stricter_ones_stands(
    stage: make.Stage, two: User, lax: Environment
) -> None:
    ada = stage.cast.ada
    decision_makers.name_decision_maker(lax, by=None, user=stage.cast.lee, role="Lead", rung=1)
    environments.change_environment(lax, by=ada, request_expires=90)
    hosts.add_host(
        by=None,
        name="app-9",
        address=stage.host.address,
        environment=lax,
        credential=stage.host.credential,
    )
    with pytest.raises(NeedsSecondAdmin):
        decision_makers.name_decision_maker(lax, by=ada, user=ada, role="CTO", rung=1)
    with pytest.raises(NeedsSecondAdmin):
        environments.change_environment(lax, by=ada, request_expires=120)


@pytest.mark.parametrize(
    ("strict", "easier"),
    [
        ({"readiness_rule": "block"}, {"readiness_rule": "warn"}),
        ({"request_expires": 60}, {"request_expires": 600}),
        ({"start_expires": 60}, {"start_expires": 600}),
        ({"is_production": True}, {"is_production": False}),
        ({"database_servers": "db:3306"}, {"database_servers": "db:3306\nother:3306"}),
        ({"page_hosts": "shop"}, {"page_hosts": "shop\nintranet"}),
        ({"file_folders": "/srv/app"}, {"file_folders": "/srv"}),
        ({"file_folders": "/srv/app"}, {"file_folders": "/srv/app\n/srv/app/../../etc"}),
    ],
)
def test_other_settings_that_weaken_an_approval_wait_too(
    stage: make.Stage, two: User, strict: dict[str, Any], easier: dict[str, Any]
) -> None:
    Environment.objects.update(**strict)
    with pytest.raises(NeedsSecondAdmin):
        environments.change_environment(stage.environment, by=stage.cast.ada, **easier)
    Environment.objects.update(**easier)
    environments.change_environment(stage.environment, by=stage.cast.ada, **strict)


def test_another_name_or_address_of_somebody_who_decides_waits(
    stage: make.Stage, two: User
) -> None:
    lee, client = stage.cast.lee, make.signed_in(stage.cast.ada)
    fields = {"username": "lee", "email": "ada@example.org", "first_name": "Leo"}
    client.post(f"/people/{lee.pk}/", {**fields, "groups": lee.groups.values_list("pk", flat=True)})
    lee.refresh_from_db()
    assert (lee.email, lee.first_name) == ("lee@example.org", "Leo")
    change = PendingChange.objects.get()
    assert change.sentence == "lee becomes email ada@example.org"
    pending_changes.confirm_change(change, by=two)
    lee.refresh_from_db()
    assert lee.email == "ada@example.org"


def test_admins_are_told_of_other_names_roles_and_people_let_in_again(
    stage: make.Stage, two: User
) -> None:
    people.set_roles(two, by=None, roles=[groups.ADMIN, groups.OPERATOR])
    people.deactivate_person(stage.cast.lee, by=stage.cast.ada)
    people.activate_person(stage.cast.lee, by=None)
    notices = list(find_rights(timezone.now()))
    assert [each.kind for each in notices] == [
        "person.roles_changed",
        "person.deactivated",
        "person.activated",
    ]
    assert all("bea@example.org" in each.to for each in notices)
