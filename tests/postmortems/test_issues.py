"""Action items as issues in GitHub, GitLab and Jira, by doubles of their APIs on loopback."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from rollback_console.audit.models import ConfigurationEvent
from rollback_console.plans.actions import secrets
from rollback_console.plans.models import Service
from rollback_console.postmortems.actions import issues, postmortems
from rollback_console.postmortems.models import ActionItem, IssueTracker
from rollback_console.postmortems.report.export import as_json, as_markdown
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.make import Stage
from tests.receivers import Web, web

TOKEN = "glpat-example_token"
KINDS = {
    "github": ("/acme/shop", {"number": 7}, "/acme/shop/issues/7", "acme/shop#7"),
    "gitlab": ("/acme/web/shop", {"iid": 7}, "/acme/web/shop/-/issues/7", "acme/web/shop#7"),
    "jira": ("/browse/SHOP", {"key": "SHOP-7"}, "/browse/SHOP-7", "SHOP-7"),
}


@pytest.fixture(autouse=True)
def loopback(settings: Settings) -> None:
    settings.MESSAGES_ALLOW, settings.MESSAGES_SECONDS = ["127.0.0.0/8"], 5
    settings.BASE_URL = "https://console.example.org"


@pytest.fixture
def server() -> Iterator[Web]:
    with web() as seen:
        seen.status = 201
        yield seen


@pytest.fixture
def item(stage: Stage, succeeded: Rollback) -> ActionItem:
    postmortem = postmortems.open_postmortem(succeeded)
    return postmortems.add_item(
        postmortem, by=stage.cast.dana, text="Add an alert", kind="follow_up"
    )


def track(stage: Stage, server: Web, kind: str = "github", account: str = "") -> IssueTracker:
    path, answer, _, _ = KINDS[kind]
    server.answer = json.dumps(answer).encode()
    return issues.add_tracker(
        by=stage.cast.ada, kind=kind, project=f"{server.url}{path}/", token=TOKEN, account=account
    )


@pytest.mark.parametrize("kind", KINDS)
def test_an_action_item_becomes_an_issue_linked_both_ways(
    stage: Stage, server: Web, item: ActionItem, kind: str
) -> None:
    track(stage, server, kind)
    opened = issues.open_issue(item, by=stage.cast.dana)
    _, _, path, name = KINDS[kind]
    assert (opened.issue_url, opened.issue_name) == (f"{server.url}{path}", name)
    sent = json.dumps(server.posts[0].json)
    assert "Add an alert" in sent
    assert f"https://console.example.org/rollbacks/{item.rollback_id}/postmortem/" in sent
    postmortem = item.rollback.postmortem
    assert opened.issue_url in as_markdown(postmortem)
    assert opened.issue_url in json.dumps(as_json(postmortem))


def test_each_api_is_asked_in_its_own_way(stage: Stage, server: Web, item: ActionItem) -> None:
    for kind, account in (("github", ""), ("gitlab", ""), ("jira", "ci@example.org"), ("jira", "")):
        IssueTracker.objects.all().delete()
        ActionItem.objects.update(issue_url="", issue_at=None)
        track(stage, server, kind, account=account)
        issues.open_issue(item, by=stage.cast.dana)
    github, gitlab, cloud, own = server.posts
    login = base64.b64encode(f"ci@example.org:{TOKEN}".encode()).decode()
    assert [each.path for each in server.posts] == [
        "/api/v3/repos/acme/shop/issues",
        "/api/v4/projects/acme%2Fweb%2Fshop/issues",
        *["/rest/api/2/issue"] * 2,
    ]
    assert github.headers["Authorization"] == own.headers["Authorization"] == f"Bearer {TOKEN}"
    assert gitlab.headers["PRIVATE-TOKEN"] == TOKEN
    assert cloud.headers["Authorization"] == f"Basic {login}"
    assert cloud.json["fields"]["project"] == {"key": "SHOP"}
    assert cloud.json["fields"]["summary"] == "Add an alert"


def test_an_item_has_one_issue(stage: Stage, server: Web, item: ActionItem) -> None:
    track(stage, server)
    issues.open_issue(item, by=stage.cast.dana)
    with pytest.raises(Refused, match="has an issue"):
        issues.open_issue(item, by=stage.cast.lee)
    assert len(server.posts) == 1


@pytest.mark.parametrize(
    ("status", "sentence"),
    [(401, "does not accept the token"), (404, "no such project"), (302, "It answered 302")],
)
def test_a_refusal_is_said_and_the_item_can_be_tried_again(
    stage: Stage, server: Web, item: ActionItem, status: int, sentence: str
) -> None:
    track(stage, server)
    server.status, server.location = status, "http://127.0.0.1:9/"
    with pytest.raises(Refused, match=sentence):
        issues.open_issue(item, by=stage.cast.dana)
    server.status, server.location = 201, ""
    assert issues.open_issue(item, by=stage.cast.dana).issue_url


def test_an_answer_that_never_came_is_called_unknown_and_not_repeated_at_once(
    stage: Stage, server: Web, item: ActionItem, settings: Settings
) -> None:
    track(stage, server)
    settings.MESSAGES_SECONDS = 0.2
    server.silent = threading.Event()
    with pytest.raises(Refused, match="not known whether an issue was opened"):
        issues.open_issue(item, by=stage.cast.dana)
    with pytest.raises(Refused, match="is being opened"):
        issues.open_issue(item, by=stage.cast.dana)
    assert len(server.posts) == 1


def test_an_answer_decides_no_address(stage: Stage, server: Web, item: ActionItem) -> None:
    track(stage, server, "jira")
    server.answer = b'{"key": "SHOP-7/../../evil", "html_url": "https://evil.example"}'
    with pytest.raises(Refused, match="without its number"):
        issues.open_issue(item, by=stage.cast.dana)
    item.refresh_from_db()
    assert item.issue_url == ""


@pytest.mark.parametrize(
    ("kind", "project", "sentence"),
    [
        ("github", "https://192.168.0.9/acme/shop", "not a public address"),
        ("github", "http://169.254.169.254/latest/meta", "not a public address"),
        ("github", "https://sam:pw@127.0.0.1/acme/shop", "Leave name and password out"),
        ("github", "http://127.0.0.1/acme", "such as https://github.com/OWNER/REPOSITORY"),
        ("jira", "http://127.0.0.1/acme", "such as https://COMPANY.atlassian.net/browse/KEY"),
    ],
)
def test_a_tracker_is_where_messages_may_go(
    stage: Stage, kind: str, project: str, sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        issues.add_tracker(by=stage.cast.ada, kind=kind, project=project, token=TOKEN)


def test_a_token_is_encrypted_at_rest_and_on_no_page_and_in_no_event(
    stage: Stage, server: Web
) -> None:
    track(stage, server)
    with connection.cursor() as cursor:
        cursor.execute("select token from postmortems_issuetracker")
        assert TOKEN not in str(cursor.fetchall())
    page = make.signed_in(stage.cast.ada).get("/issue-trackers/").text
    assert f"{server.url}/acme/shop" in page
    assert TOKEN not in page + str(list(ConfigurationEvent.objects.values()))


def test_a_service_has_a_tracker_of_its_own_before_the_one_of_all(
    stage: Stage, server: Web, item: ActionItem
) -> None:
    track(stage, server)
    own = issues.add_tracker(
        by=stage.cast.ada,
        kind="github",
        project=f"{server.url}/acme/own",
        token=TOKEN,
        service=Service.objects.get(pk=item.rollback.service_id),
    )
    assert issues.tracker_of(item.rollback) == own
    with pytest.raises(Refused, match="one for this already"):
        track(stage, server)
    issues.remove_tracker(own, by=stage.cast.ada)
    assert str(issues.tracker_of(item.rollback)).endswith("/acme/shop")


def test_admins_alone_change_trackers_and_operators_open_issues(
    stage: Stage, server: Web, item: ActionItem
) -> None:
    with pytest.raises(Refused, match="Only Admins"):
        issues.add_tracker(by=stage.cast.dana, kind="github", project="x", token=TOKEN)
    with pytest.raises(Refused, match="No issue tracker is set up"):
        issues.open_issue(item, by=stage.cast.dana)
    track(stage, server)
    with pytest.raises(Refused, match="Ask an operator"):
        issues.open_issue(item, by=stage.cast.vic)
    assert server.posts == []


def test_secrets_of_the_environment_leave_masked(
    stage: Stage, server: Web, succeeded: Rollback
) -> None:
    secrets.set_secret(stage.environment, by=stage.cast.ada, name="DB", value="swordfish-9911")
    track(stage, server)
    leaking = postmortems.add_item(
        postmortems.open_postmortem(succeeded),
        by=stage.cast.dana,
        text="Rotate swordfish-9911",
        kind="immediate",
    )
    issues.open_issue(leaking, by=stage.cast.dana)
    assert b"swordfish-9911" not in server.posts[0].body


def test_the_pages_add_a_tracker_and_open_an_issue(
    stage: Stage, server: Web, item: ActionItem
) -> None:
    admin: Client = make.signed_in(stage.cast.ada)
    server.answer = b'{"number": 7}'
    fields = {"kind": "github", "project": f"{server.url}/acme/shop", "token": TOKEN}
    assert admin.post("/issue-trackers/new/", {**fields, "project": "x"}).status_code == 422
    admin.post("/issue-trackers/new/", fields)
    operator = make.signed_in(stage.cast.dana)
    address = f"/rollbacks/{item.rollback_id}/postmortem/"
    assert "Open issue in GitHub" in operator.get(address).text
    operator.post(f"{address}items/{item.pk}/issues/")
    page = operator.get(address).text
    assert f'href="{server.url}/acme/shop/issues/7"' in page
    assert "Issue acme/shop#7" in page
    assert "acme/shop#7" in operator.get("/actions/").text
    admin.post(f"/issue-trackers/{IssueTracker.objects.get().pk}/removals/")
    assert not IssueTracker.objects.exists()
