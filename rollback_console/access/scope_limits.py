"""Where a group's rights or a token hold: in these environments, for these services.

Neither named is everywhere. What a limit names by its word in addresses stays limited to it
when that environment or service is gone: a limit never widens by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rollback_console.plans.models import Environment, Revision, Service


@dataclass(frozen=True, slots=True)
class ScopeLimit:
    """Slugs; an empty tuple does not limit."""

    environments: tuple[str, ...] = ()
    services: tuple[str, ...] = ()

    @classmethod
    def of(cls, environments: Sequence[str], services: Sequence[str]) -> ScopeLimit:
        """In a settled order, each once."""
        return cls(tuple(sorted(set(environments))), tuple(sorted(set(services))))

    def includes(self, other: ScopeLimit) -> bool:
        """Whether all that lies inside `other` lies inside this one too."""
        pairs = ((self.environments, other.environments), (self.services, other.services))
        return all(not mine or (theirs and set(theirs) <= set(mine)) for mine, theirs in pairs)

    def covers(self, thing: Any) -> bool:
        """Whether `thing` lies inside: what belongs to no one environment does not, if limited."""
        environment, service = _target_of(thing)
        return (not self.environments or environment in self.environments) and (
            not self.services or service in self.services
        )

    def touches(self, thing: Any) -> bool:
        """Like `covers`, but what belongs to no one environment or service is not held back."""
        environment, service = _target_of(thing)
        return not (
            (self.environments and environment and environment not in self.environments)
            or (self.services and service and service not in self.services)
        )

    def __bool__(self) -> bool:
        return bool(self.environments or self.services)

    def __str__(self) -> str:
        return ", ".join([*self.environments, *self.services]) or "everywhere"


EVERYWHERE = ScopeLimit()


def _target_of(thing: Any) -> tuple[str, str]:
    """The slugs of the environment and the service that something belongs to; "" for none."""
    if isinstance(thing, Revision):
        thing = thing.plan
    environment = thing if isinstance(thing, Environment) else getattr(thing, "environment", None)
    service = thing if isinstance(thing, Service) else getattr(thing, "service", None)
    return getattr(environment, "slug", ""), getattr(service, "slug", "")
