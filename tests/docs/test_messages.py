"""Every example of docs/messages.md does what it says."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from rollback_console.notify import target_urls
from rollback_console.outbox import dispatch, enqueue
from rollback_console.outbox.actions import targets
from rollback_console.outbox.models import Delivery
from rollback_console.outbox.topics import TOPICS
from rollback_console.proposals.models import Integration, Proposal
from tests import make
from tests.proposals.conftest import Sender, alert, group, sender
from tests.receivers import web

TEXT = (Path(__file__).parents[2] / "docs" / "messages.md").read_text()


def examples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


@pytest.fixture
def stage(transactional_db: None) -> make.Stage:
    return make.stage()


def run(script: str, server: LiveServer, made: Sender) -> Any:
    """A shell example, with its variables as a reader sets them."""
    values = {
        "CONSOLE": server.url,
        "KEY": str(made.integration.key),
        "SECRET": made.secret,
        "PATH": os.environ["PATH"],
    }
    done = subprocess.run(
        ["sh", "-euc", script], env=values, capture_output=True, check=True, text=True, timeout=60
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("script", examples("sh"))
def test_curl_opens_a_proposal(stage: make.Stage, live_server: LiveServer, script: str) -> None:
    plan = make.plan(stage).plan
    answer = run(script, live_server, sender(stage, "generic"))
    made = Proposal.objects.get()
    assert answer == {"proposals": [made.pk]}
    assert (made.title, made.plan) == ("Orders stop", plan)


def test_there_are_two_examples_of_curl() -> None:
    assert len(examples("sh")) == 2


def test_the_python_example_tells_genuine_webhooks_from_others(
    stage: make.Stage, settings: Settings
) -> None:
    settings.MESSAGES_ALLOW = ["127.0.0.0/8"]
    (source,) = examples("python")
    room: dict[str, Any] = {}
    exec(source, room)  # noqa: S102
    with web() as receiver:
        _, secret = targets.add_target(
            by=stage.cast.ada, name="Ops", url=receiver.url, topics=["decide"]
        )
        make.requested(stage)
        enqueue.events()
        dispatch.send_delivery(Delivery.objects.get().pk)
    (post,) = receiver.posts
    assert room["is_genuine"](secret, post.headers, post.body)
    assert not room["is_genuine"]("another", post.headers, post.body)
    assert not room["is_genuine"](secret, post.headers, post.body + b" ")
    old = {**post.headers, "Rollback-Console-Timestamp": "1000000000"}
    assert not room["is_genuine"](secret, old, post.body)
    (shown,) = examples("json")
    assert json.loads(shown).keys() == post.json.keys()


def test_alertmanager_is_told_to_send_what_is_taken(stage: make.Stage) -> None:
    config = yaml.safe_load(examples("yaml")[0])
    (receiver,) = config["receivers"]
    assert config["route"]["receiver"] == receiver["name"]
    (hook,) = receiver["webhook_configs"]
    authorization = hook["http_config"]["authorization"]
    made = sender(stage, "alertmanager")
    path = (
        hook["url"]
        .removeprefix("https://rollback.example.org")
        .replace("KEY", str(made.integration.key))
    )
    assert path == made.path
    assert hook["send_resolved"]
    # The scheme that Alertmanager sends its credentials under unless it is told another.
    header = f"{authorization.get('type', 'Bearer')} {made.secret}"
    assert made.send(group(alert()), Authorization=header).status_code == 202


def test_grafana_is_told_to_send_what_is_taken(stage: make.Stage) -> None:
    config = yaml.safe_load(examples("yaml")[1])
    settings = config["contactPoints"][0]["receivers"][0]["settings"]
    made = sender(stage, "grafana")
    path = settings["url"].removeprefix("https://rollback.example.org")
    assert path.replace("KEY", str(made.integration.key)) == made.path
    credentials = settings["authorization_credentials"].replace("SECRET", made.secret)
    header = f"{settings['authorization_scheme']} {credentials}"
    # As Grafana writes it: what Alertmanager does, with more beside it.
    beside = {"values": {"B": 11}, "silenceURL": "https://grafana.example.org/s", "orgId": 1}
    body = {**group(alert(panelURL="https://grafana.example.org/d/1", **beside)), "orgId": 1}
    assert made.send(body, Authorization=header).status_code == 202
    assert Proposal.objects.get().link == "https://grafana.example.org/d/1"
    assert Integration.objects.get().last_used_at


def test_every_topic_and_every_service_is_named() -> None:
    table = re.findall(r"^\| (\w+) \|", TEXT, re.MULTILINE)
    assert set(TOPICS) <= set(table)
    for name in set(target_urls.SERVICES.values()) - {"mail"}:
        assert name in TEXT.replace("\n", " "), name
