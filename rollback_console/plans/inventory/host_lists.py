"""Hosts as other tools list them, read into rows: nothing is connected to and nothing saved.

Understood are the JSON of `ansible-inventory --list`, OpenSSH's client configuration
(ssh_config(5)), CSV with a header, and lines such as `app-1 deploy@10.0.0.1:2222 app web`.
"""

from __future__ import annotations

import csv
import fnmatch
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.text import slugify

from ..errors import PlanError
from .typed_hosts import read_host_address, read_host_name

MOST_HOSTS = 2000
LONGEST_TEXT = 2 * 1024 * 1024
_NO_GROUP = frozenset({"all", "ungrouped", "_meta"})


@dataclass(frozen=True, slots=True)
class HostRow:
    """One host of a list. `account` and `jump` (a host's name) are "" where the list is silent."""

    name: str
    address: str
    port: int = 22
    account: str = ""
    groups: tuple[str, ...] = ()
    jump: str = ""


@dataclass(frozen=True, slots=True)
class HostList:
    """The rows in the order of their names, and a sentence for whatever was not understood."""

    rows: tuple[HostRow, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class _Draft:
    rows: dict[str, HostRow] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def add(self, where: str, row: HostRow) -> None:
        """Keep a row whose name and address are such; groups of one name come together."""
        try:
            name, (address, port) = (
                read_host_name(row.name),
                read_host_address(row.address, row.port),
            )
        except PlanError as error:
            self.problems.append(f"{where}: {error}")
            return
        groups = tuple(filter(None, map(slugify, row.groups)))
        read = replace(row, name=name, address=address, port=port, groups=groups)
        known = self.rows.setdefault(name, read)
        if replace(known, groups=()) != replace(read, groups=()):
            self.problems.append(f"{where}: {name} stands in the list twice, and differs.")
        self.rows[name] = replace(known, groups=tuple(sorted({*known.groups, *groups})))


def read_host_list(text: str) -> HostList:
    """The hosts of a list in any of the forms above. Raises PlanError for none and for too many."""
    if len(text) > LONGEST_TEXT:
        raise PlanError("The list is longer than 2 MB: import it in parts.")
    draft = _Draft()
    _reader_of(text)(text, draft)
    if not draft.rows and not draft.problems:
        raise PlanError("There is no host in this list.")
    if len(draft.rows) > MOST_HOSTS:
        raise PlanError(f"The list holds more than {MOST_HOSTS} hosts: import it in parts.")
    rows = tuple(draft.rows[name] for name in sorted(draft.rows))
    return HostList(rows, tuple(draft.problems))


_HOST_KEYWORD = re.compile(r"(?mi)^[ \t]*+host[ \t=]")
_OTHER_KEYWORD = re.compile(r"(?mi)^[ \t]*+(?:hostname|user|port|proxyjump|identityfile)[ \t=]")
_SEPARATOR = re.compile(r"[,;\t]")


def _reader_of(text: str) -> Callable[[str, _Draft], None]:
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    if first.startswith("{"):
        return _read_ansible
    if _HOST_KEYWORD.search(text) and _OTHER_KEYWORD.search(text):
        return _read_client_configuration
    columns = {each.strip() for each in _SEPARATOR.split(first.lower())}
    return _read_csv if len(columns) > 1 and columns & {"name", "address"} else _read_lines


# ansible-inventory --list


def _read_ansible(text: str, draft: _Draft) -> None:
    try:
        inventory = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PlanError(
            f"This is no JSON: {error}. Paste what ansible-inventory --list prints."
        ) from error
    variables = _mapping(_mapping(inventory.get("_meta")).get("hostvars"))
    groups = _groups_by_host(inventory)
    for name in sorted({*variables, *groups}):
        own = _mapping(variables.get(name))
        if own.get("ansible_connection") in {"local", "docker", "winrm"}:
            draft.problems.append(f"{name}: it is not reached over SSH, so it is left out.")
        else:
            if own_way := _PROXY.search(
                " ".join(str(own.get(each, "")) for each in _SSH_ARGUMENTS)
            ):
                draft.problems.append(_by_hand(str(name), own_way[0]))
            draft.add(name, _ansible_row(str(name), own, groups.get(name, set())))


_SSH_ARGUMENTS = ("ansible_ssh_common_args", "ansible_ssh_extra_args", "ansible_ssh_args")
_PROXY = re.compile(r"Proxy(?:Command|Jump)|(?<!\S)-J")


def _by_hand(name: str, way: str) -> str:
    """That the list says how to get there, in a way that is not followed."""
    return (
        f"{name}: {way} is not followed, and without it another machine may answer at that address."
        " Write one ProxyJump instead, to a host that is listed too, or leave the host out."
    )


def _ansible_row(name: str, own: Mapping[str, Any], groups: set[str]) -> HostRow:
    port = str(own.get("ansible_port") or own.get("ansible_ssh_port") or 22)
    return HostRow(
        name=name,
        address=str(own.get("ansible_host") or own.get("ansible_ssh_host") or name),
        port=int(port) if re.fullmatch(r"[0-9]{1,5}", port) else 0,
        account=str(own.get("ansible_user") or own.get("ansible_ssh_user") or ""),
        groups=tuple(sorted(groups)),
    )


def _groups_by_host(inventory: Mapping[str, Any]) -> dict[str, set[str]]:
    """The groups of each host: its own, and those that hold its groups as children."""
    parents: dict[str, set[str]] = {}
    groups: dict[str, set[str]] = {}
    for group, body in inventory.items():
        for child in _names(_mapping(body).get("children")):
            parents.setdefault(child, set()).add(group)
    for group, body in inventory.items():
        hosts = body if isinstance(body, list) else _mapping(body).get("hosts")
        for host in _names(hosts):
            groups.setdefault(host, set()).update(_upwards(group, parents) - _NO_GROUP)
    return groups


def _upwards(group: str, parents: Mapping[str, set[str]]) -> set[str]:
    seen, waiting = set(), [group]
    while waiting:
        if (one := waiting.pop()) not in seen:
            seen.add(one)
            waiting += parents.get(one, ())
    return seen


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _names(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list | dict) else []


# ssh_config(5). A keyword's first value that applies to a host is the one that counts.


_KEYWORD = re.compile(r"([A-Za-z]\w*+)[ \t=]++(.+)")


def _read_client_configuration(text: str, draft: _Draft) -> None:
    blocks = list(_blocks(text, draft))
    names = {name for patterns, _ in blocks for name in patterns if not re.search(r"[*?!]", name)}
    for name in sorted(names):
        own: dict[str, str] = {}
        for patterns, keywords in blocks:
            if _applies(patterns, name):
                own = {**keywords, **own}
        if way := _unfollowed(own):
            draft.problems.append(_by_hand(name, way))
        draft.add(f"Host {name}", _client_row(name, own))


def _unfollowed(own: Mapping[str, str]) -> str:
    """The part of a way that a row cannot hold; "" where it holds all of it."""
    jump = own.get("proxyjump", "")
    if "," in jump:
        return f"ProxyJump {jump} (several hosts)"
    command = own.get("proxycommand", "none")
    return "" if "proxyjump" in own or command.lower() == "none" else "ProxyCommand"


def _blocks(text: str, draft: _Draft) -> Iterator[tuple[list[str], dict[str, str]]]:
    patterns: list[str] = ["*"]
    keywords: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        match = _KEYWORD.match(line.strip())
        if not match:
            continue
        keyword, value = match[1].lower(), match[2].strip('"')
        if keyword in {"host", "match"}:
            yield patterns, keywords
            patterns, keywords = value.split() if keyword == "host" else [], {}
        if keyword in {"match", "include"}:
            draft.problems.append(
                f"Line {number}: {match[1]} is not followed; list those hosts too."
            )
        keywords.setdefault(keyword, value)
    yield patterns, keywords


def _applies(patterns: list[str], name: str) -> bool:
    if any(fnmatch.fnmatchcase(name, each[1:]) for each in patterns if each.startswith("!")):
        return False
    return any(fnmatch.fnmatchcase(name, each) for each in patterns)


def _client_row(name: str, own: Mapping[str, str]) -> HostRow:
    port = own.get("port", "22")
    jumps = own.get("proxyjump", "").split(",")
    last = "" if jumps[-1].lower() == "none" else jumps[-1]
    return HostRow(
        name=name,
        address=own.get("hostname", name).replace("%h", name),
        port=int(port) if re.fullmatch(r"[0-9]{1,5}", port) else 0,
        account=own.get("user", ""),
        jump=re.sub(r"^(?:ssh://)?(?:[^@]*@)?([^:/]*).*$", r"\1", last),
    )


# CSV, and lines as people type them.


def _read_csv(text: str, draft: _Draft) -> None:
    first = text.lstrip().splitlines()[0]
    separator = max(",;\t", key=first.count)
    for number, raw in enumerate(
        csv.DictReader(io.StringIO(text.lstrip()), delimiter=separator), 2
    ):
        row = {
            (name or "").strip().lower(): value.strip()
            for name, value in raw.items()
            if isinstance(value, str)
        }
        name = row.get("name") or row.get("address", "")
        if not name:
            continue
        port = row.get("port") or "22"
        draft.add(
            f"Line {number}",
            HostRow(
                name=name,
                address=row.get("address") or name,
                port=int(port) if re.fullmatch(r"[0-9]{1,5}", port) else 0,
                account=row.get("account") or row.get("user", ""),
                groups=tuple(re.split(r"[ ,;|]+", row.get("groups") or row.get("group", ""))),
                jump=row.get("jump", ""),
            ),
        )


def _read_lines(text: str, draft: _Draft) -> None:
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].split()
        if words:
            draft.add(f"Line {number}", _typed_row(words))


def _typed_row(words: list[str]) -> HostRow:
    name, where, groups = words[0], words[1] if len(words) > 1 else words[0], words[2:]
    account, _, address = where.rpartition("@")
    return HostRow(
        name=name if len(words) > 1 else address,
        address=address,
        account=account.removeprefix("ssh://"),
        groups=tuple(groups),
    )
