"""A form that was drawn before somebody else's change is refused with the difference."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from rollback_console.plans.actions.credentials import change_credential
from rollback_console.plans.actions.decision_makers import change_decision_maker
from rollback_console.plans.actions.environments import change_environment
from rollback_console.plans.actions.hosts import change_host
from rollback_console.plans.models import DecisionMaker, Environment, Host
from tests import make

from .conftest import SignIn, words

pytestmark = pytest.mark.django_db


def drawn(client: Client, address: str) -> str:
    """What the page's form carries of the row that it shows."""
    page = client.get(address).content.decode()
    (value, *_) = re.findall(r'name="drawn_from" value="([^"]+)"', page)
    return str(value)


def test_a_hosts_form_is_refused_with_the_difference_when_it_was_changed(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client, address = signed_in(stage.cast.ada), f"/hosts/{stage.host.pk}/"
    fields = {
        "name": stage.host.name,
        "environment": stage.environment.pk,
        "address": "192.0.2.50",
        "port": "22",
        "credential": stage.host.credential.pk,
        "drawn_from": drawn(client, address),
    }
    change_host(stage.host, by=stage.cast.ada, port=2222)
    answer = client.post(address, fields)
    assert answer.status_code == 422
    assert "port was 22 and is 2222. Nothing was saved." in words(answer)
    assert Host.objects.get().port == 2222
    fields["drawn_from"] = drawn(client, address)
    assert client.post(address, fields).status_code == 303
    assert Host.objects.get().address == "192.0.2.50"


def test_an_environments_form_is_refused_with_the_difference(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client, address = signed_in(stage.cast.ada), "/environments/staging/"
    page = client.get(address)
    rules = page.context["rules"]
    fields = {name: rules[name].value() or "" for name in rules.fields}
    change_environment(stage.environment, by=stage.cast.ada, request_expires=90)
    answer = client.post(address, {**fields, "start_expires": "7"})
    assert "request expires was 60 and is 90." in words(answer)
    assert Environment.objects.get().start_expires != 7


def test_a_credentials_form_is_refused_with_the_difference(
    signed_in: SignIn, stage: make.Stage
) -> None:
    credential = stage.host.credential
    client, address = signed_in(stage.cast.ada), f"/credentials/{credential.pk}/"
    fields = {"name": "mine", "username": "deploy", "password": "swordfish"}
    fields["drawn_from"] = drawn(client, address)
    change_credential(credential, by=stage.cast.ada, username="other")
    answer = client.post(address, fields)
    assert answer.status_code == 422
    assert "and is other. Nothing was saved." in words(answer)
    assert "swordfish" not in answer.content.decode()


def test_a_decision_makers_line_is_refused_with_the_difference(
    signed_in: SignIn, stage: make.Stage
) -> None:
    client, sam = signed_in(stage.cast.ada), DecisionMaker.objects.get(user=stage.cast.sam)
    page = client.get("/environments/staging/").content.decode()
    form = page[page.index(f"decision-makers/{sam.pk}/changes/") :]
    (value, *_) = re.findall(r'name="drawn_from" value="([^"]+)"', form)
    change_decision_maker(sam, by=stage.cast.ada, role="CTO", rung=4)
    fields = {"role": "Deploy Lead", "rung": "1", "drawn_from": value}
    address = f"/environments/staging/decision-makers/{sam.pk}/changes/"
    assert "rung was 2 and is 4" in words(client.post(address, fields, follow=True))


def test_a_form_without_its_version_is_refused(signed_in: SignIn, stage: make.Stage) -> None:
    fields = {
        "name": stage.host.name,
        "environment": stage.environment.pk,
        "address": "192.0.2.50",
        "port": "22",
        "credential": stage.host.credential.pk,
    }
    answer = signed_in(stage.cast.ada).post(f"/hosts/{stage.host.pk}/", fields)
    assert "This form does not say what it was drawn from." in words(answer)
    assert Host.objects.get().address != "192.0.2.50"
