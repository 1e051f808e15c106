"""Private keys as people paste them, whatever wrote them, made into one form."""

from __future__ import annotations

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
)


def opened(text: str, passphrase: str = "") -> tuple[str, str]:
    """The kind (rsa, ed25519, ecdsa) and the key as unencrypted OpenSSH text.

    Reads OpenSSH, PKCS#1, SEC 1 and PKCS#8 PEM. Raises ValueError with what is wrong.
    """
    key = _loaded(text.strip().encode() + b"\n", passphrase.encode() or None)
    match key:
        case RSAPrivateKey():
            kind = "rsa"
        case Ed25519PrivateKey():
            kind = "ed25519"
        case EllipticCurvePrivateKey():
            kind = "ecdsa"
        case _:
            raise ValueError("the private key is of a kind that is not used any more")
    return kind, key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


def _loaded(data: bytes, passphrase: bytes | None) -> object:
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
