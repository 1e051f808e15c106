"""The words of the canonical form, and how its smallest parts are spelled."""

from __future__ import annotations

import re

from rollback_console.documents.errors import Unwritable
from rollback_console.documents.model import StepSettings

VERSION = 1
"""What `plan:` in the front matter says."""

HEAD_NAMES = (
    "plan", "title", "service", "environment", "date", "lead", "owner", "tags", "cadence",
    "measures", "database", "checks", "settle",
)  # fmt: skip
"""Names of the front matter, in the order they are written."""

FIELDS = {
    "Service": "service",
    "Environment": "environment",
    "Date": "date",
    "Rollback Lead": "lead",
}
"""Labels under the title that the console knows, and the attribute of PlanDocument each is."""

DECISION, BEFORE, DATA = (
    "Rollback Decision",
    "Before You Start",
    "Database Rollback Considerations",
)
VERIFICATION, AFTER = "Rollback Verification", "Post-rollback Actions"
TIME, COMMUNICATION = "Rollback Time Estimate", "Communication During Rollback"
PREVENTION, LEFT_OUT = "Prevention for Next Deployment", "Left Out"

TRIGGERS, NO_GO, MAKERS = "When to Rollback", "When Not to Rollback", "Decision Maker"
PRECONDITIONS, CHECKS = "Preconditions", "Critical Checks"
CLASSES, LOSSES, DATA_NOTES = "Migrations Rollback", "Data Loss Risk", "Notes"
WHEN = {"immediate": "Immediate Actions", "follow_up": "Follow-up Actions"}
NOTIFY, CONTACTS, MESSAGE = "Notify", "Contacts", "Message Template"
PREVENT = "How to Prevent"

SETTING_ORDER = (
    "id", "hosts", "cwd", "user", "timeout", "on_failure", "rolling", "retry", "expect", "role",
    "strict", "gate", "idempotent", "canary", "login",
)  # fmt: skip
"""Settings as attributes of a fence, in the order they are written; `destructive` comes last."""

OF_A_WAY = ("hosts", "cwd", "user")
"""What an alternative may say for itself."""


def one_line(text: str) -> str:
    """`text` on one line, as an item, a heading or a line can hold it."""
    return " ".join(text.split())


def bare_condition(text: str) -> str:
    """A condition without the "only if" or "use when" that its line says already."""
    return _ONLY_IF.sub("", one_line(text)) or one_line(text)


def bare_warning(text: str) -> str:
    """A warning without the word that its line says already."""
    return _WARNING.sub("", one_line(text)) or one_line(text)


def bare_name(text: str) -> str:
    """The name of one of several ways, without the "or" that led to it."""
    name = _OR.sub("", one_line(text).strip("# ")) or one_line(text)
    return name[:1].upper() + name[1:]


_ONLY_IF = re.compile(
    r"^(?:(?:if and only if|only (?:if|when)|(?:run|use)(?: this| it)?(?: only)? (?:if|when)|if|when)"
    r"(?:\s*:\s*|\s+))+",
    re.IGNORECASE,
)
_WARNING = re.compile(r"^warning\s*[:!-]\s*", re.IGNORECASE)
_OR = re.compile(r"^or\b[\s:,]+", re.IGNORECASE)


def spell_seconds(count: int) -> str:
    """`90s`, `5m` or `1h30m`: the shortest way to say so many seconds."""
    hours, rest = divmod(count, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [f"{n}{unit}" for n, unit in ((hours, "h"), (minutes, "m"), (rest, "s")) if n]
    return "".join(parts) or "0s"


def spell_settings(settings: StepSettings, destructive: bool) -> list[str]:
    """The attributes of a fence, one string each."""
    written = []
    for name in SETTING_ORDER:
        value = getattr(settings, name)
        if value is True:
            written.append(name)
        elif name == "timeout" and value is not None:
            written.append(f"timeout={spell_seconds(value)}")
        elif value is not None and value is not False and value != "":
            written.append(f"{name.replace('_', '-')}={_quoted(str(value))}")
    return [*written, *(["destructive"] if destructive else [])]


def _quoted(value: str) -> str:
    if re.search(r"[`\r\n]", value) or ('"' in value and "'" in value):
        raise Unwritable(
            f"{value} cannot stand on a fence: it holds a backtick, a line break or both quotes."
        )
    if '"' in value:
        return f"'{value}'"
    return f'"{value}"' if re.search(r"[\s=']", value) else value
