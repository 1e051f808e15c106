"""An integration, and what monitoring sends to it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from rollback_console.proposals.actions import integrations
from rollback_console.proposals.models import Integration
from tests.make import Stage

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response


@dataclass
class Sender:
    """Sends to one integration with its secret."""

    integration: Integration
    secret: str

    @property
    def path(self) -> str:
        return f"/api/v1/hooks/{self.integration.key}"

    def send(self, body: Any, **headers: str) -> Response:
        """With the secret as a bearer token unless headers are given."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = headers or {"Authorization": f"Bearer {self.secret}"}
        return Client().generic(
            "POST", self.path, raw, content_type="application/json", headers=given
        )


def sender(stage: Stage, kind: str, **fields: Any) -> Sender:
    made, secret = integrations.add_integration(
        by=stage.cast.ada, name=f"The {kind}", kind=kind, environment=stage.environment, **fields
    )
    return Sender(made, secret)


@pytest.fixture
def alertmanager(stage: Stage) -> Sender:
    return sender(stage, "alertmanager")


def alert(**fields: Any) -> dict[str, Any]:
    """As Alertmanager writes one."""
    return {
        "status": "firing",
        "labels": {"alertname": "HighErrorRate", "service": "checkout", "severity": "page"},
        "annotations": {"summary": "Every tenth request fails", "description": "5xx at 11 %"},
        "startsAt": "2026-11-26T20:15:00.123Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "https://prometheus.example.org/graph?g0.expr=up",
        "fingerprint": "c6eadffa33fcdf37",
        **fields,
    }


def group(*alerts: dict[str, Any]) -> dict[str, Any]:
    """As Alertmanager sends several."""
    return {
        "version": "4",
        "groupKey": '{}:{alertname="HighErrorRate"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "rollback-console",
        "groupLabels": {"alertname": "HighErrorRate"},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "https://alertmanager.example.org",
        "alerts": list(alerts),
    }
