"""A request's log lines name what it is about."""

from __future__ import annotations

import logging
import uuid

import pytest
from django.test import Client
from structlog.contextvars import get_contextvars

from rollback_console.rollbacks.models import Rollback
from tests import make

from .conftest import SignIn


class Names(logging.Handler):
    """What is bound at the moment of each line."""

    def __init__(self) -> None:
        super().__init__()
        self.bound: list[dict[str, object]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.bound.append(get_contextvars())


@pytest.fixture
def names() -> Names:
    return Names()


def test_an_act_on_a_rollback_is_logged_with_its_number(
    signed_in: SignIn, stage: make.Stage, pending: Rollback, names: Names
) -> None:
    log = logging.getLogger("rollback_console.web")
    log.addHandler(names)
    logging.getLogger("django_structlog").addHandler(names)
    try:
        signed_in(stage.cast.dana).get(f"/rollbacks/{pending.pk}/nothing/")
        signed_in(stage.cast.dana).post(f"/rollbacks/{pending.pk}/approvals/", {})
        Client().get(f"/api/v1/step-runs/{uuid.UUID(int=7)}/log")
    finally:
        log.removeHandler(names)
        logging.getLogger("django_structlog").removeHandler(names)
    named = [{key: each.get(key) for key in ("rollback", "run")} for each in names.bound]
    assert {"rollback": pending.pk, "run": None} in named
    assert {"rollback": None, "run": str(uuid.UUID(int=7))} in named
    assert all(each["request_id"] for each in names.bound)
    assert get_contextvars() == {}
