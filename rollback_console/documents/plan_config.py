"""What the head of a plan says for the console alone: measures, dumps, checks, settling.

```yaml
measures:
  - what: calls since deployment
    run: mariadb -N -e "SELECT COUNT(*) FROM calls" shop
    hosts: app
database: {kind: mariadb, name: shop, hosts: db, folder: /var/backups}
checks:
  - {check: Health page answers, http: "http://127.0.0.1:8000/health", status: 200, holds: "1.4"}
  - {check: No errors since the start, log: shop.service, without: "ERROR|Traceback"}
settle: 2m
```
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rollback_console.common.spelling import did_you_mean, nearest_name
from rollback_console.documents.model import PlanDocument

from .edit.fence_attributes import seconds
from .markdown.folded_text import fold

_PLACE = ("hosts", "cwd", "user")
# By part of the head: the names an entry may hold. A misspelled one would lose its guard.
_NAMES = {
    "measures": ("what", "run", "table", "column", *_PLACE),
    "database": ("kind", "name", "dump", "restore", "folder", *_PLACE),
    "checks": (
        "check", "http", "log", "command", "status", "holds", "without", "at_least", "at_most",
        *_PLACE,
    ),
}  # fmt: skip
_OTHERS = (
    "title", "service", "environment", "date", "lead", "hosts", "parameters", "decision_makers",
    "escalate_after", "messages", "cadence", "plan", "owner", "tags",
)  # fmt: skip
_NUMBERS = frozenset({"status", "at_least", "at_most"})
KINDS = ("mariadb", "mysql", "postgresql", "sqlite")
LOOKS = ("http", "log", "command")
LONGEST_SETTLE = 3600


@dataclass(frozen=True, slots=True)
class RunsOn:
    """Where something of the head runs: hosts or a group, folder, account; "" for the step's."""

    hosts: str = ""
    cwd: str = ""
    user: str = ""


@dataclass(frozen=True, slots=True)
class MeasureConfig:
    """A command that only looks, and whose first number counts `what` would be lost.

    `table` and `column` say what it counts of a schema that goes; "" for what they do not.
    """

    what: str
    run: str
    table: str = ""
    column: str = ""
    runs_on: RunsOn = RunsOn()


@dataclass(frozen=True, slots=True)
class DumpConfig:
    """How the database is kept before it is overwritten.

    `kind` and `name` give the commands, or the author's own: `dump` writes the file `$DUMP`,
    `restore` reads it. `folder` is where dumps go on the host.
    """

    kind: str = ""
    name: str = ""
    dump: str = ""
    restore: str = ""
    folder: str = ""
    runs_on: RunsOn = RunsOn()


@dataclass(frozen=True, slots=True)
class CheckConfig:
    """A check that answers itself. `kind` is http, log or command; `target` what it looks at.

    `status` is the HTTP status wanted, 0 for any below 400. `holds` must stand in what was
    seen, and none of the texts of `without` may. The first number a command prints must lie
    within `at_least` and `at_most`.
    """

    text: str
    kind: str
    target: str
    status: int = 0
    holds: str = ""
    without: tuple[str, ...] = ()
    at_least: int | None = None
    at_most: int | None = None
    runs_on: RunsOn = RunsOn()


@dataclass(frozen=True, slots=True)
class PlanConfig:
    """All of it; `settle` is seconds, `problems` are sentences about what was not understood."""

    measures: tuple[MeasureConfig, ...] = ()
    dump: DumpConfig | None = None
    checks: tuple[CheckConfig, ...] = ()
    settle: int = 0
    problems: tuple[str, ...] = ()


def read_plan_config(document: PlanDocument) -> PlanConfig:
    """What the document's head says; raises nothing."""
    return _ConfigReader(document.front_matter.values, []).read()


@dataclass(frozen=True, slots=True)
class _ConfigReader:
    values: Mapping[str, Any]
    problems: list[str]

    def read(self) -> PlanConfig:
        self._misspelled_parts()
        measures = tuple(self._measures())
        dump, checks, settle = self._dump(), tuple(self._checks()), self._settle()
        return PlanConfig(measures, dump, checks, settle, tuple(self.problems))

    def _misspelled_parts(self) -> None:
        """A head may hold names of other tools; one that looks like ours is a mistake."""
        guarding = (*_NAMES, "settle")
        for name in self.values.keys() - {*guarding, *_OTHERS}:
            meant = nearest_name(name, (*guarding, *_OTHERS))
            if meant in guarding:
                self.problems.append(f"The head has no “{name}”. Did you mean “{meant}”?")

    def _unknown_names(self, part: str, raw: Mapping[Any, Any]) -> None:
        for name in map(str, raw):
            if name not in _NAMES[part]:
                hint = did_you_mean(name, _NAMES[part])
                self.problems.append(f"{part}: “{name}” is unknown here.{hint}")

    def _other_values(self, part: str, raw: Mapping[Any, Any]) -> None:
        """A value that is passed over, such as a list, would take its guard with it."""
        for name, value in raw.items():
            if value is None or str(name) not in _NAMES[part]:
                continue
            if name in _NUMBERS:
                if _number(raw, name) is None:
                    self.problems.append(f"{part}: “{name}” is a whole number, without quotes.")
            elif isinstance(value, bool) or not isinstance(value, str | int):
                several = " Several texts are parted by “|”." if name == "without" else ""
                self.problems.append(
                    f"{part}: “{name}” is one text: put it in quotes, and write no list.{several}"
                )

    def _measures(self) -> Iterator[MeasureConfig]:
        for raw in self._rows("measures"):
            what, run = _text(raw, "what"), _text(raw, "run")
            if what and run:
                yield MeasureConfig(
                    what, run, _text(raw, "table"), _text(raw, "column"), _runs_on(raw)
                )
            else:
                self.problems.append(
                    "A measure needs what it counts and the command that counts it:"
                    " write {what: calls since deployment, run: ...}."
                )

    def _dump(self) -> DumpConfig | None:
        raw = self.values.get("database")
        if raw is None:
            return None
        if not isinstance(raw, dict):
            self.problems.append("database: needs names and values, such as {kind: mariadb}.")
            return None
        self._unknown_names("database", raw)
        self._other_values("database", raw)
        config = DumpConfig(
            **{name: _text(raw, name) for name in ("kind", "name", "dump", "restore", "folder")},
            runs_on=_runs_on(raw),
        )
        if config.kind and (config.kind not in KINDS or not config.name):
            self.problems.append(f"database: kind is one of {', '.join(KINDS)}, and it has a name.")
            return None
        if config.kind and (config.dump or config.restore):
            self.problems.append(
                "database: write its kind and name, whose commands the console knows, or your own"
                " dump and restore; not both."
            )
            return None
        if not (config.kind or config.dump) or not config.folder.startswith("/"):
            self.problems.append(
                "database: say its kind and name, or how to dump it, and the folder for dumps"
                " with its whole path."
            )
            return None
        return config

    def _checks(self) -> Iterator[CheckConfig]:
        seen: set[str] = set()
        for raw in self._rows("checks"):
            kinds = [kind for kind in LOOKS if _text(raw, kind)]
            if len(kinds) != 1 or not _text(raw, "check"):
                self.problems.append(
                    "A check of the head says what it checks and looks at one of http, log and"
                    " command: write {check: Health page, http: ...}."
                )
            else:
                check = self._check(raw, kinds[0])
                self._conditions(check)
                if fold(check.text) in seen:
                    self.problems.append(
                        f"Two checks of the head are called “{check.text}”: one would hide the "
                        "other. Give each its own words."
                    )
                seen.add(fold(check.text))
                yield check

    def _conditions(self, check: CheckConfig) -> None:
        """A log says nothing by itself: a check of one that names no text would always hold."""
        if check.kind != "log":
            return
        if not (check.holds or check.without):
            self.problems.append(
                f"The check “{check.text}” does not say what the log must or must not"
                " hold: write holds: or without:."
            )
        if check.at_least is not None or check.at_most is not None:
            self.problems.append(
                "at_least and at_most are for what a command prints, not for logs."
            )

    def _check(self, raw: Mapping[str, Any], kind: str) -> CheckConfig:
        return CheckConfig(
            text=_text(raw, "check"),
            kind=kind,
            target=_text(raw, kind),
            status=_number(raw, "status") or 0,
            holds=_text(raw, "holds"),
            without=tuple(each for each in _text(raw, "without").split("|") if each.strip()),
            at_least=_number(raw, "at_least"),
            at_most=_number(raw, "at_most"),
            runs_on=_runs_on(raw),
        )

    def _settle(self) -> int:
        raw = self.values.get("settle")
        if raw is None:
            return 0
        settle = seconds(str(raw))
        if settle is None or settle > LONGEST_SETTLE:
            self.problems.append("settle: is a time of at most 1h, such as 2m.")
            return 0
        return settle

    def _rows(self, name: str) -> list[Mapping[str, Any]]:
        raw = self.values.get(name)
        if raw is None:
            return []
        if not isinstance(raw, list) or not all(isinstance(each, dict) for each in raw):
            self.problems.append(f"{name}: is a list, each entry with names and values.")
            return []
        for row in raw:
            self._unknown_names(name, row)
            self._other_values(name, row)
        return raw


def _runs_on(raw: Mapping[str, Any]) -> RunsOn:
    return RunsOn(_text(raw, "hosts"), _text(raw, "cwd"), _text(raw, "user"))


def _text(raw: Mapping[str, Any], name: str) -> str:
    value = raw.get(name, "")
    return str(value).strip() if isinstance(value, str | int) else ""


def _number(raw: Mapping[str, Any], name: str) -> int | None:
    value = raw.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
