"""Which tables `verify_audit` compares with the events that wrote them: one entry a table.

Every column is compared but those named in `free`, which the console writes without an event.
Models are named, not imported: this package lies below theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.apps import apps
from django.db.models import Model


@dataclass(frozen=True, slots=True)
class ProtectedTable:
    """`noun` is for sentences; `where` narrows to the rows that matter; `secret` columns are on
    record as keyed fingerprints."""

    noun: str
    free: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()
    where: Mapping[str, Any] = field(default_factory=dict)


def _table(noun: str, *, free: str = "", secret: str = "", **where: Any) -> ProtectedTable:
    return ProtectedTable(noun, frozenset(free.split()), frozenset(secret.split()), where)


TABLES: dict[str, ProtectedTable] = {
    "plans.service": _table("service"),
    "plans.environment": _table("environment"),
    "plans.decisionmaker": _table("decision maker"),
    "plans.delegation": _table("delegation"),
    "plans.credential": _table("credential"),
    "plans.hostgroup": _table("host group"),
    "plans.host": _table("host"),
    "plans.hostkey": _table("host key"),
    "plans.secret": _table("secret"),
    "plans.plan": _table("plan"),
    "plans.revision": _table("revision"),
    "plans.acknowledgement": _table("acknowledged finding"),
    # Workers note what a plan would ask; it means something once a person approved it.
    "plans.hostquestion": _table("approved host question", free="revision at", state="approved"),
    "rollbacks.pin": _table("pin"),
    "deployments.deployment": _table("deployment"),
    "deployments.deploymentdocument": _table("document of a deployment"),
    "deployments.deploymentitem": _table("checklist item of a deployment"),
    "deployments.freezewindow": _table("freeze window"),
    "deployments.guardoverride": _table("override"),
    "watch.trigger": _table("trigger"),
    "auth.user": _table("account", free="last_login", secret="password"),  # noqa: S106  a name
    "auth.group": _table("group"),
    "access.grouplimit": _table("limit of a group"),
    "access.invitation": _table("invitation", secret="sha256"),  # noqa: S106  a name
    "access.pendingchange": _table("change that waits for an Admin", secret="details"),  # noqa: S106
    "api.token": _table("token", free="last_used_at", secret="sha256"),  # noqa: S106
    "outbox.target": _table("message target"),
    "postmortems.issuetracker": _table("issue tracker"),
    "proposals.integration": _table("integration", free="minute taken last_used_at"),
}
"""By the label of the model, in lower case."""


@cache
def columns_of(label: str) -> tuple[str, ...]:
    """What of a table is compared: its columns and its many-to-many relations."""
    meta, free = model_of(label)._meta, TABLES[label].free
    fields = [each for each in meta.concrete_fields if not each.primary_key]
    names = [each.name for each in (*fields, *meta.many_to_many)]
    return tuple(name for name in names if name not in free)


def model_of(label: str) -> type[Model]:
    """The model that a label names."""
    return apps.get_model(label)


def label_of(row: Model) -> str:
    """The label of a row's table."""
    return row._meta.label_lower
