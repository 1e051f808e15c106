"""Zones that no worker serves, said once and not with every sweep."""

from __future__ import annotations

import logging

from .. import zones
from ..queries import health

log = logging.getLogger(__name__)


class ZoneWarnings:
    """Says once that nobody serves a zone, and again only after somebody has."""

    def __init__(self) -> None:
        self._warned: set[str] = set()

    def sweep(self) -> None:
        """Warn of every zone that has been left since the last look."""
        unserved = _unserved()
        for zone in sorted(unserved - self._warned):
            log.warning("No worker serves the zone %s: start one with ZONES=%s.", zone, zone)
        for zone in sorted(self._warned - unserved):
            log.info("The zone %s is served again.", zone)
        self._warned = unserved


def _unserved() -> set[str]:
    served = zones.served()
    # Where nobody works yet, a console is only starting.
    if not health.seen()["worker"]:
        served.pop(zones.DEFAULT, None)
    return {zone for zone, is_served in served.items() if not is_served}
