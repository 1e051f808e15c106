"""What a person types for a host: its name, and an address in any of the usual forms."""

from __future__ import annotations

import ipaddress
import re

from ..errors import PlanError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_DNS_NAME = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}\.?")  # RFC 1123, and the underscores in use
_WITH_PORT = re.compile(r"(?P<host>\[[^\]]*\]|[^:\[\]]*)(?::(?P<port>[0-9]{1,5}))?")
_SSH_PORT = 22


def read_host_name(text: str) -> str:
    """The name by which plans mean the host. Raises PlanError for what no plan could write."""
    name = text.strip()
    if not _NAME.fullmatch(name):
        raise PlanError(
            "A host's name consists of letters, digits, dots, hyphens and underscores and begins"
            " with a letter or digit, such as app-1: plans name it in hosts=app-1,app-2."
        )
    return name


def read_host_address(text: str, port: int = _SSH_PORT) -> tuple[str, int]:
    """The bare address and port of `app-1`, `10.0.0.1:2222`, `[::1]:22` or `ssh://app-1:2222`.

    Raises PlanError for an account in it, two different ports, or what is no address.
    """
    bare = text.strip()
    bare = bare[6:].rstrip("/") if bare.lower().startswith("ssh://") else bare
    if "@" in bare:
        raise PlanError("Leave the account out of the address: it belongs to the credential.")
    if _is_ip(bare):
        return bare, port
    match = _WITH_PORT.fullmatch(bare)
    host = match["host"] if match else ""
    if not match or not _is_host(host):
        raise PlanError(
            f"“{text}” is no address: write a name or an IP address, such as app-1.example.org."
        )
    return host.strip("[]"), _port(match["port"], port)


def _port(written: str | None, port: int) -> int:
    number = int(written) if written else port
    if not 0 < number < 65536:
        raise PlanError(f"Port {number} does not exist: write one from 1 to 65535.")
    if written and port not in {_SSH_PORT, number}:
        raise PlanError(f"The address says port {number}, the field beside it {port}: write one.")
    return number


def _is_host(host: str) -> bool:
    if host.startswith("["):
        return _is_ip(host[1:-1])
    looks_numeric = bool(re.fullmatch(r"[0-9.]+", host))
    return _is_ip(host) if looks_numeric else len(host) < 254 and bool(_DNS_NAME.fullmatch(host))


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
