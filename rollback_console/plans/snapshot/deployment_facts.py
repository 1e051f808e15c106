"""What a pipeline knows of a deployment, as values of a plan's parameters.

A value is given to a parameter only where no other could be meant; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .request_form import Parameter

_EARLIER = re.compile(r"PREV|OLD|LAST|GOOD|STABLE|BEFORE|BACKUP|PRE_|ROLLBACK|TARGET")
_DUMP = re.compile(r"DUMP|BACKUP|SQL|SNAPSHOT|RESTORE|ARCHIVE", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DeploymentFacts:
    """`migrations_before` and `migrations_after` map each app to the newest migration that was
    applied then, "" for tools that know no apps. Empty: not known."""

    previous_commit: str = ""
    tag: str = ""
    dump: str = ""
    migrations_before: Mapping[str, str] = field(default_factory=dict)
    migrations_after: Mapping[str, str] = field(default_factory=dict)


def match_facts(parameters: Sequence[Parameter], deployment: DeploymentFacts) -> dict[str, str]:
    """Values by parameter name, for the parameters this deployment says something about."""
    return {
        parameter.name: value
        for kind, value in _known(deployment)
        if value and (parameter := _meant(parameters, kind))
    }


def _known(deployment: DeploymentFacts) -> Iterator[tuple[str, str]]:
    yield "commit", deployment.previous_commit
    yield "tag", deployment.tag
    yield "file", deployment.dump
    before, after = deployment.migrations_before, deployment.migrations_after
    changed = [app for app, name in after.items() if before.get(app, "") != name]
    if len(changed) == 1:
        # An app that had no migrations goes back to where Django says "zero".
        yield "migration", before.get(changed[0]) or "zero"
        yield "app", changed[0]


def _meant(parameters: Sequence[Parameter], kind: str) -> Parameter | None:
    matches = [each for each in parameters if each.kind == kind]
    if kind == "file":
        matches = [each for each in matches if _DUMP.search(f"{each.name} {each.text}")]
    if len(matches) > 1:
        matches = [each for each in matches if _EARLIER.search(each.name)]
    return matches[0] if len(matches) == 1 else None
