"""One new issue in GitHub, GitLab or Jira, by their REST APIs.

A project is named by its address as a browser shows it; the API's address follows from that, and
so does the issue's: of an answer only a number or key is taken.

- GitHub: POST /repos/{owner}/{repo}/issues (docs.github.com/rest/issues)
- GitLab: POST /api/v4/projects/{path}/issues (docs.gitlab.com/api/issues)
- Jira: POST /rest/api/2/issue (developer.atlassian.com, Cloud and Data Center)
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from . import http_request
from .message import Rules

_PATHS = {
    "github": re.compile(r"/[\w.-]{1,100}/[\w.-]{1,100}"),
    "gitlab": re.compile(r"(?:/[\w.-]{1,100}){2,20}"),
    "jira": re.compile(r"/(?:browse|projects)/[A-Z][A-Z0-9_]{1,30}"),
}
_EXAMPLES = {
    "github": "https://github.com/OWNER/REPOSITORY",
    "gitlab": "https://gitlab.com/GROUP/PROJECT",
    "jira": "https://COMPANY.atlassian.net/browse/KEY",
}
_KEY = re.compile(r"[A-Z][A-Z0-9_]{1,30}-[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class TrackerProject:
    """`kind` is github, gitlab or jira. `account` is whose token it is, for Jira in the cloud."""

    kind: str
    url: str
    token: str
    account: str = ""

    @property
    def path(self) -> str:
        """Of its address, without the slashes around it."""
        return urlsplit(self.url).path.strip("/")

    @property
    def origin(self) -> str:
        """Scheme, host and port of its address."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


class IssueRefused(Exception):
    """No issue was opened; `str()` says why."""


class IssueUncertain(Exception):
    """Nobody knows whether an issue was opened; `str()` says what happened."""


def problem_with_project(kind: str, url: str, rules: Rules) -> str:
    """Why no issue can be opened in a project, as far as its address tells; "" when it can."""
    if why := http_request.problem_with_address(url, rules):
        return why
    parts = urlsplit(url.strip())
    if parts.query or parts.fragment or not _PATHS[kind].fullmatch(parts.path.rstrip("/")):
        return f"Give the project's address as the browser shows it, such as {_EXAMPLES[kind]}."
    return ""


def open_issue(project: TrackerProject, rules: Rules, *, title: str, text: str) -> str:
    """Open an issue; returns its address. Raises IssueRefused or IssueUncertain."""
    address, headers, fields = _REQUESTS[project.kind](project, title, text)
    try:
        answer = http_request.fetch(
            address,
            rules,
            body=json.dumps(fields).encode(),
            headers={"Content-Type": "application/json", "Accept": "application/json", **headers},
        )
    except http_request.NoAnswer as error:
        raise (IssueUncertain if error.connected else IssueRefused)(str(error)) from error
    if not 200 <= answer.status < 300:
        raise IssueRefused(_REASONS.get(answer.status, f"It answered {answer.status}."))
    return _address_of_issue(project, answer.body)


_REASONS = {
    401: "It does not accept the token: enter a new one.",
    403: "The token may not open issues there: give it that right.",
    404: "It knows no such project, or hides it from this token.",
    410: "Issues are switched off in that project.",
    429: "It takes no more requests for now. Try again later.",
}

_Made = tuple[str, Mapping[str, str], Mapping[str, Any]]


def _github(project: TrackerProject, title: str, text: str) -> _Made:
    public = project.origin == "https://github.com"
    api = "https://api.github.com" if public else f"{project.origin}/api/v3"
    headers = {"Authorization": f"Bearer {project.token}", "X-GitHub-Api-Version": "2022-11-28"}
    return f"{api}/repos/{project.path}/issues", headers, {"title": title, "body": text}


def _gitlab(project: TrackerProject, title: str, text: str) -> _Made:
    address = f"{project.origin}/api/v4/projects/{quote(project.path, safe='')}/issues"
    return address, {"PRIVATE-TOKEN": project.token}, {"title": title, "description": text}


def _jira(project: TrackerProject, title: str, text: str) -> _Made:
    login = base64.b64encode(f"{project.account}:{project.token}".encode()).decode()
    headers = {"Authorization": f"Basic {login}" if project.account else f"Bearer {project.token}"}
    key = project.path.rpartition("/")[2]
    fields = {
        "project": {"key": key},
        "issuetype": {"name": "Task"},
        "summary": title,
        "description": text,
    }
    return f"{project.origin}/rest/api/2/issue", headers, {"fields": fields}


_REQUESTS: dict[str, Callable[[TrackerProject, str, str], _Made]] = {
    "github": _github,
    "gitlab": _gitlab,
    "jira": _jira,
}


def _address_of_issue(project: TrackerProject, body: bytes) -> str:
    try:
        answer = json.loads(body)
        if project.kind == "jira":
            key = str(answer["key"])
            if not _KEY.fullmatch(key):
                raise ValueError(key)
            return f"{project.origin}/browse/{key}"
        number = int(answer["number" if project.kind == "github" else "iid"])
    except (ValueError, TypeError, KeyError) as error:
        raise IssueUncertain("It took the issue and answered without its number.") from error
    middle = "issues" if project.kind == "github" else "-/issues"
    return f"{project.origin}/{project.path}/{middle}/{number}"
