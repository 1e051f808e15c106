"""The info string of a fence: its language, and attributes a machine needs.

```bash hosts=app cwd=/srv/app timeout=5m on-failure=pause gate expect="200"
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from rollback_console.common.spelling import nearest_name

from ..model import NO_SETTINGS, StepSettings

NAMES = (
    "hosts", "cwd", "timeout", "user", "on-failure", "id", "rolling", "retry", "gate",
    "destructive", "idempotent", "canary", "expect", "undo", "role", "condition",
    "strict", "login",
)  # fmt: skip
FLAGS = frozenset({"gate", "destructive", "idempotent", "canary", "login"})
_ATTRIBUTE = re.compile(
    r"(?<![\w-])([A-Za-z][\w-]*+)(?:=(?:\"([^\"]*)\"|'([^']*)'|(\S*)))?(?=\s|$)"
)
_DURATION = re.compile(r"(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s?)?")
ON_FAILURE = frozenset({"pause", "continue", "abort"})


@dataclass(frozen=True, slots=True)
class Info:
    """`language` in lower case, empty when not said; `problems` are sentences."""

    language: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def parse_info(info: str) -> Info:
    """Read an info string. Words that are no attribute of ours, nor look like one, are left
    alone: other tools write theirs there."""
    language, _, rest = info.strip().partition(" ")
    if "=" in language or language in FLAGS:
        language, rest = "", info
    attributes: dict[str, str] = {}
    problems: list[str] = []
    for match in _ATTRIBUTE.finditer(rest):
        name, value = match[1].lower().replace("_", "-"), match[2] or match[3] or match[4] or ""
        if name in NAMES:
            attributes[name] = value
            problems += _problem(name, value)
        elif meant := nearest_name(name, NAMES if match[0] != match[1] else FLAGS):
            problems.append(f"{name} is no attribute of a step. Did you mean {meant}?")
    return Info(language.strip("{}.").lower(), attributes, tuple(problems))


def settings_of(attributes: Mapping[str, str]) -> StepSettings:
    """The settings those attributes say; values that are not understood count as not said."""
    if not attributes:
        return NO_SETTINGS
    return StepSettings(
        id=attributes.get("id", ""),
        hosts=attributes.get("hosts", ""),
        cwd=attributes.get("cwd", ""),
        timeout=seconds(attributes.get("timeout", "")),
        user=attributes.get("user", ""),
        on_failure=attributes.get("on-failure", ""),
        rolling=_number(attributes.get("rolling", "")),
        retry=_number(attributes.get("retry", "")),
        gate=is_set(attributes, "gate"),
        idempotent=is_set(attributes, "idempotent"),
        canary=is_set(attributes, "canary"),
        expect=attributes.get("expect", ""),
        undo=attributes.get("undo", ""),
        role=attributes.get("role", ""),
        strict="" if is_set({"strict": "yes", **attributes}, "strict") else "no",
        login=is_set(attributes, "login"),
    )


def is_set(attributes: Mapping[str, str], flag: str) -> bool:
    """Whether a flag stands there, alone or as `flag=yes`."""
    return attributes.get(flag, "no").lower() not in {"no", "false", "0", "off"}


def seconds(text: str) -> int | None:
    """`90`, `90s`, `5m`, `1h30m` in seconds; None when it is none of these."""
    match = _DURATION.fullmatch(text.strip().lower())
    if not text or not match or not any(match.groups()):
        return None
    hours, minutes, rest = (int(part or 0) for part in match.groups())
    return hours * 3600 + minutes * 60 + rest


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"[0-9]{1,4}", text) else None


def _problem(name: str, value: str) -> list[str]:
    if name == "timeout" and seconds(value) is None:
        return [f"timeout={value} is not a time: write 90s, 5m or 1h30m."]
    if name in {"rolling", "retry"} and _number(value) is None:
        return [f"{name}={value} is not a number: write {name}=1."]
    if name == "role" and value not in {"undo", "both"}:
        return [f"role={value} is unknown: write role=undo or role=both."]
    if name == "cwd" and re.search(r"[$`*]", value):
        return [f"cwd={value} is taken as it stands: write the whole path, or ~/ for the home."]
    if name == "strict" and value.lower() not in {"", "yes", "no"}:
        return [f"strict={value} is unknown: write strict=no."]
    if name == "on-failure" and value not in ON_FAILURE:
        return [f"on-failure={value} is unknown: write one of {', '.join(sorted(ON_FAILURE))}."]
    return []
