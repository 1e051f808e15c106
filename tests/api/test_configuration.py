"""The configuration through the API: read without secrets, compared, and applied by an Admin."""

from __future__ import annotations

import yaml

from rollback_console.plans.models import Host, Secret
from tests.make import Stage

from .caller import Caller, problem


def test_an_admin_reads_compares_and_applies_the_configuration(call: Caller, stage: Stage) -> None:
    document = call.get("/configuration", who="ada").json()["document"]
    document_before = yaml.safe_load(document)
    document_before["hosts"]["app-1"]["address"] = "192.0.2.99"
    slug = stage.environment.slug
    document_before["environments"][slug]["secrets"] = {"NEW_SECRET": {"value": "only-once-shown"}}
    body = {"document": yaml.safe_dump(document_before)}
    compared = call.post("/configuration", body, who="ada").json()
    assert compared["applied"] is False
    assert [each["key"] for each in compared["changes"]] == [f"{slug}/NEW_SECRET", "app-1"]
    assert Host.objects.get().address != "192.0.2.99"
    applied = call.post("/configuration", body | {"apply": True}, who="ada")
    assert applied.json()["applied"] is True
    assert "only-once-shown" not in applied.content.decode()
    assert Host.objects.get().address == "192.0.2.99"
    assert Secret.objects.get(name="NEW_SECRET").value == "only-once-shown"


def test_a_document_with_a_mistake_names_it_and_changes_nothing(call: Caller, stage: Stage) -> None:
    body = {"document": "configuration: 1\nhost: {}\n", "apply": True}
    answer = problem(call.post("/configuration", body, who="ada"), 422, "invalid")
    assert "Line 2: host: is unknown here." in answer["detail"]


def test_the_console_reads_no_file_and_no_variable_of_its_own_for_a_document(
    call: Caller, stage: Stage
) -> None:
    source = "{stolen: {username: x, password: {env: SECRET_KEY}}}"
    body = {"document": f"configuration: 1\ncredentials: {source}\n", "apply": True}
    answer = problem(call.post("/configuration", body, who="ada"), 422, "invalid")
    assert "here a secret is written as {value: ...}" in answer["detail"]


def test_nobody_but_an_admin_reads_the_configuration(call: Caller, stage: Stage) -> None:
    assert call.get("/configuration", who="dana").status_code == 403
