"""The tokens that open the door; they are kept in access, where the pages find them too."""

from rollback_console.access.tokens import (
    LONGEST_DAYS,
    SCOPES,
    BadToken,
    create,
    find,
    revoke,
)

__all__ = ["LONGEST_DAYS", "SCOPES", "BadToken", "create", "find", "revoke"]
