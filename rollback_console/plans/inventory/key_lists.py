"""Host keys that hosts showed, compared with a list from a source that a person trusts.

A line that names a host speaks for that host alone: else whoever holds one listed host could show
its key in the place of another. A bare fingerprint speaks for the one host that shows it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rollback_console.remote.keys import read_host_keys

from ..errors import PlanError
from ..models import Host, HostKey
from .key_removals import key_removals

_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}(?![A-Za-z0-9+/])")
_KINDS = ("ed25519", "ecdsa", "rsa", "dss")


class KeyVerdict(StrEnum):
    """What a trusted list says of a key that a host showed. Only SAME is fit to be ticked."""

    SAME = "same"
    DIFFERS = "differs"
    REVOKED = "revoked"
    REMOVED = "removed"
    SHARED = "shared"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class ListedKey:
    """One line: `names` as in a known_hosts file. `is_comment`: they may name no host at all."""

    fingerprint: str
    kind: str
    names: tuple[str, ...] = ()
    is_comment: bool = False
    is_revoked: bool = False


@dataclass(frozen=True, slots=True)
class KeyComparison:
    """The verdict on each key, what differs first, and how many lines of the list hold no key."""

    rows: tuple[tuple[HostKey, KeyVerdict], ...]
    unread: int

    def count(self, verdict: KeyVerdict) -> int:
        """How many keys have that verdict."""
        return sum(each is verdict for _, each in self.rows)


def compare_keys(keys: Sequence[HostKey], text: str) -> KeyComparison:
    """What the list says of each of these keys, which nobody has confirmed yet.

    Raises PlanError for a list without any key.
    """
    lines = [line for line in text.removeprefix("\ufeff").splitlines() if _says_something(line)]
    listed = [each for line in lines if (each := _read_line(line)) is not None]
    if not listed:
        raise PlanError(
            "There is no key in this list: paste lines of known_hosts, of ssh-keyscan or of "
            "ssh-keygen -l."
        )
    verdicts = _Verdicts(keys, listed)
    rows = [(key, verdicts.verdict(key)) for key in keys]
    rows.sort(key=lambda row: _ORDER.index(row[1]))
    return KeyComparison(tuple(rows), len(lines) - len(listed))


_ORDER = (
    KeyVerdict.REVOKED,
    KeyVerdict.DIFFERS,
    KeyVerdict.REMOVED,
    KeyVerdict.SHARED,
    KeyVerdict.SAME,
    KeyVerdict.ABSENT,
)


class _Verdicts:
    """The list by host and by fingerprint, so that 1,000 hosts are compared in one pass."""

    def __init__(self, keys: Sequence[HostKey], listed: list[ListedKey]) -> None:
        self._removals = key_removals(keys)
        # Also a confirmed key counts: another host must not come in under it.
        self._hosts_with = Counter(HostKey.objects.values_list("key", flat=True))
        self._revoked = {each.fingerprint for each in listed if each.is_revoked}
        self._of_host: dict[int, list[ListedKey]] = {}
        self._bare: set[str] = set()
        by_name = _hosts_by_name(Host.objects.all())
        for each in listed:
            hosts = {pk for name in each.names for pk in _matching(name, by_name)}
            for pk in hosts:
                self._of_host.setdefault(pk, []).append(each)
            if not hosts and (each.is_comment or not each.names):
                self._bare.add(each.fingerprint)

    def verdict(self, key: HostKey) -> KeyVerdict:
        if key.fingerprint in self._revoked:
            return KeyVerdict.REVOKED
        verdict = self._listed(key)
        if verdict is KeyVerdict.SAME and key.fingerprint in self._removals:
            return KeyVerdict.REMOVED
        return verdict

    def _listed(self, key: HostKey) -> KeyVerdict:
        own = self._of_host.get(key.host_id, [])
        if any(each.fingerprint == key.fingerprint for each in own):
            return KeyVerdict.SAME
        if any(each.kind == _kind(key.type) for each in own):
            return KeyVerdict.DIFFERS
        if key.fingerprint not in self._bare:
            return KeyVerdict.ABSENT
        return KeyVerdict.SHARED if self._hosts_with[key.key] > 1 else KeyVerdict.SAME


def _says_something(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _read_line(line: str) -> ListedKey | None:
    if match := _FINGERPRINT.search(line):
        words = line[match.end() :].split()
        return ListedKey(match[0], _kind(line), _comment(words), is_comment=True)
    words = line.split()
    marker = words.pop(0) if words[0].startswith("@") else ""
    try:
        (pin,) = read_host_keys(" ".join(words))
    except ValueError:
        return None
    if marker not in {"", "@revoked"}:
        return None
    if words[0] == pin.type:  # a .pub file: the comment comes last
        return ListedKey(pin.fingerprint, _kind(pin.type), _comment(words[2:]), is_comment=True)
    names = tuple(words[0].split(","))
    return ListedKey(pin.fingerprint, _kind(pin.type), names, is_revoked=bool(marker))


def _comment(words: list[str]) -> tuple[str, ...]:
    """The host in `root@app-1 (ED25519)`."""
    return tuple(word.rpartition("@")[2] for word in words if not word.startswith("("))


def _kind(text: str) -> str:
    return next((kind for kind in _KINDS if kind in text.lower()), "")


def _hosts_by_name(hosts: Iterable[Host]) -> dict[str, list[int]]:
    by_name: dict[str, list[int]] = {}
    for host in hosts:
        for name in set(_names_of(host)):
            by_name.setdefault(name.lower(), []).append(host.pk)
    return by_name


def _names_of(host: Host) -> Iterator[str]:
    """As known_hosts writes it: the port beside the address, unless it is 22."""
    yield host.name
    for where in (host.name, host.address):
        yield f"[{where}]:{host.port}"
        if host.port == 22:
            yield where


def _matching(name: str, by_name: dict[str, list[int]]) -> list[int]:
    if not name.startswith("|1|"):
        return by_name.get(name.lower(), [])
    # A hashed name (ssh_config(5), HashKnownHosts): HMAC-SHA1 of the name under the salt.
    salt, _, digest = name.removeprefix("|1|").partition("|")
    try:
        secret, expected = base64.b64decode(salt), base64.b64decode(digest)
    except ValueError:
        return []
    for clear, hosts in by_name.items():
        if hmac.compare_digest(hmac.digest(secret, clear.encode(), hashlib.sha1), expected):
            return hosts
    return []
