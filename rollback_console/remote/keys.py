"""Keys as people paste them: private keys made into one form, host keys into pins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    load_ssh_private_key,
    load_ssh_public_key,
)

from .protocol import HostKeyPin

# A pin's type names the key; how it may sign is another list, without SHA-1.
SIGNATURES = {
    "ssh-ed25519": ("ssh-ed25519",),
    "ecdsa-sha2-nistp256": ("ecdsa-sha2-nistp256",),
    "ecdsa-sha2-nistp384": ("ecdsa-sha2-nistp384",),
    "ecdsa-sha2-nistp521": ("ecdsa-sha2-nistp521",),
    "ssh-rsa": ("rsa-sha2-512", "rsa-sha2-256"),
}


def open_private_key(text: str, passphrase: str = "") -> tuple[str, str]:
    """The kind (rsa, ed25519, ecdsa) and the key as unencrypted OpenSSH text.

    Reads OpenSSH, PKCS#1, SEC 1 and PKCS#8 PEM. Raises ValueError with what is wrong.
    """
    if "\\n" in text and "\n" not in text.strip():
        text = text.replace("\\n", "\n")  # as it stands in JSON and in files of an environment
    key = _load(text.strip().encode() + b"\n", passphrase.encode() or None)
    match key:
        case RSAPrivateKey():
            kind = "rsa"
        case Ed25519PrivateKey():
            kind = "ed25519"
        case EllipticCurvePrivateKey():
            kind = "ecdsa"
        case _:
            raise ValueError(
                "the private key is of a kind that is not used any more (DSA): make one by"
                " ssh-keygen -t ed25519"
            )
    return kind, key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


def _load(data: bytes, passphrase: bytes | None) -> object:
    load = load_ssh_private_key if b"OPENSSH PRIVATE KEY" in data else load_pem_private_key
    try:
        return load(data, passphrase)
    except TypeError as error:
        raise ValueError(_about_passphrase(passphrase)) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        if passphrase is None and "password" in str(error).lower():
            raise ValueError(_about_passphrase(passphrase)) from error
        raise ValueError("the private key or its passphrase is wrong") from error


def _about_passphrase(passphrase: bytes | None) -> str:
    if passphrase is None:
        return "the private key is encrypted and no passphrase is stored"
    return "a passphrase is stored but the private key is not encrypted"


# The markers of a known_hosts file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT").
_REVOKED, _AUTHORITY = "@revoked", "@cert-authority"


@dataclass(frozen=True, slots=True)
class KeyLines:
    """Keys that a host is said to have, and keys that no host may show any more."""

    shown: list[HostKeyPin]
    revoked: list[HostKeyPin]


def read_host_keys(text: str) -> list[HostKeyPin]:
    """The keys in lines of a .pub file, of known_hosts, or of what ssh-keyscan prints.

    Raises ValueError with a sentence for a line that is no key, for one that is marked as revoked,
    or without any.
    """
    lines = read_key_lines(text)
    if lines.revoked:
        raise ValueError(
            f"The key {lines.revoked[0].fingerprint} is marked as revoked: that key must never be"
            " trusted again. Nothing was taken."
        )
    return lines.shown


def read_key_lines(text: str) -> KeyLines:
    """As `read_host_keys`, with the keys of lines that begin with @revoked apart."""
    marked = list(_pins(text))
    if not marked:
        raise ValueError("There is no key in this text.")
    return KeyLines(
        [pin for mark, pin in marked if mark != _REVOKED],
        [pin for mark, pin in marked if mark == _REVOKED],
    )


def _pins(text: str) -> Iterator[tuple[str, HostKeyPin]]:
    """Each key with the marker before it, if any."""
    # Some editors put a mark of the byte order before the first line.
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        words = line.split()
        if words and words[0] == _AUTHORITY:
            raise ValueError(
                f"Line {number} is a certificate authority, not the key of one host: copy the keys"
                " that the host itself shows."
            )
        if words and not words[0].startswith("#"):
            yield words[0], _pin(words, number)


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
