"""What a trigger looks at, as fields that a form or the API gives; checked before they are kept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rollback_console import notify
from rollback_console.notify import http_request
from rollback_console.rollbacks.errors import Refused

LIMIT, BEFORE = "limit", "before"


@dataclass(frozen=True, slots=True)
class HttpProbe:
    """A page that answers `status`, holds `text` where one is given, and takes no longer than
    `seconds` where that is not 0."""

    url: str
    status: int = 200
    text: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class PrometheusProbe:
    """A query whose one value is bad `above`, or below, `limit`.

    `against` is "limit", or "before": then `limit` is by how many percent it may differ from the
    mean of the hour before the deployment.
    """

    server: str
    query: str
    limit: float
    above: bool = True
    against: str = LIMIT


Probe = HttpProbe | PrometheusProbe

_PROBES: Mapping[str, type[HttpProbe] | type[PrometheusProbe]] = {
    "http": HttpProbe,
    "prometheus": PrometheusProbe,
}


def read_probe(kind: str, fields: Mapping[str, Any]) -> Probe:
    """The probe that was kept as `fields`."""
    known = _PROBES[kind]
    return known(**{name: fields[name] for name in known.__dataclass_fields__ if name in fields})


def checked_fields(kind: str, fields: Mapping[str, Any], rules: notify.Rules) -> dict[str, Any]:
    """What is kept of a probe. Raises Refused with a sentence for one that could not work."""
    if kind not in _PROBES:
        raise Refused(f"A trigger looks at one of these: {', '.join(_PROBES)}.")
    try:
        probe = read_probe(kind, fields)
    except TypeError as error:
        raise Refused(_MISSING[kind]) from error
    if isinstance(probe, HttpProbe):
        _check_http(probe, rules)
    else:
        _check_prometheus(probe, rules)
    return asdict(probe)


def describe(kind: str, fields: Mapping[str, Any]) -> str:
    """One line for pages and the record."""
    probe = read_probe(kind, fields)
    if isinstance(probe, HttpProbe):
        parts = [f"GET {probe.url} answers {probe.status}"]
        parts += [f'holds "{probe.text}"'] if probe.text else []
        parts += [f"within {probe.seconds:g} s"] if probe.seconds else []
        return ", ".join(parts)
    side = "above" if probe.above else "below"
    if probe.against == BEFORE:
        return f"{probe.query} is {probe.limit:g} % {side} the hour before the deployment"
    return f"{probe.query} is {side} {probe.limit:g}"


def _check_http(probe: HttpProbe, rules: notify.Rules) -> None:
    _refuse_address(probe.url, rules)
    if not 100 <= probe.status <= 599:
        raise Refused("Name the status that the page answers when all is well, such as 200.")
    if len(probe.text) > 200:
        raise Refused("The text that the page holds has at most 200 characters.")
    if not 0 <= probe.seconds < rules.seconds:
        raise Refused(f"A page is waited for less than {rules.seconds:g} seconds.")


def _check_prometheus(probe: PrometheusProbe, rules: notify.Rules) -> None:
    _refuse_address(probe.server, rules)
    if "?" in probe.server or "#" in probe.server:
        raise Refused("Give the server's address alone, such as https://prometheus.example.org.")
    if not probe.query.strip() or len(probe.query) > 2000:
        raise Refused("Give a query of at most 2000 characters that answers one value.")
    if probe.against not in {LIMIT, BEFORE}:
        raise Refused("A value is judged against a limit, or against the hour before.")
    if not math.isfinite(probe.limit) or (probe.against == BEFORE and probe.limit <= 0):
        raise Refused("Give the limit as a number; against the hour before, as percent above 0.")


def _refuse_address(url: str, rules: notify.Rules) -> None:
    if len(url) > 500:
        raise Refused("An address has at most 500 characters.")
    if why := http_request.problem_with_address(url, rules):
        raise Refused(why)


_MISSING = {
    "http": "Give the address of the page to look at.",
    "prometheus": "Give the address of the Prometheus server, a query, and a limit.",
}
