"""Whatever a program may send by the description, the door answers as the description says."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any, cast

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, seed, settings, strategies
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from rollback_console.access import tokens
from rollback_console.api.api import api
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.make import Stage

pytestmark = pytest.mark.django_db

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


DESCRIPTION = schemathesis.openapi.from_dict(json.loads(json.dumps(api.get_openapi_schema())))
OPERATIONS: dict[str, Any] = {
    each.label: each for each in (cast("Any", row).ok() for row in DESCRIPTION.get_all_operations())
}
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "10"))


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """As Django's own test client: a request does not end the test's transaction."""
    ends = [(request_started, close_old_connections), (request_finished, close_old_connections)]
    for signal, receiver in ends:
        signal.disconnect(receiver)
    yield
    for signal, receiver in ends:
        signal.connect(receiver)


@pytest.fixture
def token(stage: Stage) -> str:
    """A console in which somebody asked for something, and a token for all of it."""
    make.requested(stage)
    _, secret = make.token(stage.cast.ada, name="any", scopes=tuple(tokens.SCOPES), days=1)
    return secret


@pytest.mark.parametrize("label", OPERATIONS)
def test_no_input_makes_it_break_its_word(label: str, token: str) -> None:
    @seed(20)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=OPERATIONS[label].as_strategy(), at_hand=strategies.booleans())
    def holds(case: Any, at_hand: bool) -> None:
        if at_hand:
            case.path_parameters.update(_there(label, case))
        sent = {"Authorization": f"Bearer {token}", "Host": "testserver"}
        response = case.call(app=APP, base_url="http://testserver", headers=sent)
        case.validate_response(response, checks=CHECKS)

    holds()


def test_every_route_is_among_them() -> None:
    assert len(OPERATIONS) > 30


def _there(label: str, case: Any) -> dict[str, object]:
    """What the address names, as it is in the database."""
    rollback = Rollback.objects.latest("id")
    slug = rollback.service.slug if "/services/" in label else rollback.revision.plan.slug
    there = {"number": rollback.pk, "slug": slug, "position": 1, "key": "1"}
    return {name: there[name] for name in case.path_parameters if name in there}


APP = get_wsgi_application()
