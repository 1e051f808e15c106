"""Findings about what steps do to each other: order, directories, variables, dumps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from rollback_console.documents.model import (
    Alternative,
    Command,
    Finding,
    PlanDocument,
    Procedure,
    Severity,
    Step,
    StepKind,
)

from ..placeholders.collect import commands_of
from ..placeholders.kinds import names_secret
from ..plan_config import read_plan_config
from ..shell.command_patterns import POWERSHELLS, SQLS, destroys
from ..shell.reserved_names import reserved_reason
from ..shell.variables import (
    added_variables,
    assigned_variables,
    free_variables,
    with_default,
)
from .fixes import dump_first, move_before, repeat_line, replace_in

_CHECKOUT = re.compile(
    r"\bgit\b.*\b(?:checkout|reset|revert|switch)\b|\bln\s+-\w*s\w*f?\b.*\b(?:current"
    r"|releases?)\b|\bgit\s+pull\b"
)
_DUMP = re.compile(
    r"\b(?:mysqldump|mariadb-dump|pg_dump(?:all)?|mongodump|xtrabackup|mariabackup|pg_basebackup"
    r"|velero\s+backup|redis-cli\b.*\bbgsave"
    r"|create-db-snapshot|sqlite3\b.*\.backup|expdp|BACKUP\s+DATABASE|dumpdata"
    r"|backups?\s+(?:create|capture))\b|\bcp\b.*\.(?:sqlite3?|db)\b",
    re.IGNORECASE,
)
_CD = re.compile(r"^(?:cd|pushd)\s+(?![-~])(\S+)\s*$")
_NEEDS_DIRECTORY = re.compile(
    r"(?:^|[;&|]\s*|sudo\s+)(?:python3?\s+manage\.py|\./\S|(?:php\s+)?artisan\b|bin/\w|bundle\b"
    r"|rake\b|rails\b|npm\b|yarn\b|pnpm\b|npx\b"
    r"|make\b|docker[ -]compose\b|terraform\b|terragrunt\b|alembic\b|flask\b|mvn\b|\./gradlew"
    r"|composer\b|pipenv\b|poetry\b|pytest\b|ansible-playbook\b)"
    r"|\bmanage\.py\b"
)
_NEEDS_ANY = re.compile(r"(?:^|[;&|]\s*)git\s+(?!clone|-C\b|ls-remote|config --global)\w+")
_OTHER_PLACE = re.compile(r"\bssh\s|\bkubectl\b|\bdocker\s+exec\b|\bcd\s")


def order_findings(document: PlanDocument, rows: Sequence[str]) -> Iterator[Finding]:
    """What there is to say about each procedure as a whole, in step order."""
    for procedure in document.procedures:
        if not procedure.derived:
            yield from _reversal(procedure, rows)
            if read_plan_config(document).dump is None:
                yield from _undumped(procedure, rows)
            yield from _Carrier(rows).read(procedure)
            yield from _choices(procedure)
            yield from _verification(procedure)


def _reversal(procedure: Procedure, rows: Sequence[str]) -> Iterator[Finding]:
    """Old code does not hold the migrations to reverse, so the command finds nothing to do
    and succeeds."""
    checkout: int | None = None
    for at, step in enumerate(procedure.steps):
        reversing = _first_that(step, lambda text: "reverses-migration" in destroys(text))
        if reversing and checkout is not None:
            first = procedure.steps[checkout]
            between = procedure.steps[checkout:at]
            yield Finding(
                Severity.ERROR,
                "reversal-after-checkout",
                reversing.lines[0],
                f"Migrations are reversed after step {first.number} has put the old code back. The"
                " old code does not know them: nothing is reversed, nothing fails, and the schema"
                " stays new. Reverse them first.",
                step.key,
                move_before(step, first, between, rows),
            )
            return
        if checkout is None and _first_that(step, lambda text: bool(_CHECKOUT.search(text))):
            checkout = at


def _first_that(step: Step, test: Callable[[str], bool]) -> Command | None:
    return next((command for command in commands_of(step) if test(command.text)), None)


def _undumped(procedure: Procedure, rows: Sequence[str]) -> Iterator[Finding]:
    dumped = False
    for step in procedure.steps:
        for command in commands_of(step):
            dumped = dumped or bool(_DUMP.search(command.text))
            codes = set(destroys(command.text)) & {"restores-over", "drops-data"}
            foreign = command.language in SQLS | POWERSHELLS
            if codes and not dumped and (step.runs or foreign):
                yield Finding(
                    Severity.ERROR,
                    "no-dump-before-restore",
                    command.lines[0],
                    "Nothing is kept of the database as it is now before this overwrites it."
                    " Take a dump first, so that the rollback itself can be undone.",
                    step.key,
                    dump_first(command, rows),
                )
                return


@dataclass(slots=True)
class _Carrier:
    """Follows the directory and the variables a reader would carry from step to step."""

    rows: Sequence[str]
    directory: str = ""
    directory_step: str = ""
    variables: dict[str, tuple[Command, str]] = field(default_factory=dict)
    reported: set[str] = field(default_factory=set)

    def read(self, procedure: Procedure) -> Iterator[Finding]:
        for step in procedure.steps:
            if step.runs:
                yield from self._directory(step)
                yield from self._variables(step)
                yield from _sets_only(step)
                self._remember(step)

    def _directory(self, step: Step) -> Iterator[Finding]:
        if step.settings.cwd:
            return
        ways = step.alternatives or (Alternative("", ()),)
        for way in ways:
            commands = [*step.commands, *way.commands]
            needing = _needing(commands)
            if needing and self.directory:
                yield self._lost(step, needing)
                return
        first = [_first_dependent([*step.commands, *way.commands]) for way in ways]
        anywhere = [command for command in first if command]
        if anywhere:
            yield Finding(
                Severity.WARNING,
                "no-working-directory",
                anywhere[0].lines[0],
                "This depends on the directory it is run in, and the plan does not say which."
                " Every step starts afresh: set cwd= on its fence.",
                step.key,
            )

    def _lost(self, step: Step, command: Command) -> Finding:
        return Finding(
            Severity.ERROR,
            "directory-not-carried",
            command.lines[0],
            f"This needs the directory that {self.directory_step} went into ({self.directory}),"
            " and every step starts afresh. Repeat the cd, or set cwd= on its fence.",
            step.key,
            repeat_line(f"cd {self.directory}", step, command, self.rows),
        )

    def _variables(self, step: Step) -> Iterator[Finding]:
        commands = list(commands_of(step))
        free = free_variables("\n".join(command.text for command in commands))
        users = {name: c for c in reversed(commands) for name in free_variables(c.text)}
        for name in sorted(free & users.keys()):
            if name in added_variables(users[name].text):
                yield _added(step, name, users[name], self.rows)
            elif reason := reserved_reason(name):
                yield _reserved(step, reason, users[name])
            elif name in self.variables:
                yield self._not_carried(step, name, users[name])
            elif name not in self.reported:
                self.reported.add(name)
                yield _unset(step, name, users[name])

    def _not_carried(self, step: Step, name: str, user: Command) -> Finding:
        source, title = self.variables[name]
        whole = "\n" not in source.text and not destroys(source.text)
        return Finding(
            Severity.ERROR,
            "variable-not-carried",
            user.lines[0],
            f"{name} is set in “{title}”, and every step starts afresh. Set it again here.",
            step.key,
            repeat_line(source.text, step, user, self.rows) if whole else None,
        )

    def _remember(self, step: Step) -> None:
        for command in commands_of(step):
            moved = _CD.match(command.text)
            if moved:
                self.directory, self.directory_step = moved[1], f"“{step.title}”"
            for name in assigned_variables(command.text):
                self.variables[name] = (command, step.title)


_SET = re.compile(r"export|declare|-x|[A-Za-z_]\w*=\S*")


def _sets_only(step: Step) -> Iterator[Finding]:
    """A step that only sets variables sets them for nobody."""
    commands = list(commands_of(step))
    if commands and all(_only_sets(command.text) for command in commands):
        yield Finding(
            Severity.WARNING,
            "sets-for-nobody",
            commands[0].lines[0],
            "This step only sets variables, and every step starts afresh: no other step sees them."
            " Set them where they are used.",
            step.key,
        )


def _only_sets(text: str) -> bool:
    return bool(assigned_variables(text)) and all(map(_SET.fullmatch, text.split()))


def _reserved(step: Step, reason: str, user: Command) -> Finding:
    return Finding(
        Severity.ERROR,
        "reserved-name",
        user.lines[0],
        f"{reason} Write its value into the command, use another name, or say on the plan's page"
        " that the host sets it.",
        step.key,
    )


def _added(step: Step, name: str, user: Command, rows: Sequence[str]) -> Finding:
    value = added_variables(user.text)[name]
    new = with_default(name, value)
    return Finding(
        Severity.WARNING,
        "adds-to-unset",
        user.lines[0],
        f"{name} is added to before anything sets it, which ends the step on a host that has no"
        f" {name}. Write ${{{name}:-}}, which may be empty.",
        step.key,
        replace_in(user, rows, value, new, "Let it be empty"),
    )


def _unset(step: Step, name: str, user: Command) -> Finding:
    remedy = (
        "It is called like a password or a key: write it as a secret of that name in the"
        " environment."
        if names_secret(name)
        else "The console asks for it, or takes a secret of that name."
    )
    return Finding(
        Severity.WARNING,
        "variable-never-set",
        user.lines[0],
        f"{name} is set nowhere in this plan. {remedy}",
        step.key,
    )


def _needing(commands: Sequence[Command]) -> Command | None:
    """The first command that needs a directory before this way has changed to one."""
    for command in commands:
        if _CD.match(command.text) or _OTHER_PLACE.search(command.text):
            return None
        if _NEEDS_DIRECTORY.search(command.text):
            return command
    return None


def _first_dependent(commands: Sequence[Command]) -> Command | None:
    """The first command that depends on where it is run, before any cd to a known place."""
    for command in commands:
        moved = _CD.match(command.text)
        if moved and moved[1].startswith(("/", "$", "<", '"', "{")):
            return None
        if _depends(command):
            return command
    return None


def _depends(command: Command) -> bool:
    if _OTHER_PLACE.search(command.text):
        moved = _CD.match(command.text)
        return bool(moved and not moved[1].startswith(("/", "$", "<", '"')))
    return bool(_NEEDS_DIRECTORY.search(command.text) or _NEEDS_ANY.search(command.text))


def _choices(procedure: Procedure) -> Iterator[Finding]:
    for step in procedure.steps:
        ways = [one for one in step.alternatives if one.commands]
        fences = {command.fence for one in ways for command in one.commands}
        if len(ways) > 1:
            together = (
                "Run as written, this fence would do both"
                if len(fences) == 1
                else "This is a choice"
            )
            yield Finding(
                Severity.WARNING,
                "alternatives-in-one-fence" if len(fences) == 1 else "alternatives",
                ways[0].commands[0].lines[0],
                f"{together}: {' / '.join(_label(one) for one in ways)}. Whoever asks for the"
                " rollback chooses one.",
                step.key,
            )


def _label(alternative: Alternative) -> str:
    return alternative.label.strip(" :\uff1a") or alternative.commands[0].text.split("\n")[0][:60]


def _verification(procedure: Procedure) -> Iterator[Finding]:
    checks = [step for step in procedure.steps if step.kind is StepKind.VERIFY]
    for step in checks:
        if not step.settings.expect:
            yield Finding(
                Severity.WARNING,
                "exit-code-only",
                step.lines[0],
                "Only the exit code would be looked at, and that alone verifies nothing: say what"
                ' the output must hold (expect="...") or answer the checks by hand.',
                step.key,
            )
