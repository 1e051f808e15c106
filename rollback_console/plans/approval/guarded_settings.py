"""What one Admin alone may not change where two are asked for: one entry a setting.

The rule behind the table: a change by one Admin must neither widen what runs where strict rules
hold, nor who may decide, nor for how long a decision counts. What narrows is free, so that one
person alone can act in an emergency; putting it back takes two. Every column of an environment, a
host and a credential is either guarded or stands under FREE with the reason.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from typing import Any

Eases = Callable[[Any, Any], bool]
"""Whether the second value is easier than the first."""

_STRICTNESS = {"never": 0, "quorum": 1, "always": 2}


def _falls(old: int, new: int) -> bool:
    return new < old


def _rises(old: int, new: int) -> bool:
    return new > old


def _differs(old: Any, new: Any) -> bool:
    return bool(old != new)


def _is_another(old: str, new: str) -> bool:
    return old != "" and new != old


def _is_laxer(old: str, new: str) -> bool:
    return _STRICTNESS.get(new, 0) < _STRICTNESS.get(old, 0)


def _blocks_no_more(old: str, new: str) -> bool:
    return old == "block" and new != "block"


def _ends(old: bool, new: bool) -> bool:
    return old and not new


def _begins(old: bool, new: bool) -> bool:
    return new and not old


def _names_more(old: str, new: str) -> bool:
    return bool(_lines(new) - _lines(old))


def _reaches_further(old: str, new: str) -> bool:
    """Whether a folder is named that lies in none of those before."""
    known = tuple(_whole(each) for each in _lines(old))
    return any(not _whole(each).startswith(known) for each in _lines(new))


def _whole(folder: str) -> str:
    """As readiness reads it: `..` leads out of where it seems to lie."""
    return f"{posixpath.normpath(folder).rstrip('/')}/"


def _lines(text: str) -> set[str]:
    return {line.strip() for line in text.splitlines() if line.strip()}


GUARDED: Mapping[str, Mapping[str, Eases]] = {
    "environment": {
        "approvals_code": _falls,
        "approvals_data": _falls,
        "data_role": _is_another,
        "second_person": _is_laxer,
        "readiness_rule": _blocks_no_more,
        "request_expires": _rises,
        "start_expires": _rises,
        "is_production": _ends,
        "database_servers": _names_more,
        "page_hosts": _names_more,
        "file_folders": _reaches_further,
        "zone": _differs,
    },
    "host": {
        "environment_id": _differs,
        "address": _differs,
        "port": _differs,
        "credential_id": _differs,
        "jump_id": _differs,
        "older_algorithms": _begins,
    },
    "credential": {"username": _differs},
    "decisionmaker": {"user_id": _differs, "role": _differs},
}
"""By table and column. A host key, a group that eases approvals and break-glass have rules of
their own in plans.actions.second_admin and access.actions.second_admin."""

FREE: Mapping[str, Mapping[str, str]] = {
    "environment": {
        "slug": "nobody may change it: limits of groups and tokens go by it",
        "name": "a name",
        "escalate_after": "when more people are told; whoever may decide may do so from the start",
        "remind_before": "when people are told again",
        "second_admin": "one Admin may ask for two; taking that back is refused altogether",
        "rehearses": "what decision makers are shown; each rehearsal names where it ran",
    },
    "host": {
        "name": "a name: what is approved holds the address, key and login",
        "runner": "which program carries the command there; the command and account stay",
    },
    "credential": {
        "name": "a name",
        "private_key": "keys are renewed often; the account and the host's own key stay",
        "passphrase": "as the private key",
        "password": "as the private key",
        "certificate": "as the private key; the host accepts it for that account alone",
    },
    "decisionmaker": {
        "environment": "a line stays in its environment",
        "rung": "who is asked first; everybody of the ladder may decide from the start",
        "granted_at": "written by the console",
    },
}
"""Why one Admin alone may change these."""


def eased_settings(table: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The guarded columns of a table whose value after is easier than the one before."""
    return [
        name
        for name, eases in GUARDED[table].items()
        if name in before and name in after and eases(before[name], after[name])
    ]


def guarded_values(table: str, row: Any) -> dict[str, Any]:
    """The row's guarded columns."""
    return {name: getattr(row, name) for name in GUARDED[table]}
