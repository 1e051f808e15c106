"""A dump before anything is overwritten, so that the rollback itself can be undone.

The step that puts it back is told at its launch which dump that is: the one that the rollback
has on record. It verifies size and SHA-256 on the host before a byte is written.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import replace

from rollback_console.documents.plan_config import DumpConfig
from rollback_console.engine.snapshot import StepSpec

SAYS = "rollback-console: dump "
"""What the step prints before the size in bytes, the SHA-256 and the path of its dump."""

DUMP_PATH = "ROLLBACK_CONSOLE_DUMP"
DUMP_SIZE = "ROLLBACK_CONSOLE_DUMP_SIZE"
DUMP_SHA256 = "ROLLBACK_CONSOLE_DUMP_SHA256"
"""Variables in which a step that restores finds the dump on record; the size is bytes."""

DUMP_RUN = "ROLLBACK_CONSOLE_RUN"
"""The variable in which a step that dumps finds the token of its attempt, for the dump's name."""

_LIMIT = 3600
# What a dump does not hold was made since: it goes too, or it would stand in the way of the next
# reversal.
_MYSQL_BACK = """\
echo "SET foreign_key_checks = 0;" > "$DUMP.sql"
{program} -B -N -r {name} >> "$DUMP.sql" <<'END'
SELECT CONCAT('DROP ', IF(table_type = 'VIEW', 'VIEW', 'TABLE'), ' IF EXISTS `',
  REPLACE(table_name, '`', '``'), '`;')
FROM information_schema.tables WHERE table_schema = DATABASE();
END
{program} {name} < "$DUMP.sql"
{program} {name} < "$DUMP"
rm -f "$DUMP.sql" """
# One transaction; what pg_restore could not read to its end makes it fail as a whole.
_POSTGRESQL_BACK = r"""{{ cat <<'END'
DO $$ DECLARE made record; BEGIN
  FOR made IN SELECT c.oid::regclass AS name FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND n.nspname NOT IN ('pg_catalog', 'information_schema')
      AND pg_has_role(c.relowner, 'USAGE')
      AND NOT EXISTS (SELECT FROM pg_depend d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  LOOP EXECUTE 'DROP TABLE IF EXISTS ' || made.name || ' CASCADE'; END LOOP;
END $$;
END
pg_restore --clean --if-exists --file=- "$DUMP" ||
  printf '\\.\nDO $$ BEGIN RAISE EXCEPTION $m$The dump cannot be read$m$; END $$;\n'
}} | psql -X -q -v ON_ERROR_STOP=1 --single-transaction --file=- --dbname={name}"""
# sqlite3 would make a file that is not there, and keep that.
_SQLITE_DUMP = """\
[ -s {name} ] || {{ echo "There is no database" {name} >&2; exit 1; }}
sqlite3 {name} ".backup '$DUMP'\""""
_VERIFIED = f"""\
DUMP=${{{DUMP_PATH}:?No dump of this rollback is on record: nothing was restored.}}
export DUMP
[ -f "$DUMP" ] || {{ echo "There is no dump at $DUMP: nothing was restored." >&2; exit 1; }}
[ "$(wc -c < "$DUMP" | tr -d " ")" = "${DUMP_SIZE}" ] &&
  [ "$(sha256sum < "$DUMP" | cut -d" " -f1)" = "${DUMP_SHA256}" ] ||
  {{ echo "The dump is not the one on record: nothing was restored." >&2; exit 1; }}
"""
_PRESETS: dict[str, tuple[str, str]] = {
    "mariadb": (
        'mariadb-dump --single-transaction --routines --triggers --events {name} > "$DUMP"',
        _MYSQL_BACK.replace("{program}", "mariadb"),
    ),
    "mysql": (
        'mysqldump --single-transaction --routines --triggers --events {name} > "$DUMP"',
        _MYSQL_BACK.replace("{program}", "mysql"),
    ),
    "postgresql": ('pg_dump --format=custom --file="$DUMP" {name}', _POSTGRESQL_BACK),
    "sqlite": (_SQLITE_DUMP, "sqlite3 -bail {name} \".restore '$DUMP'\""),
}


def with_dump(
    steps: Sequence[StepSpec], config: DumpConfig, host: str, plan: str
) -> list[StepSpec]:
    """The steps with a dump before the first that destroys, and the step that restores it.

    `host` takes the dump. What destroys nothing stays as it is.
    """
    first = next((step for step in steps if _destroys(step)), None)
    if first is None:
        return list(steps)
    at = first.position
    moved = [_moved(step, at) for step in steps]
    dump = replace(_step(config, host), position=at, title="Keep the database as it is now")
    dump = replace(dump, script=_dump(config, plan), expect=SAYS, keeps=config.folder)
    if not (back := _restore(config)):
        return [*moved[: at - 1], dump, *moved[at - 1 :]]
    undo = replace(
        _step(config, host),
        position=len(moved) + 2,
        title="Put the database back as it was before this rollback",
        script=back,
        restores=True,
        standby=True,
        destructive=True,
        gate=True,
    )
    return [*moved[: at - 1], dump, *(_undone(step, undo) for step in moved[at - 1 :]), undo]


def restore_script(config: DumpConfig, path: str, size: int, sha256: str) -> str:
    """Shell text that puts one named dump back, once its size and checksum are right."""
    values = {DUMP_PATH: path, DUMP_SIZE: str(size), DUMP_SHA256: sha256}
    lines = [f"{name}={shlex.quote(value)}" for name, value in values.items()]
    back = _restore(config)
    return "\n".join([*lines, back]) if back else ""


def _destroys(step: StepSpec) -> bool:
    return step.destructive and step.kind == "command" and not step.standby


def _moved(step: StepSpec, at: int) -> StepSpec:
    shift = 1 if step.position >= at else 0
    undo = step.undo + 1 if step.undo >= at else step.undo
    return replace(step, position=step.position + shift, undo=undo)


def _undone(step: StepSpec, undo: StepSpec) -> StepSpec:
    return replace(step, undo=undo.position) if _destroys(step) and not step.undo else step


def _step(config: DumpConfig, host: str) -> StepSpec:
    runs_on = config.runs_on
    return StepSpec(
        1, "", hosts=(host,), cwd=runs_on.cwd, user=runs_on.user, time_limit=_LIMIT, source="head"
    )


def is_own_dump(step: StepSpec, plan: str, token: str, path: str) -> bool:
    """Whether `path` is the one that a step which dumps was to write, in the attempt `token`.

    What was approved before dumps were named for their attempt is told by folder and plan alone.
    """
    last = re.escape(token) if DUMP_RUN in step.script else r"\d+"
    name = rf"{re.escape(_stem(step.keeps, plan))}-\d{{8}}T\d{{6}}Z-{last}\.dump"
    return bool(re.fullmatch(name, path, re.ASCII))


def _stem(folder: str, plan: str) -> str:
    return f"{folder.rstrip('/')}/before-rollback-{_word(plan)}"


def _dump(config: DumpConfig, plan: str) -> str:
    stem = _stem(config.folder, plan)
    return f"""\
umask 077
mkdir -p {shlex.quote(config.folder)}
DUMP={shlex.quote(stem)}-$(date -u +%Y%m%dT%H%M%SZ)-${{{DUMP_RUN}:-$$}}.dump
export DUMP
[ ! -e "$DUMP" ]
{config.dump or _preset(config, 0)}
[ -s "$DUMP" ] || {{ echo "The dump is empty." >&2; exit 1; }}
sum=$(sha256sum < "$DUMP" | cut -d" " -f1)
printf "{SAYS}%s %s %s\\n" "$(wc -c < "$DUMP" | tr -d " ")" "$sum" "$DUMP"
"""


def _restore(config: DumpConfig) -> str:
    back = config.restore or _preset(config, 1)
    return _VERIFIED + back + "\n" if back else ""


def _preset(config: DumpConfig, which: int) -> str:
    if config.dump or not config.kind:
        return ""
    return _PRESETS[config.kind][which].format(name=shlex.quote(config.name))


def _word(plan: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", plan)[:80]
