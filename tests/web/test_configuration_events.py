"""The record of the configuration, as pages and files show it."""

from __future__ import annotations

import csv
import io
import json

import pytest

from rollback_console.audit import kinds
from rollback_console.audit.models import ConfigurationEvent
from rollback_console.plans.actions.hosts import change_host
from rollback_console.plans.actions.secrets import set_secret
from rollback_console.plans.actions.services import add_service
from rollback_console.rollbacks.actions import pins, requests
from rollback_console.rollbacks.models import Rollback
from tests import make

from .conftest import SignIn, words

pytestmark = pytest.mark.django_db
ADDRESS = "/audit/configuration/"
EXPORTS = ("/audit/configuration.csv", "/audit/configuration.json")


@pytest.fixture
def changed(stage: make.Stage) -> make.Stage:
    change_host(stage.host, by=stage.cast.ada, address="192.0.2.77")
    set_secret(stage.environment, by=stage.cast.ada, name="DB", value="swordfish")
    return stage


def test_the_page_shows_who_changed_what_from_what_to_what(
    signed_in: SignIn, changed: make.Stage
) -> None:
    page = words(signed_in(changed.cast.ada).get(ADDRESS))
    assert "ada changed the host app-1." in page
    assert "address: 192.0.2.1 to 192.0.2.77" in page
    assert "swordfish" not in page


@pytest.mark.parametrize(
    ("query", "hit"),
    [
        ("person=ada", True),
        ("person=lee", False),
        ("subject=app-1", True),
        ("subject=nothing", False),
        ("kind=host.changed", True),
        ("kind=token.made", False),
        ("since=2020-01-01", True),
        ("since=2999-01-01", False),
        ("until=2020-01-01", False),
        ("since=not-a-day&before=x", True),
    ],
)
def test_the_page_is_narrowed_by_person_object_kind_and_time(
    signed_in: SignIn, changed: make.Stage, query: str, hit: bool
) -> None:
    page = words(signed_in(changed.cast.ada).get(f"{ADDRESS}?{query}"))
    assert ("ada changed the host app-1." in page) is hit
    assert ("No event matches this filter." in page) is not hit


@pytest.mark.parametrize(
    "address", [ADDRESS, "/audit/configuration.csv", "/audit/configuration.json"]
)
def test_only_admins_and_whom_they_let_read_the_record(
    signed_in: SignIn, stage: make.Stage, address: str
) -> None:
    assert signed_in(stage.cast.ada).get(address).status_code == 200
    for who in (stage.cast.vic, stage.cast.lee, stage.cast.dana):
        assert signed_in(who).get(address).status_code == 403


def test_an_objects_own_page_shows_its_history(signed_in: SignIn, changed: make.Stage) -> None:
    client = signed_in(changed.cast.ada)
    assert "ada changed the host app-1." in words(client.get(f"/hosts/{changed.host.pk}/"))
    assert "History" in words(client.get("/environments/staging/"))


def test_what_is_no_change_of_a_field_is_shown_beside_the_sentence(
    signed_in: SignIn, stage: make.Stage
) -> None:
    pins.pin(stage.service, version="4f2a9c1", by=stage.cast.dana, reason="It is slow")
    page = words(signed_in(stage.cast.ada).get(ADDRESS))
    assert "dana pinned Checkout 4f2a9c1." in page
    assert "reason: It is slow" in page


def test_the_record_leaves_as_csv_and_json_and_that_is_on_record(
    signed_in: SignIn, changed: make.Stage
) -> None:
    ConfigurationEvent.objects.filter(kind=kinds.SECRET_SET).update(subject_label="=cmd()")
    client = signed_in(changed.cast.ada)
    answer = client.get("/audit/configuration.csv?person=ada")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert {"host.changed", "secret.set"} <= {row["kind"] for row in rows}
    assert "'=cmd()" in {row["subject"] for row in rows}
    answer = client.get("/audit/configuration.json?kind=host.changed")
    (event,) = json.loads(answer.content)
    assert event["changes"] == {"address": ["192.0.2.1", "192.0.2.77"]}
    exports = ConfigurationEvent.objects.filter(kind=kinds.AUDIT_EXPORTED, by=changed.cast.ada)
    assert [each.facts["form"] for each in exports] == ["csv", "json"]


def test_who_exported_an_archive_is_on_record(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    requests.withdraw(pending, by=stage.cast.dana)
    answer = signed_in(stage.cast.vic).get(f"/rollbacks/{pending.pk}/archive/")
    assert answer.status_code == 200
    event = ConfigurationEvent.objects.get(kind=kinds.ARCHIVE_EXPORTED)
    assert (event.by, event.subject_id, event.door) == (stage.cast.vic, str(pending.pk), "page")


def test_markup_in_a_value_stays_text(signed_in: SignIn, stage: make.Stage) -> None:
    add_service(by=stage.cast.ada, slug="x", name="<script>x</script>")
    assert b"<script>x" not in signed_in(stage.cast.ada).get(ADDRESS).content
