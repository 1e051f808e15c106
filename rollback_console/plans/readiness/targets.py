"""What readiness may touch in an environment: servers, pages and folders that an Admin named."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..models import Environment

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS = {"http": 80, "https": 443}
_HOST = r"(?:\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)"
_SERVER = re.compile(rf"{_HOST}:\d{{1,5}}")
_PAGE_HOST = re.compile(rf"{_HOST}(?::\d{{1,5}})?")
_FOLDER = re.compile(r"/(?!/)[^\x00-\x1f\x7f]*")


@dataclass(frozen=True, slots=True)
class Targets:
    """`servers` are host:port; `pages` are host or host:port; `folders` are absolute paths."""

    environment: str
    servers: frozenset[str] = frozenset()
    pages: frozenset[str] = _LOOPBACK
    folders: tuple[str, ...] = ()

    def server_refusal(self, server: str) -> str:
        """Why a database server, "host:port", is not asked; "" when it may be."""
        if server.lower() in self.servers:
            return ""
        return (
            f"{server} is no database server of {self.environment}. An Admin can name it in the "
            "environment's settings."
        )

    def page_refusal(self, url: str) -> str:
        """Why an address is not opened; "" when it may be."""
        try:
            parts = urlsplit(url)
            port = parts.port or _PORTS.get(parts.scheme, 0)
        except ValueError:
            return f"{url} is no address."
        if parts.scheme not in _PORTS or parts.username is not None or not parts.hostname:
            return f"{url} is not opened: only http and https addresses without a user name are."
        if {parts.hostname, f"{parts.hostname}:{port}"} & self.pages:
            return ""
        return (
            f"{parts.hostname} is no host of {self.environment}. An Admin can name it in the "
            "environment's settings."
        )


def targets_of(environment: Environment) -> Targets:
    """What readiness may touch there: what its settings name, and pages of its own hosts."""
    own = environment.hosts.values_list("name", "address")
    pages = {word.lower() for pair in own for word in pair}
    return Targets(
        environment=environment.name,
        servers=frozenset(_lines(environment.database_servers)),
        pages=frozenset(pages | set(_lines(environment.page_hosts))) | _LOOPBACK,
        folders=tuple(environment.file_folders.split("\n")) if environment.file_folders else (),
    )


def server_problems(text: str) -> list[str]:
    """What is wrong with a list of database servers, one a line, as sentences."""
    return _problems(text, _SERVER, "is no server: write host:port, such as db1:3306.")


def page_host_problems(text: str) -> list[str]:
    """What is wrong with a list of hosts whose pages may be opened, as sentences."""
    return _problems(text, _PAGE_HOST, "is no host: write a name or name:port.")


def folder_problems(text: str) -> list[str]:
    """What is wrong with a list of folders, as sentences."""
    wrong = "is no folder: write a whole path below /, such as /var/backups."
    deep = [line for line in text.split("\n") if line.strip("/") == "" and line]
    return _problems(text, _FOLDER, wrong) + [f"“{line}” {wrong}" for line in deep]


def _problems(text: str, pattern: re.Pattern[str], wrong: str) -> list[str]:
    return [f"“{line}” {wrong}" for line in _lines(text) if not pattern.fullmatch(line)]


def _lines(text: str) -> Iterable[str]:
    return [line.strip().lower() for line in text.splitlines() if line.strip()]
