"""Lists at the size of a company: narrowed, ordered, paged, in as many queries as for a few."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rollback_console.plans.models import (
    Credential,
    Environment,
    Host,
    HostGroup,
    HostKey,
    SignInTrial,
)
from tests import make

from .conftest import SignIn, words

HOSTS, PEOPLE, ENVIRONMENTS = 1000, 200, 50


@pytest.fixture
def company(stage: make.Stage) -> make.Stage:
    now = timezone.now()
    Environment.objects.bulk_create(
        Environment(slug=f"place-{n:02}", name=f"Place {n:02}") for n in range(ENVIRONMENTS)
    )
    places = list(Environment.objects.filter(slug__startswith="place"))
    credential = Credential.objects.get()
    hosts = Host.objects.bulk_create(
        Host(
            name=f"web-{n:04}",
            environment=places[n % ENVIRONMENTS],
            address=f"10.0.{n // 250}.{n % 250}",
            credential=credential,
        )
        for n in range(HOSTS)
    )
    HostKey.objects.bulk_create(
        HostKey(host=host, type="ssh-ed25519", key=make.KEY, confirmed_at=now)
        for host in hosts[:900]
    )
    SignInTrial.objects.bulk_create(
        SignInTrial(host=host, asked_at=now, tried_at=now, problem="refused", way="x")
        for host in hosts[:3]
    )
    User.objects.bulk_create(User(username=f"person-{n:03}") for n in range(PEOPLE))
    return stage


def queries(client: Any, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_a_thousand_hosts_come_in_pages_and_cost_no_more_queries(
    company: make.Stage, signed_in: SignIn
) -> None:
    client = signed_in(company.cast.ada)
    client.get("/hosts/")
    page = words(client.get("/hosts/"))
    assert "1 to 50 of 1001" in page
    assert "web-0100" not in page
    assert "1001 to 1001 of 1001" in words(client.get("/hosts/?page=21"))
    assert "1001 of 1001" in words(client.get("/hosts/?page=999"))
    many = queries(client, "/hosts/?text=web")
    assert many == queries(client, "/hosts/?text=web-000")
    assert many < 25


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("text=WEB-0042", "1 to 1 of 1"),
        ("text=web+10.0.3.", "of 250"),
        ("environment=place-07", "of 20"),
        ("state=without+a+confirmed+key", "of 100"),
        ("state=sign-in+failed", "of 3"),
        ("state=never+tried&environment=place-07", "of 18"),
        ("text=nothing-like-it", "No host matches"),
        ("state=no-such-state&sort=no-such-order&page=x", "1 to 50 of 1001"),
    ],
)
def test_hosts_are_narrowed(company: make.Stage, signed_in: SignIn, query: str, shown: str) -> None:
    assert shown in words(signed_in(company.cast.ada).get(f"/hosts/?{query}"))


def test_hosts_of_a_group_are_reached_from_their_environment(
    company: make.Stage, signed_in: SignIn
) -> None:
    group = HostGroup.objects.create(environment=company.environment, name="app")
    group.hosts.add(company.host)
    client = signed_in(company.cast.ada)
    page = client.get("/environments/staging/").content.decode()
    assert 'href="/hosts/?environment=staging&amp;group=app"' in page
    assert "1 to 1 of 1" in words(client.get("/hosts/?environment=staging&group=app"))
    place = client.get("/environments/place-07/").content.decode()
    assert "web-0007" not in place
    assert "20 hosts" in words(client.get("/environments/place-07/"))


def test_hosts_are_ordered_and_the_order_stays_on_the_next_page(
    company: make.Stage, signed_in: SignIn
) -> None:
    client = signed_in(company.cast.ada)
    page = client.get("/hosts/?sort=address").content.decode()
    assert page.index("web-0000") < page.index("web-0001")
    assert 'href="?sort=address&amp;page=2"' in page


def test_two_hundred_people_are_searched_and_paged(company: make.Stage, signed_in: SignIn) -> None:
    client = signed_in(company.cast.ada)
    assert "1 to 50 of 205" in words(client.get("/people/"))
    assert "1 to 1 of 1" in words(client.get("/people/?text=PERSON-117"))
    assert "of 200" in words(client.get("/people/?state=in+no+group"))
    assert "of 2" in words(client.get("/people/?state=decision+maker"))
    operators = Group.objects.get(name="Operator").user_set.count()
    assert f"of {operators}" in words(client.get("/people/?group=Operator"))
    assert queries(client, "/people/?text=person") < 25


def test_fifty_environments_are_searched_and_paged(company: make.Stage, signed_in: SignIn) -> None:
    client = signed_in(company.cast.ada)
    assert "1 to 50 of 51" in words(client.get("/environments/"))
    assert "1 to 1 of 1" in words(client.get("/environments/?text=place+33"))
