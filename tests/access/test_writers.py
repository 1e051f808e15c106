"""The actions of access are the only writers of people, groups, passwords, factors and tokens."""

from __future__ import annotations

import re
from pathlib import Path

import rollback_console

ROOT = Path(rollback_console.__file__).parent
WRITES = re.compile(
    r"\.set_password\(|\.set_unusable_password\(|create_user\("
    r"|user_permissions\.|\.user_permissions\b"
    r"|(person|user|row|made|kim)\.groups\.(add|set|remove|clear)\("
    r"|(User|Token|Session|Authenticator)\.objects[^\n]*\.(create|update|delete|get_or_create)\("
)
# The right by name is a permission of rollbacks; only the actions of access call it.
# Each use of a token is noted by finding it; new master keys write the same seed anew.
ALLOWED = {
    "rollbacks/permissions/grants.py",
    "rollbacks/permissions/rights.py",
    "access/tokens.py",
    "web/authentication/totp_rotation.py",
}


def writers() -> list[str]:
    names = []
    for path in ROOT.rglob("*.py"):
        name = str(path.relative_to(ROOT))
        outside = not name.startswith("access/actions/") and "migrations" not in name
        if outside and WRITES.search(path.read_text()):
            names.append(name)
    return names


def test_nobody_else_writes_them() -> None:
    assert set(writers()) <= ALLOWED


def test_break_glass_is_granted_and_revoked_by_the_actions_alone() -> None:
    callers = [path for path in ROOT.rglob("*.py") if ".let_break_glass(" in path.read_text()]
    assert [str(path.relative_to(ROOT)) for path in callers] == ["access/actions/people.py"]
