"""What applying a document would do, as values: nothing is written here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel

from .document import Configuration, SecretSource

PRUNED = ("hosts", "host_groups", "secrets", "credentials")
"""What may be removed, in that order; what ran belongs to services, environments and people."""

_APART = ("secrets", "host_groups")
"""What of an environment is compared by itself, so that one of them can be left over."""


class _NamedEntry(BaseModel):
    """Something that is there or not, and nothing more."""


@dataclass(frozen=True, slots=True)
class ConfigurationChange:
    """One row that is added, changed or left over.

    `fields` names what differs as [old, new], both as the document writes them. What is
    `left-over` is in the console and not in the document, and stays; `remove` goes with it.
    """

    section: str
    key: str
    action: str
    fields: Mapping[str, tuple[Any, Any]]

    @property
    def text(self) -> str:
        """A line for people."""
        sign = {"add": "+", "change": "~", "left-over": "?", "remove": "-"}[self.action]
        details = [
            f"{name} {_shown(old)} -> {_shown(new)}" for name, (old, new) in self.fields.items()
        ]
        tail = ": " + "; ".join(details) if self.action == "change" else ""
        return f"{sign} {self.section} {self.key}{tail}"


def compare(current: Configuration, desired: Configuration) -> list[ConfigurationChange]:
    """The differences, section by section, in the order they would be applied."""
    changes: list[ConfigurationChange] = []
    old, new = _sections(current), _sections(desired)
    for section, after in new.items():
        before = old[section]
        changes += _added_and_changed(section, before, after)
        changes += [
            ConfigurationChange(section, key, "left-over", {}) for key in before if key not in after
        ]
    return changes


def mark_removals(changes: Iterable[ConfigurationChange]) -> list[ConfigurationChange]:
    """The same changes where what the document lacks is removed, as far as it ever is."""
    return [
        replace(change, action="remove")
        if change.action == "left-over" and change.section in PRUNED
        else change
        for change in changes
    ]


def _sections(configuration: Configuration) -> dict[str, Mapping[str, BaseModel]]:
    """Every entry by section and key, in the order in which later ones need earlier ones."""
    environments = configuration.environments
    groups = {
        *((slug, name) for slug, entry in environments.items() for name in entry.host_groups),
        *(
            (host.environment, name)
            for host in configuration.hosts.values()
            for name in host.groups
        ),
    }
    return {
        "services": configuration.services,
        "credentials": configuration.credentials,
        "people": configuration.people,
        "environments": environments,
        "secrets": {
            f"{slug}/{name}": source
            for slug, entry in environments.items()
            for name, source in entry.secrets.items()
        },
        "host_groups": {f"{slug}/{name}": _NamedEntry() for slug, name in sorted(groups)},
        "hosts": configuration.hosts,
    }


def _added_and_changed(
    section: str, before: Mapping[str, BaseModel], after: Mapping[str, BaseModel]
) -> Iterator[ConfigurationChange]:
    for key, entry in after.items():
        if key not in before:
            yield ConfigurationChange(section, key, "add", _fields(None, entry))
        elif fields := _fields(before[key], entry):
            yield ConfigurationChange(section, key, "change", fields)


def _fields(old: BaseModel | None, new: BaseModel) -> dict[str, tuple[Any, Any]]:
    names = [name for name in type(new).model_fields if name not in _APART]
    pairs = {name: (getattr(old, name, None), getattr(new, name)) for name in names}
    return {
        name: pair
        for name, pair in pairs.items()
        if _normal(pair[0]) != _normal(pair[1]) and not (name == "keys" and pair[1] is None)
    }


def _normal(value: Any) -> Any:
    """Order says nothing where names are unique; of decision makers it says who comes first."""
    if isinstance(value, tuple):
        return sorted(value, key=str)
    return value


def _shown(value: Any) -> str:
    if isinstance(value, SecretSource):
        return next(iter(value.model_fields_set))
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_shown(each)}" for name, each in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_shown, value)) + "]"
    if isinstance(value, BaseModel):
        return _shown(value.model_dump())
    return "nothing" if value in ("", None) else str(value)
