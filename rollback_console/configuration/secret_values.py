"""The secrets that a document brings: read where it is applied, compared, and never shown."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from rollback_console.plans.models import Credential, Secret

from .document import (
    Configuration,
    ConfigurationError,
    CredentialEntry,
    EnvironmentEntry,
    SecretSource,
)
from .export import SECRET_PARTS, STORED

_LONGEST = 64 * 1024
_Entry = TypeVar("_Entry", CredentialEntry, EnvironmentEntry)


@dataclass(frozen=True, slots=True)
class SecretValues:
    """Values by credential and part, and by environment and name; only those that are new."""

    credentials: dict[tuple[str, str], str] = field(default_factory=dict)
    environments: dict[tuple[str, str], str] = field(default_factory=dict)


def resolve_secrets(
    desired: Configuration, *, may_read: bool, compare: bool = True
) -> tuple[Configuration, SecretValues]:
    """The document with every secret that the console has already as `stored`, and the others'
    values. Without `may_read` nothing is taken from files or the environment of this process;
    without `compare` every value counts as new, so that nobody can try guesses against the stored.

    Raises ConfigurationError with every secret that cannot be had.
    """
    resolver = _Resolver(may_read, compare, [])
    values = SecretValues()
    credentials = {
        name: resolver.credential(name, entry, values.credentials)
        for name, entry in desired.credentials.items()
    }
    environments = {
        slug: resolver.environment(slug, entry, values.environments)
        for slug, entry in desired.environments.items()
    }
    if resolver.problems:
        raise ConfigurationError(resolver.problems)
    changed = {"credentials": credentials, "environments": environments}
    return desired.model_copy(update=changed), values


@dataclass(frozen=True, slots=True)
class _Resolver:
    may_read: bool
    compare: bool
    problems: list[str]

    def credential(
        self, name: str, entry: CredentialEntry, values: dict[tuple[str, str], str]
    ) -> CredentialEntry:
        row = Credential.objects.filter(name=name).first()
        known = {part: getattr(row, part) if row else "" for part in SECRET_PARTS}
        sources = {part: source for part in SECRET_PARTS if (source := getattr(entry, part))}
        update = self._resolve(f"credentials.{name}", name, sources, known, values)
        return entry.model_copy(update=update)

    def environment(
        self, slug: str, entry: EnvironmentEntry, values: dict[tuple[str, str], str]
    ) -> EnvironmentEntry:
        rows = Secret.objects.filter(environment__slug=slug)
        known = {row.name: row.value for row in rows}
        where = f"environments.{slug}.secrets"
        update = self._resolve(where, slug, entry.secrets, known, values)
        return entry.model_copy(update={"secrets": {**entry.secrets, **update}})

    def _resolve(
        self,
        where: str,
        key: str,
        sources: Mapping[str, SecretSource],
        known: Mapping[str, str],
        values: dict[tuple[str, str], str],
    ) -> dict[str, SecretSource]:
        """Which sources say what is there already; the values of the others go into `values`."""
        same: dict[str, SecretSource] = {}
        for name, source in sources.items():
            value = known.get(name) if source.stored else self._read(f"{where}.{name}", source)
            if source.stored and not value:
                self.problems.append(
                    f"{where}.{name} has no value here: write {{env: NAME}} or {{file: PATH}}."
                )
            elif value is not None and value == known.get(name) and (source.stored or self.compare):
                same[name] = STORED
            elif value is not None:
                values[key, name] = value
        return same

    def _read(self, where: str, source: SecretSource) -> str | None:
        if source.value is not None:
            return source.value
        if not self.may_read:
            self.problems.append(
                f"{where}: here a secret is written as {{value: ...}}, or set by hand."
            )
            return None
        if source.env is not None:
            return self._from_environment(where, source.env)
        return self._from_file(where, source.file or "")

    def _from_environment(self, where: str, name: str) -> str | None:
        if (value := os.environ.get(name)) is None:
            self.problems.append(f"{where}: the environment variable {name} is not set.")
        return value

    def _from_file(self, where: str, name: str) -> str | None:
        try:
            with Path(name).open("rb") as file:
                return file.read(_LONGEST).decode().removesuffix("\n")
        except (OSError, ValueError) as error:
            self.problems.append(f"{where}: {name} cannot be read: {error}.")
            return None
