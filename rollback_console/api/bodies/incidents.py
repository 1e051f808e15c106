"""What an incident that is loaded may hold; postmortems.incident_reading checks the rest."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from rollback_console.common.text import LONGEST_TEXT

from .requests import Body


class PastStep(Body):
    """A step as it was planned; `time_limit` in seconds."""

    title: Annotated[str, Field(min_length=1, max_length=300)]
    time_limit: Annotated[int, Field(ge=1, lt=10**7)] = 3600


class PastEvent(Body):
    """One thing that happened; `by` is a name that need not have an account here."""

    at: Annotated[str, Field(description="ISO 8601 with its time zone")]
    kind: Annotated[str, Field(max_length=60, description="two words such as step.finished")]
    by: Annotated[str, Field(max_length=150)] = ""
    facts: dict[str, Any] = Field(default_factory=dict)


class NewIncident(Body):
    """A past incident. Name its `plan`, or its `service` and `environment`."""

    format: Literal["rollback-console/incident/1"]
    title: Annotated[str, Field(min_length=1, max_length=200)]
    reason: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
    state: Literal["succeeded", "failed", "aborted", "rejected", "expired", "withdrawn"]
    events: Annotated[list[PastEvent], Field(min_length=1, max_length=20_000)]
    plan: Annotated[str, Field(max_length=120)] = ""
    service: Annotated[str, Field(max_length=50)] = ""
    environment: Annotated[str, Field(max_length=50)] = ""
    procedure: Annotated[str, Field(max_length=200)] = ""
    trigger: Annotated[str, Field(max_length=300)] = ""
    began_at: str | None = None
    steps: Annotated[list[PastStep], Field(max_length=20_000)] = Field(default_factory=list)
