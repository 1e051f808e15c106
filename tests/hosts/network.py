"""A bridge of our own and one network namespace per host, all named by one prefix."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from contextlib import suppress

PREFIX = "rch"
BRIDGE = f"{PREFIX}0"
# Set aside for tests of network equipment (RFC 2544), so no real network uses it.
NETWORK = "198.18.213"


def raise_bridge() -> None:
    """The segment all hosts hang on, with the console's own end of it."""
    _ip("link", "add", BRIDGE, "type", "bridge")
    _ip("address", "add", f"{NETWORK}.1/24", "dev", BRIDGE)
    _ip("link", "set", BRIDGE, "up")


def attach(number: int) -> str:
    """A namespace with one interface on the bridge; returns its address."""
    name, address = link(number), f"{NETWORK}.{10 + number}"
    _ip("netns", "add", name)
    _ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
    _ip("link", "set", name, "master", BRIDGE, "up")
    _ip("-n", name, "link", "set", "lo", "up")
    _ip("-n", name, "address", "add", f"{address}/24", "dev", "eth0")
    _ip("-n", name, "link", "set", "eth0", "up")
    return address


def detach(number: int) -> None:
    """End whatever still lives in the namespace, and the namespace."""
    _remove(link(number))


def cut(number: int) -> None:
    """Nothing passes any more, either way; nobody is told."""
    _ip("link", "set", link(number), "down")


def mend(number: int) -> None:
    _ip("link", "set", link(number), "up")


def link(number: int) -> str:
    """The name of a host's namespace and of the bridge's end of its cable."""
    return f"{PREFIX}-{number}"


def clear() -> None:
    """Remove everything of ours, also what a killed run left behind."""
    for each in json.loads(_ip("-j", "netns", "list") or "[]"):
        if each["name"].startswith(f"{PREFIX}-"):
            _remove(each["name"])
    for each in json.loads(_ip("-j", "link", "show")):
        if each["ifname"] == BRIDGE or each["ifname"].startswith(f"{PREFIX}-"):
            with suppress(subprocess.CalledProcessError):  # it went with its namespace
                _ip("link", "delete", each["ifname"])


def _remove(namespace: str) -> None:
    for pid in _ip("netns", "pids", namespace).split():
        with suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    # With its namespace it would go as well, but some time later.
    with suppress(subprocess.CalledProcessError):
        _ip("link", "delete", namespace)
    _ip("netns", "delete", namespace)


def _ip(*arguments: str) -> str:
    done = subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)
    return done.stdout
