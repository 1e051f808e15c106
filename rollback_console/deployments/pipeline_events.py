"""What GitHub and GitLab send about a deployment, read into one form; the rest is dropped.

GitHub: webhook event `deployment_status`. GitLab: webhook events of `object_kind` deployment.
Anything else: {"id", "service", "version", "state"} with `commit`, `environment`, `deployed_by`
and `link` beside it; a version that is deployed again has another `id`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

KINDS = ("github", "gitlab", "deployments")
"""Kinds of integrations whose bodies are read here."""

BEGUN, SUCCEEDED, FAILED = "running", "succeeded", "failed"
_STATES = {
    "github": {
        **dict.fromkeys(["queued", "pending", "in_progress", "waiting"], BEGUN),
        "success": SUCCEEDED,
        **dict.fromkeys(["failure", "error"], FAILED),
    },
    "gitlab": {
        **dict.fromkeys(["created", "running", "blocked"], BEGUN),
        "success": SUCCEEDED,
        **dict.fromkeys(["failed", "canceled"], FAILED),
    },
    "deployments": {BEGUN: BEGUN, SUCCEEDED: SUCCEEDED, FAILED: FAILED},
}
# A branch is no version: what is deployed of it is its commit.
_TAG = re.compile(r"v?\d[\w.+-]*", re.ASCII)


class UnreadableEvent(Exception):
    """`str()` says what is wrong with a body."""


@dataclass(frozen=True, slots=True)
class PipelineEvent:
    """`number` names the deployment among those of its sender; `service` and `environment` are
    the sender's words for them, `environment` "" when it names none."""

    number: str
    service: str
    environment: str
    version: str
    state: str
    commit: str = ""
    deployed_by: str = ""
    link: str = ""


def parse_event(kind: str, body: bytes) -> PipelineEvent | None:
    """The event; None for one that says nothing about a deployment. Raises UnreadableEvent."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnreadableEvent("The body is not JSON in UTF-8.") from error
    if not isinstance(document, dict):
        raise UnreadableEvent("The body must be one JSON object.")
    event = {"github": _github, "gitlab": _gitlab, "deployments": _generic}[kind](document)
    if event is None or event.state not in _STATES[kind]:
        return None
    _require(event)
    return PipelineEvent(**{**_fields(event), "state": _STATES[kind][event.state]})


def _github(body: dict[str, Any]) -> PipelineEvent | None:
    status, deployment = _object(body, "deployment_status"), _object(body, "deployment")
    if not status:
        return None
    commit = _text(deployment.get("sha"), 64)
    return PipelineEvent(
        number=_text(deployment.get("id"), 80),
        service=_text(_object(body, "repository").get("name"), 100),
        environment=_text(deployment.get("environment"), 100),
        version=_version(_text(deployment.get("ref"), 200), commit),
        state=_text(status.get("state"), 20),
        commit=commit,
        deployed_by=_text(_object(deployment, "creator").get("login"), 200),
        link=_link(status.get("target_url") or status.get("log_url")),
    )


def _gitlab(body: dict[str, Any]) -> PipelineEvent | None:
    if body.get("object_kind") != "deployment":
        return None
    commit = _text(body.get("short_sha"), 64)
    return PipelineEvent(
        number=_text(body.get("deployment_id"), 80),
        service=_text(_object(body, "project").get("name"), 100),
        environment=_text(body.get("environment"), 100),
        version=_version(_text(body.get("ref"), 200), commit),
        state=_text(body.get("status"), 20),
        commit=commit,
        deployed_by=_text(_object(body, "user").get("username"), 200),
        link=_link(body.get("deployable_url")),
    )


def _generic(body: dict[str, Any]) -> PipelineEvent:
    state = _text(body.get("state"), 20)
    if state not in _STATES["deployments"]:
        raise UnreadableEvent("`state` is `running`, `succeeded` or `failed`.")
    return PipelineEvent(
        number=_text(body.get("id"), 80),
        service=_text(body.get("service"), 100),
        environment=_text(body.get("environment"), 100),
        version=_text(body.get("version"), 200),
        state=state,
        commit=_text(body.get("commit"), 64),
        deployed_by=_text(body.get("deployed_by"), 200),
        link=_link(body.get("link")),
    )


def _require(event: PipelineEvent) -> None:
    for name in ("number", "service", "version"):
        if not getattr(event, name):
            raise UnreadableEvent(f"The body does not say the {_WORDS[name]} of the deployment.")


_WORDS = {"number": "id", "service": "service", "version": "version, or commit"}


def _fields(event: PipelineEvent) -> dict[str, Any]:
    return {name: getattr(event, name) for name in PipelineEvent.__slots__}


def _version(ref: str, commit: str) -> str:
    return ref if _TAG.fullmatch(ref) and ref != commit else commit[:12]


def _object(body: dict[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def _text(value: Any, most: int) -> str:
    """Printable, and no longer than the column that keeps it."""
    shown = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return "".join(each for each in shown if each.isprintable()).strip()[:most]


def _link(value: Any) -> str:
    """Only what a browser opens as a page: never `javascript:`."""
    text = _text(value, 2000)
    return text if text.startswith(("https://", "http://")) and len(text) <= 500 else ""
