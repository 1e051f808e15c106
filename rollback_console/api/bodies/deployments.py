"""What pipelines and people send about deployments."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from .requests import Body, Deployed, Name, Reason, Slug, Text

# Further away a moment cannot be turned into UTC.
Moment = Annotated[
    AwareDatetime, Field(ge=datetime(1970, 1, 1, tzinfo=UTC), lt=datetime(3000, 1, 1, tzinfo=UTC))
]


class NewDeployment(Deployed):
    """A deployment that begins. `document` registers the plan that takes it back; else `plan`
    names one, or the only plan of the service in that environment is meant. `documents` are the
    other documents of the deployment; the rollback plan may be among them.

    `committed_at` is when its newest commit was made, `deployed_by` who does it, such as a login of
    the pipeline, `link` its page.
    """

    service: Slug
    environment: Slug
    version: Name
    commit: Annotated[str, Field(max_length=64)] = ""
    committed_at: Moment | None = None
    plan: Annotated[str, Field(max_length=120)] = ""
    document: str = ""
    documents: Annotated[list[str], Field(max_length=5)] = Field(default_factory=list)
    deployed_by: Annotated[str, Field(max_length=200)] = ""
    link: Annotated[str, Field(max_length=500, pattern=r"^(https?://.*)?$")] = ""


class NewDocument(Body):
    """A checklist or plan of a deployment, in Markdown; `kind` where its title does not tell."""

    document: str
    kind: Literal["", "pre", "plan", "post", "monitoring"] = ""


class ItemAnswer(Body):
    """What was checked, decided or signed. "" takes an answer back.

    `seen` is the item's `answers` as you read it.
    """

    answer: Literal["", "done", "failed", "not_applicable", "go", "no_go", "signed"]
    evidence: Text = ""
    seen: Annotated[int, Field(ge=0, le=2**31 - 1)]


class NamedSigner(Body):
    """By the name they sign in with."""

    username: Name


class DeploymentEnd(Body):
    """How a deployment ended."""

    outcome: Literal["succeeded", "failed"] = "succeeded"


class NewFreezeWindow(Body):
    """When nothing may be deployed: of one service, or of all in the environment.

    Both moments carry their offset from UTC.
    """

    environment: Slug
    service: Annotated[str, Field(max_length=120)] = ""
    reason: Annotated[str, Field(min_length=1, max_length=200)]
    starts_at: Moment
    ends_at: Moment


class NewGuardOverride(Body):
    """Which version may be deployed where, past what stands against it now, and for how long."""

    environment: Slug
    version: Name
    reason: Reason
    hours: Annotated[int, Field(ge=1, le=24)] = 1
