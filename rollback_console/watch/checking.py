"""One look at a probe: passed, failed, or unknown. Touches no database."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from rollback_console import notify
from rollback_console.notify.http_request import HttpAnswer, NoAnswer, fetch

from .probes import BEFORE, HttpProbe, Probe, PrometheusProbe

PASSED, FAILED, UNKNOWN = "passed", "failed", "unknown"

HOUR = timedelta(hours=1)
_STEP = 60


@dataclass(frozen=True, slots=True)
class Observation:
    """What one look saw: `value` is seconds of a page, or what a query answered; `evidence` is a
    sentence. `baseline` is the mean of the hour before, where it is needed and known."""

    verdict: str
    evidence: str
    value: float | None = None
    baseline: float | None = None


class _NoValue(Exception):
    """`str()` says why a query has no value."""


def observe(
    probe: Probe, rules: notify.Rules, *, deployed_at: datetime, baseline: float | None
) -> Observation:
    """Look once; never raises for what the other side or the network does."""
    if isinstance(probe, HttpProbe):
        seen = _observe_page(probe, rules)
    else:
        try:
            seen = _observe_query(probe, rules, deployed_at, baseline)
        except _NoValue as error:
            seen = Observation(UNKNOWN, str(error), baseline=baseline)
    return replace(seen, evidence=_printable(seen.evidence))


def _printable(evidence: str) -> str:
    """What every database keeps and no page shows otherwise than it is: what a server says may
    hold half a character, or signs that turn a line around."""
    return "".join(each if each.isprintable() else " " for each in evidence)[:500]


def _observe_page(probe: HttpProbe, rules: notify.Rules) -> Observation:
    try:
        answer = fetch(probe.url, rules)
    except NoAnswer as error:
        if probe.seconds and error.waited > probe.seconds:
            why = f"No answer for {error.waited:.1f} s, more than {probe.seconds:g} s."
            return Observation(FAILED, why, error.waited)
        return Observation(FAILED if error.refused else UNKNOWN, str(error))
    problem = _problem_with_page(probe, answer)
    passed = f"It answered {answer.status} in {answer.seconds:.2f} s."
    return Observation(FAILED if problem else PASSED, problem or passed, answer.seconds)


def _problem_with_page(probe: HttpProbe, answer: HttpAnswer) -> str:
    if answer.status != probe.status:
        return f"It answered {answer.status} instead of {probe.status}."
    if probe.text and probe.text not in answer.body.decode("utf-8", "replace"):
        return f'It answered {answer.status}, without "{probe.text}" in the page.'
    if probe.seconds and answer.seconds > probe.seconds:
        return f"It took {answer.seconds:.2f} s, more than {probe.seconds:g} s."
    return ""


def _observe_query(
    probe: PrometheusProbe, rules: notify.Rules, deployed_at: datetime, baseline: float | None
) -> Observation:
    value = _one_value(_ask(probe, "query", rules))
    if probe.against != BEFORE:
        return _judge(value, probe.limit, f"the limit of {probe.limit:g}", above=probe.above)
    if baseline is None:
        baseline = _mean_before(probe, rules, deployed_at)
    share = probe.limit / 100 if probe.above else -probe.limit / 100
    limit = baseline + abs(baseline) * share
    against = f"{limit:.6g}, {probe.limit:g} % off the {baseline:.6g} of the hour before"
    judged = _judge(value, limit, against, above=probe.above)
    return Observation(judged.verdict, judged.evidence, value, baseline)


def _judge(value: float, limit: float, against: str, *, above: bool) -> Observation:
    failed = value > limit if above else value < limit
    side = (
        ("above" if value > limit else "not above")
        if above
        else ("below" if value < limit else "not below")
    )
    return Observation(FAILED if failed else PASSED, f"{value:.6g} is {side} {against}.", value)


def _mean_before(probe: PrometheusProbe, rules: notify.Rules, deployed_at: datetime) -> float:
    begin, end = (deployed_at - HOUR).timestamp(), deployed_at.timestamp()
    series = _ask(probe, "query_range", rules, start=begin, end=end, step=_STEP)
    pairs = series[0].get("values", []) if len(series) == 1 else []
    values = [number for _, text in pairs if math.isfinite(number := _number(text))]
    if not values:
        raise _NoValue("There are no values of the hour before the deployment to compare with.")
    mean = sum(values) / len(values)
    if not math.isfinite(mean):
        raise _NoValue("The values of the hour before the deployment are too large to compare.")
    return mean


def _one_value(result: list[dict[str, Any]]) -> float:
    if len(result) != 1:
        count = "no value" if not result else f"{len(result)} values"
        raise _NoValue(f"The query answered {count}; it has to answer one.")
    value = _number(result[0]["value"][1])
    if not math.isfinite(value):
        raise _NoValue(f"The query answered {value}, which is no number to compare.")
    return value


def _number(text: object) -> float:
    try:
        return float(str(text))
    except ValueError as error:
        raise _NoValue("The query answered something that is no number.") from error


def _ask(
    probe: PrometheusProbe, path: str, rules: notify.Rules, **words: float
) -> list[dict[str, Any]]:
    """The series that Prometheus answers; a scalar is a series without a name."""
    query = urlencode({"query": probe.query, **words})
    try:
        answer = fetch(f"{probe.server.rstrip('/')}/api/v1/{path}?{query}", rules)
        return _series(json.loads(answer.body))
    except NoAnswer as error:
        raise _NoValue(f"Prometheus: {error}") from error
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise _NoValue("The server did not answer as Prometheus does.") from error


def _series(body: dict[str, Any]) -> list[dict[str, Any]]:
    if body["status"] != "success":
        raise _NoValue(f"Prometheus refused the query: {body.get('error', 'it says no more')}")
    data = body["data"]
    if data["resultType"] == "scalar":
        return [{"value": data["result"]}]
    return [dict(each) for each in data["result"]]
