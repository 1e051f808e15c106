"""Host keys as people read them off a host, made into pins."""

from __future__ import annotations

from collections.abc import Iterator

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from .protocol import HostKeyPin

# A pin's type names the key; how it may sign is another list, without SHA-1.
SIGNATURES = {
    "ssh-ed25519": ("ssh-ed25519",),
    "ecdsa-sha2-nistp256": ("ecdsa-sha2-nistp256",),
    "ecdsa-sha2-nistp384": ("ecdsa-sha2-nistp384",),
    "ecdsa-sha2-nistp521": ("ecdsa-sha2-nistp521",),
    "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256"),
}


def read(text: str) -> list[HostKeyPin]:
    """The keys in lines of a .pub file, of known_hosts, or of what ssh-keyscan prints.

    Raises ValueError with a sentence for a line that is no key, or without any.
    """
    pins = list(_pins(text))
    if not pins:
        raise ValueError("There is no key in this text.")
    return pins


def _pins(text: str) -> Iterator[HostKeyPin]:
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if words and not words[0].startswith("#"):
            yield _pin(words, number)


def _pin(words: list[str], number: int) -> HostKeyPin:
    at = next((place for place, word in enumerate(words[:-1]) if word in SIGNATURES), None)
    if at is None:
        raise ValueError(
            f"Line {number} is no public key of a host: copy the whole line of a file such as "
            "/etc/ssh/ssh_host_ed25519_key.pub."
        )
    kind, key = words[at : at + 2]
    try:
        load_ssh_public_key(f"{kind} {key}".encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError(
            f"The key on line {number} is cut off or mistyped: copy it whole."
        ) from error
    return HostKeyPin(kind, key)
