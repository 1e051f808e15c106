"""The description of the door is complete, and fetches nothing from elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from rollback_console.access import tokens

from .caller import PREFIX


@pytest.fixture
def described(db: None) -> dict[str, Any]:
    response = Client().get(f"{PREFIX}/openapi.json")
    assert response.status_code == 200
    document: dict[str, Any] = response.json()
    return document


def operations(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]


def test_anybody_may_read_the_description(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.")
    assert "/api/v1/rollbacks/{number}/approvals" in described["paths"]


def test_each_operation_says_its_scope_and_its_problems(described: dict[str, Any]) -> None:
    for method, path, operation in operations(described):
        (security,) = operation["security"]
        assert security["Bearer"] in [[scope] for scope in tokens.SCOPES], path
        assert {"401", "403", "404", "422"} <= set(operation["responses"])
        assert operation["description"], path
        problem = operation["responses"]["403"]["content"]["application/problem+json"]
        assert problem["schema"] == {"$ref": "#/components/schemas/Problem"}
        assert ("409" in operation["responses"]) == (
            method == "post" or "postmortem" in path or "archive" in path
        )


def test_each_post_takes_an_idempotency_key(described: dict[str, Any]) -> None:
    for method, _, operation in operations(described):
        names = {parameter["name"] for parameter in operation["parameters"]}
        assert ("Idempotency-Key" in names) == (method == "post")


def test_each_operation_has_its_own_name(described: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(described)]
    assert len(names) == len(set(names))


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    schemas = described["components"]["schemas"]

    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if "$ref" in value else []
            return own + [ref for inner in value.values() for ref in references(inner)]
        return (
            [ref for inner in value for ref in references(inner)] if isinstance(value, list) else []
        )

    document = references(described)
    assert document
    assert {ref.rsplit("/", 1)[1] for ref in document} <= set(schemas)


def test_logs_and_postmortems_say_what_they_are(described: dict[str, Any]) -> None:
    paths = described["paths"]
    log = paths["/api/v1/step-runs/{token}/log"]["get"]
    assert list(log["responses"]["200"]["content"]) == ["text/plain"]
    text = paths["/api/v1/rollbacks/{number}/postmortem.md"]["get"]
    assert list(text["responses"]["200"]["content"]) == ["text/markdown"]


def test_there_is_no_page_that_loads_scripts(db: None) -> None:
    assert Client().get(f"{PREFIX}/docs").status_code == 404
