"""Key pairs of the demo host and of the console's account on it."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from ..layout import Layout

HOST, CLIENT, AUTHORIZED = "host_key", "client_key", "authorized_keys"


def make_keys(layout: Layout) -> None:
    """One Ed25519 pair for the host, one for the console, which alone may sign in."""
    layout.ssh.mkdir(parents=True, mode=0o700)
    _pair(layout.ssh / HOST)
    client = _pair(layout.ssh / CLIENT)
    (layout.ssh / AUTHORIZED).write_text(client)


def private(layout: Layout) -> str:
    """The console's private key, in OpenSSH's format."""
    return (layout.ssh / CLIENT).read_text()


def host_key(layout: Layout) -> tuple[str, str]:
    """The host's public key: its type and its base64."""
    kind, key = (layout.ssh / f"{HOST}.pub").read_text().split()
    return kind, key


def _pair(path: Path) -> str:
    key = Ed25519PrivateKey.generate()
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    path.with_name(f"{path.name}.pub").write_text(public + "\n")
    return public + "\n"
