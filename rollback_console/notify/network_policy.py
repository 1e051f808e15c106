"""Which addresses messages may go to: public ones, and what a setting names.

A name is judged by every address it has; the address is judged again at the very moment of
connecting, so a name that changes in between gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

METADATA = frozenset(
    ipaddress.ip_address(each)
    for each in (
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
    )
)
"""Where clouds keep credentials: only allowed when a setting names that very address."""

# Not called private by every version of Python: site-local, documentation, protocols, relays.
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(each)
    for each in ("fec0::/10", "3fff::/20", "192.0.0.0/24", "192.88.99.0/24")
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class Forbidden(OSError):
    """`str()` is a sentence that says which address was refused, and why."""


def refusal(address: str, allowed: Iterable[str], *, inside_only: bool = False) -> str:
    """Why nothing may be sent to a literal address; "" when it may.

    `inside_only` is for what is not encrypted: it may only go where a setting allows.
    """
    try:
        met = _plain(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return f"{address} is not an address."
    nets = [ipaddress.ip_network(each, strict=False) for each in allowed]
    if any(met in net for net in nets if net.version == met.version and _fits(net, met)):
        return ""
    listed = any(met in net for net in _NOT_PUBLIC if net.version == met.version)
    if met in METADATA or listed or not met.is_global or met.is_multicast or met.is_reserved:
        return f"{met} is not a public address. MESSAGES_ALLOW may name networks of your own."
    if inside_only:
        return f"{met} is a public address: use https:// there."
    return ""


def host_refusal(host: str, allowed: Iterable[str], *, inside_only: bool = False) -> str:
    """Why nothing may be sent to a host by what its name means now; "" when it may.

    A name that nobody knows is no refusal: it is judged when something is sent.
    """
    nets = tuple(allowed)
    for address in _addresses(host):
        if why := refusal(address, nets, inside_only=inside_only):
            return why if host == address else f"{host} leads to an address that is refused: {why}"
    return ""


def _addresses(host: str) -> list[str]:
    try:
        entries = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(each[4][0]) for each in entries))


def _plain(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one: mapped, 6to4, Teredo or NAT64."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address.teredo:
        inner = address.teredo[1]
    if inner is None and address in _NAT64:
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address


def _fits(net: ipaddress.IPv4Network | ipaddress.IPv6Network, address: Address) -> bool:
    return address not in METADATA or net.num_addresses == 1
