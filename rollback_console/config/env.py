"""Typed reading of environment variables, with `NAME_FILE` for secrets kept as files.

Layer: the top: only settings.py imports it.
"""

from __future__ import annotations

import secrets
from importlib.util import find_spec
from ipaddress import ip_network
from pathlib import Path

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()

_YES = frozenset({"true", "yes", "on", "1", "y", "t", "ok"})
_KNOWN_KEYS = frozenset({"changeme", "secret", "secret_key", "insecure", "change-me"})
_NO = frozenset({"false", "no", "off", "0", "n", "f"})


def secret(name: str, *, kept_in: Path | None) -> str:
    """The value of NAME or the content of the file NAME_FILE.

    With `kept_in` (the embedded default) a missing value is made once and kept there,
    readable by its owner alone. Otherwise a missing value raises ImproperlyConfigured.
    """
    if value := given(name):
        return value
    if kept_in is None:
        raise ImproperlyConfigured(
            f"{name} is not set. Set {name}, or {name}_FILE to a file that holds it."
        )
    return _kept(kept_in / name.lower())


def check_secret_key(key: str) -> str:
    """The key. ImproperlyConfigured for one that is short, known or made of few characters."""
    known = key.startswith("django-insecure-") or key.casefold().strip("!.") in _KNOWN_KEYS
    if known or len(key) < 32 or len(set(key)) < 10:
        raise ImproperlyConfigured(
            "SECRET_KEY must be at least 32 random characters that nobody knows. Make one: "
            "python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    return key


def given(name: str) -> str:
    """The value of NAME, else the content of the file NAME_FILE, else ""."""
    value: str = env.str(name, "")
    path: str = env.str(f"{name}_FILE", "")
    return value or (_read(name, Path(path)) if path else "")


def folder(name: str, default: Path) -> Path:
    """The folder that NAME names, as an absolute path; `default` where it is unset or empty."""
    return Path(env.str(name, "") or default).absolute()


def positive(name: str, default: int) -> int:
    """A whole number above zero from the environment, or ImproperlyConfigured."""
    try:
        value: int = env.int(name, default)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be a whole number.") from error
    if value < 1:
        raise ImproperlyConfigured(f"{name} must be at least 1, not {value}.")
    return value


def whole(name: str, default: int) -> int:
    """A whole number from the environment, 0 or more, or ImproperlyConfigured."""
    value = env.str(name, "") or str(default)
    if not value.isascii() or not value.isdecimal():
        raise ImproperlyConfigured(f"{name} must be a whole number, 0 or more, not “{value}”.")
    return int(value)


def yes_no(name: str, *, default: bool = False) -> bool:
    """True or false from the environment, or ImproperlyConfigured: a slip is not a no."""
    value = env.str(name, "").casefold()
    if value in _YES or value in _NO:
        return value in _YES
    if value:
        raise ImproperlyConfigured(f"{name} must be true or false, not “{value}”.")
    return default


def needs(name: str, package: str, extra: str) -> str:
    """The value of NAME or NAME_FILE. ImproperlyConfigured when it is set without `package`."""
    value = given(name)
    if value and find_spec(package) is None:
        raise ImproperlyConfigured(
            f"{name} is set, but {package} is not installed: pip install rollback-console[{extra}]."
        )
    return value


def networks(name: str) -> list[str]:
    """Networks in CIDR form, comma separated, or ImproperlyConfigured."""
    values = [each.strip() for each in env.list(name, default=[]) if each.strip()]
    try:
        return [str(ip_network(each, strict=False)) for each in values]
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} must be networks such as 10.0.0.0/8, comma separated: {error}."
        ) from error


def _read(name: str, path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE names {path}, which cannot be read.") from error


def _kept(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        new = Fernet.generate_key().decode() if "master" in path.name else secrets.token_urlsafe(48)
        path.touch(mode=0o600)
        path.write_text(new)
    return path.read_text().strip()
