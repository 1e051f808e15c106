"""Whose account the demo host's sessions run under: ours."""

from __future__ import annotations

import os
import pwd

_NO_SHELLS = ("nologin", "false")


def account() -> str:
    """The name of the account that runs this, or `demo` where it has none."""
    entry = _entry()
    return entry.pw_name if entry else "demo"


def has_shell() -> bool:
    """Whether OpenSSH could give this account a shell."""
    entry = _entry()
    return bool(entry and entry.pw_shell and not entry.pw_shell.endswith(_NO_SHELLS))


def _entry() -> pwd.struct_passwd | None:
    try:
        return pwd.getpwuid(os.getuid())
    except KeyError:
        return None
