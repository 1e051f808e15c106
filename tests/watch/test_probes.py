"""What probes answer, and which are refused before anything is looked at."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pytest_django import Settings

from rollback_console.notify import Rules
from rollback_console.rollbacks.errors import Refused
from rollback_console.watch.checking import Observation, observe
from rollback_console.watch.probes import checked_fields, describe, read_probe

from .servers import Service

RULES = Rules(allowed=("127.0.0.0/8",), seconds=5)
DEPLOYED = datetime(2026, 12, 1, 9, tzinfo=UTC)


def ask(service: Service, **fields: Any) -> Observation:
    given = {"server": service.url, "query": "error_rate", "limit": 5, **fields}
    probe = read_probe("prometheus", checked_fields("prometheus", given, RULES))
    return observe(probe, RULES, deployed_at=DEPLOYED, baseline=None)


def fetch(service: Service, **fields: Any) -> Observation:
    given = {"url": f"{service.url}/health", **fields}
    probe = read_probe("http", checked_fields("http", given, RULES))
    return observe(probe, RULES, deployed_at=DEPLOYED, baseline=None)


def test_a_value_is_judged_against_its_limit(service: Service) -> None:
    assert ask(service) == Observation("passed", "1.5 is not above the limit of 5.", 1.5)
    service.values = ["6.25"]
    assert ask(service) == Observation("failed", "6.25 is above the limit of 5.", 6.25)
    assert ask(service, above=False).verdict == "passed"
    assert service.queries[-1] == {"query": ["error_rate"]}


def test_a_value_is_judged_against_the_hour_before_the_deployment(service: Service) -> None:
    seen = ask(service, against="before", limit=50)
    assert (seen.verdict, seen.value, seen.baseline) == ("passed", 1.5, 2.0)
    begin, end = (float(service.queries[1][name][0]) for name in ("start", "end"))
    assert (begin, end) == (DEPLOYED.timestamp() - 3600, DEPLOYED.timestamp())
    service.values = ["3.5"]
    seen = ask(service, against="before", limit=50)
    assert seen.verdict == "failed"
    assert seen.evidence == "3.5 is above 3, 50 % off the 2 of the hour before."


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"values": []}, "The query answered no value; it has to answer one."),
        ({"values": ["1", "2"]}, "The query answered 2 values; it has to answer one."),
        ({"values": ["NaN"]}, "The query answered nan, which is no number to compare."),
        ({"values": ["much"]}, "The query answered something that is no number."),
        (
            {"answer": {"status": "error", "error": "parse error: unexpected end"}, "status": 400},
            "Prometheus refused the query: parse error: unexpected end",
        ),
        ({"answer": {"hello": 1}}, "The server did not answer as Prometheus does."),
        ({"answer": {"status": "success", "data": []}}, "The server did not answer as"),
    ],
)
def test_a_query_without_one_value_is_unknown(
    service: Service, fields: dict[str, Any], why: str
) -> None:
    for name, value in fields.items():
        setattr(service, name, value)
    seen = ask(service)
    assert seen.verdict == "unknown"
    assert seen.evidence.startswith(why)


def test_without_an_hour_before_nothing_is_compared(service: Service) -> None:
    service.before = []
    seen = ask(service, against="before", limit=50)
    assert seen.verdict == "unknown"
    assert "no values of the hour before" in seen.evidence


def test_a_page_is_judged_by_status_text_and_time(service: Service) -> None:
    assert fetch(service, text="well", seconds=4.0).verdict == "passed"
    assert fetch(service, status=204).evidence == "It answered 200 instead of 204."
    other = fetch(service, text="Welcome")
    assert other.evidence == 'It answered 200, without "Welcome" in the page.'
    slow = fetch(service, seconds=0.000001)
    assert slow.verdict == "failed"
    assert "more than 1e-06 s" in slow.evidence


def test_no_probe_leaves_the_networks_that_the_settings_allow(service: Service) -> None:
    seen = observe(
        read_probe("http", {"url": service.url}), Rules(), deployed_at=DEPLOYED, baseline=None
    )
    assert seen.verdict == "unknown"
    assert "not a public address" in seen.evidence
    assert not service.queries


@pytest.mark.parametrize(
    ("kind", "fields", "why"),
    [
        ("http", {}, "Give the address of the page"),
        ("http", {"url": "ftp://127.0.0.1/"}, "begins with https:// or http://"),
        ("http", {"url": "http://10.0.0.1/"}, "not a public address"),
        ("http", {"url": "http://169.254.169.254/latest"}, "not a public address"),
        ("http", {"url": "http://me:pw@127.0.0.1/"}, "Leave name and password out"),
        ("http", {"url": "http://127.0.0.1/a b"}, "holds no spaces"),
        ("http", {"url": "http://127.0.0.1:x/"}, "This is not a URL"),
        ("http", {"url": "http://127.0.0.1/", "status": 7}, "Name the status"),
        ("http", {"url": "http://127.0.0.1/", "seconds": 99}, "waited for less than"),
        ("prometheus", {"server": "http://127.0.0.1"}, "Give the address of the Prometheus"),
        ("prometheus", {"server": "http://127.0.0.1", "query": " ", "limit": 1}, "Give a query"),
        ("prometheus", {"server": "http://127.0.0.1", "query": "up", "limit": float("nan")}, "num"),
        ("command", {}, "looks at one of these"),
    ],
)
def test_what_could_not_work_is_refused_with_a_sentence(
    kind: str, fields: dict[str, Any], why: str
) -> None:
    with pytest.raises(Refused, match=why):
        checked_fields(kind, fields, RULES)


def test_a_probe_is_described_in_a_line() -> None:
    page = {"url": "https://a.example/", "status": 200, "text": "ok", "seconds": 2.0}
    assert describe("http", page) == 'GET https://a.example/ answers 200, holds "ok", within 2 s'
    query = {"server": "https://p.example", "query": "rate", "limit": 50, "against": "before"}
    assert describe("prometheus", query) == "rate is 50 % above the hour before the deployment"


def test_settings_of_messages_hold_for_probes(settings: Settings) -> None:
    from rollback_console.watch.actions.triggers import rules

    settings.MESSAGES_ALLOW, settings.MESSAGES_SECONDS = ["192.0.2.0/24"], 99
    assert (rules().allowed, rules().seconds) == (("192.0.2.0/24",), 10.0)
