"""Which of a step's commands undo migrations, and how to ask their tools about it beforehand.

Only known tools in known forms are asked: a question is an argument list of ours, in which
the author's words are a program's path, an application, a target. Anything else is unknown.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from rollback_console.documents.shell.command_patterns import destroys, pieces, reads_like_command
from rollback_console.engine.reversal import (
    SQL_FOLLOWS,
    Reversal,
    read_alembic,
    read_django,
    read_flyway,
    read_rails,
)
from rollback_console.engine.snapshot import Snapshot, StepSpec
from rollback_console.remote.shell_text import enter_folder

_IN = enter_folder() + "shift; "
_RUN = _IN + '"$@" 2>&1'
# The plan first; then, of each migration that alters a field, what SQL undoing it takes, if any.
_DJANGO = (
    _IN
    + f"""app=$1 to=$2 database=$3; shift 3
plan=$("$@" migrate "$app" "$to" --plan --no-color $database 2>&1) || {{
    status=$?; printf '%s\\n' "$plan"; exit $status; }}
printf '%s\\n' "$plan"
printf '%s\\n' "$plan" | sed -n '/^[A-Za-z_][A-Za-z0-9_]*\\.[A-Za-z0-9_.@+-]*$/h
/^ *Undo Alter field /{{x;p;x;}}' | sort -u | head -n 10 | while IFS=. read -r label name; do
    sql=$("$@" sqlmigrate "$label" "$name" --backwards --no-color $database \\
        2>/dev/null </dev/null) &&
        printf '{SQL_FOLLOWS} %s.%s\\n%s\\n' "$label" "$name" "$sql"
done; exit 0"""
)
_PYTHON = re.compile(r"(?:[\w.+/-]*/)?python(?:3(?:\.\d+)?)?")
# Standard error is only read once it fails: what Alembic logs could stand amid a statement.
_ALEMBIC = (
    _IN
    + """to=$1; shift
said=$("$@" current 2>&1) || { printf '%s\\n' "$said" | tail -n 1; exit 1; }
now=$(printf '%s\\n' "$said" | sed -n 's/^\\([A-Za-z0-9_.-]\\{1,\\}\\)\\( (.*)\\)\\{0,1\\}$/\\1/p')
case $now in
"") echo "FAILED: the database says of no revision that it is there" ;;
*" "* | *"
"*) echo "UNTOLD: the database is at several revisions at once" ;;
*) "$@" downgrade "$now:$to" --sql 2>/dev/null ||
    "$@" downgrade "$now:$to" --sql 2>&1 >/dev/null ;;
esac; exit 0"""
)
_ALEMBIC_RUN = re.compile(
    rf"(?:(?:[\w.+/-]*/)?alembic|{_PYTHON.pattern} -m alembic)"
    r"(?: (?:-c|--config|-n|--name) [\w./+-]+)*"
)
_ALEMBIC_TARGET = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@:+-]*|-\d+")
_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@:+-]*")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


@dataclass(frozen=True, slots=True)
class MigrationQuestion:
    """What one host is asked about one reversal; `read` turns its answer into a Reversal.

    `subject` names it for people. `python` is how the host runs manage.py, for counting;
    () when this is no Django.
    """

    position: int
    subject: str
    argv: tuple[str, ...]
    read: Callable[[str], Reversal]
    cwd: str = ""
    python: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnaskableReversal:
    """A command that undoes migrations in a way the console cannot ask about."""

    position: int
    text: str


def questions(snapshot: Snapshot) -> list[MigrationQuestion | UnaskableReversal]:
    """Every reversal in the order it would run."""
    return [
        each
        for step in snapshot.steps
        if step.kind == "command" and not step.standby and step.position >= snapshot.start_at
        for each in _of_step(step, snapshot.parameters)
    ]


def _of_step(
    step: StepSpec, values: Mapping[str, str]
) -> Iterator[MigrationQuestion | UnaskableReversal]:
    cwd, bin_folder = step.cwd, ""
    for line in _lines(step.script):
        words = words_of(line, values)
        if words[:1] == ["cd"] and len(words) == 2:
            cwd = words[1] if words[1].startswith("/") else f"{cwd or '.'}/{words[1]}"
        elif words[:1] in (["source"], ["."]) and words[1:] and words[1].endswith("bin/activate"):
            bin_folder = words[1].removesuffix("activate")
        elif "reverses-migration" in destroys(line):
            yield _question_of(step, cwd, bin_folder, words) or UnaskableReversal(
                step.position, line[:200]
            )


def _lines(script: str) -> list[str]:
    return [line.strip() for line in pieces(script) if reads_like_command(line)]


def words_of(line: str, values: Mapping[str, str]) -> list[str]:
    """The line's words with known parameters filled in; [] when a shell would do more."""
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return []
    filled = [_VARIABLE.sub(lambda m: values.get(m[1] or m[2], m[0]), word) for word in words]
    return [] if any(re.search(r"[|&;<>`]|\$", word) for word in filled) else filled


def _question_of(
    step: StepSpec, cwd: str, bin_folder: str, words: list[str]
) -> MigrationQuestion | None:
    account = ["sudo", "-n", "-u", step.user] if step.user else []
    if words[:1] == ["sudo"] and words[1:2] == ["-u"]:
        account, words = ["sudo", "-n", "-u", words[2]], words[3:]
    for tool in (_django, _alembic, _flyway, _rails):
        if question := tool(step.position, cwd, bin_folder, account, words):
            return question
    return None


def _django(
    position: int, cwd: str, bin_folder: str, account: list[str], words: list[str]
) -> MigrationQuestion | None:
    if "manage.py" not in " ".join(words[:2]) or "migrate" not in words[:3]:
        return None
    at = words.index("migrate")
    start, rest = words[:at], [word for word in words[at + 1 :] if not word.startswith("-")]
    options = [word for word in words[at + 1 :] if re.fullmatch(r"--database=\w+", word)]
    if len(rest) != 2 or not all(_WORD.fullmatch(each) for each in rest):
        return None
    if not _manage(start):
        return None
    if bin_folder and "/" not in start[0]:
        start = [bin_folder + start[0], *start[1:]]
    run = (*account, *start)
    argv = ("sh", "-c", _DJANGO, "sh", cwd, *rest, " ".join(options), *run)
    return MigrationQuestion(position, " ".join(rest), argv, read_django, cwd, run)


def _manage(start: list[str]) -> bool:
    program, script = (start[0], start[1]) if len(start) == 2 else ("python", start[-1])
    return bool(
        len(start) in {1, 2}
        and _PYTHON.fullmatch(program)
        and re.fullmatch(r"[\w./+-]*manage\.py", script)
    )


def _alembic(
    position: int, cwd: str, bin_folder: str, account: list[str], words: list[str]
) -> MigrationQuestion | None:
    *start, verb, target = words if len(words) > 2 else ["", "", ""]
    if verb != "downgrade" or not _ALEMBIC_TARGET.fullmatch(target):
        return None
    if not _ALEMBIC_RUN.fullmatch(" ".join(start)):
        return None
    if bin_folder and "/" not in start[0]:
        start = [bin_folder + start[0], *start[1:]]
    argv = ("sh", "-c", _ALEMBIC, "sh", cwd, target, *account, *start)
    return MigrationQuestion(position, f"alembic {target}", argv, read_alembic, cwd)


def _flyway(
    position: int, cwd: str, bin_folder: str, account: list[str], words: list[str]
) -> MigrationQuestion | None:
    if not words or words[0].rpartition("/")[2] != "flyway" or "undo" not in words:
        return None
    options = [word for word in words[1:] if word.startswith("-")]
    target = next((word[8:] for word in options if word.startswith("-target=")), "")
    if not all(re.fullmatch(r"-(?:configFiles|environment|target)=[\w./:-]+", o) for o in options):
        return None
    kept = [option for option in options if not option.startswith("-target=")]
    argv = ("sh", "-c", _RUN, "sh", cwd, *account, words[0], *kept, "info")
    return MigrationQuestion(position, "flyway", argv, lambda text: read_flyway(text, target), cwd)


def _rails(
    position: int, cwd: str, bin_folder: str, account: list[str], words: list[str]
) -> MigrationQuestion | None:
    settings = dict(word.split("=", 1) for word in words if re.fullmatch(r"[A-Z_]+=\w+", word))
    bare = [word for word in words if word not in {f"{k}={v}" for k, v in settings.items()}]
    if not bare or bare[-1] not in {"db:rollback", "db:migrate"}:
        return None
    if not re.fullmatch(r"[1-9][0-9]{0,3}", settings.get("STEP", "1")):
        return None
    if not re.fullmatch(r"(?:bundle exec )?(?:bin/|\./bin/)?(?:rails|rake)", " ".join(bare[:-1])):
        return None
    extra = [f"RAILS_ENV={settings['RAILS_ENV']}"] if "RAILS_ENV" in settings else []
    argv = ("sh", "-c", _RUN, "sh", cwd, *account, "env", *extra, *bare[:-1], "db:migrate:status")
    steps, version = int(settings.get("STEP", "1")), settings.get("VERSION", "")
    return MigrationQuestion(
        position, "rails", argv, lambda t: read_rails(t, steps=steps, version=version), cwd
    )
