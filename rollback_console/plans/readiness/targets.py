"""What readiness may touch in an environment: servers, pages and folders that an Admin named."""

from __future__ import annotations

import ipaddress
import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..models import Environment

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS = {"http": 80, "https": 443}
_HOST = r"(?:\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)"
_SERVER = re.compile(rf"{_HOST}:\d{{1,5}}")
_PAGE_HOST = re.compile(rf"{_HOST}(?::\d{{1,5}})?")
_PAGE = re.compile(
    rf"(?P<scheme>https?)://(?P<host>{_HOST})(?::(?P<port>\d{{1,5}}))?(?:[/?#][!-\[\]-~]*)?",
    re.IGNORECASE | re.ASCII,
)
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
        # What the console reads off an address must be what curl reads: nothing is guessed.
        match = _PAGE.fullmatch(url)
        if match is None or not _is_host(match["host"]) or not _is_port(match["port"]):
            return (
                f"{url} is not opened: only plain http and https addresses are, without a user "
                "name, such as https://shop.example/health."
            )
        host = match["host"].lower()
        port = int(match["port"] or _PORTS[match["scheme"].lower()])
        if {host, host.strip("[]"), f"{host}:{port}"} & self.pages:
            return ""
        return (
            f"{host} is no host of {self.environment}. An Admin can name it in the "
            "environment's settings."
        )

    def holds(self, path: str) -> bool:
        """Whether a path, as it is written, is a named folder or below one."""
        whole = posixpath.normpath(path)
        named = (posixpath.normpath(each) for each in self.folders)
        return any(whole == each or whole.startswith(f"{each}/") for each in named)


def _is_host(text: str) -> bool:
    if not text.startswith("["):
        return True
    try:
        return bool(ipaddress.IPv6Address(text[1:-1]))
    except ValueError:
        return False


def _is_port(text: str | None) -> bool:
    return text is None or 0 < int(text) < 65536


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
