"""A dump before anything is overwritten, so that the rollback itself can be undone."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import replace

from rollback_console.documents.machine import Keeping
from rollback_console.engine.snapshot import StepSpec

SAYS = "rollback-console: dump "
"""What the step prints before the size in bytes, the SHA-256 and the path of its dump."""

_LIMIT = 3600
_PRESETS: dict[str, tuple[str, str]] = {
    "mariadb": (
        'mariadb-dump --single-transaction --routines --triggers --events {name} > "$DUMP"',
        'mariadb {name} < "$DUMP"',
    ),
    "mysql": (
        'mysqldump --single-transaction --routines --triggers --events {name} > "$DUMP"',
        'mysql {name} < "$DUMP"',
    ),
    "postgresql": (
        'pg_dump --format=custom --file="$DUMP" {name}',
        "pg_restore --clean --if-exists --exit-on-error --single-transaction --dbname={name} "
        '"$DUMP"',
    ),
    "sqlite": ("sqlite3 {name} \".backup '$DUMP'\"", "sqlite3 {name} \".restore '$DUMP'\""),
}


def with_dump(steps: Sequence[StepSpec], keeping: Keeping, host: str, plan: str) -> list[StepSpec]:
    """The steps with a dump before the first that destroys, and the step that restores it.

    `host` takes the dump. What destroys nothing stays as it is.
    """
    first = next((step for step in steps if _destroys(step)), None)
    if first is None:
        return list(steps)
    at = first.position
    moved = [_moved(step, at) for step in steps]
    dump = replace(_step(keeping, host), position=at, title="Keep the database as it is now")
    dump = replace(dump, script=_dump(keeping, plan), expect=SAYS, keeps=keeping.folder)
    if not (back := _restore(keeping, plan)):
        return [*moved[: at - 1], dump, *moved[at - 1 :]]
    undo = replace(
        _step(keeping, host),
        position=len(moved) + 2,
        title="Put the database back as it was before this rollback",
        script=back,
        standby=True,
        destructive=True,
        gate=True,
    )
    return [*moved[: at - 1], dump, *(_undone(step, undo) for step in moved[at - 1 :]), undo]


def restoring(keeping: Keeping, path: str, sha256: str) -> str:
    """Shell text that puts one named dump back, once its checksum is right."""
    back = keeping.restore or _preset(keeping, 1)
    if not back:
        return ""
    return f"DUMP={shlex.quote(path)}\nexport DUMP\n{_proof(shlex.quote(sha256))}\n{back}\n"


def _destroys(step: StepSpec) -> bool:
    return step.destructive and step.kind == "command" and not step.standby


def _moved(step: StepSpec, at: int) -> StepSpec:
    shift = 1 if step.position >= at else 0
    undo = step.undo + 1 if step.undo >= at else step.undo
    return replace(step, position=step.position + shift, undo=undo)


def _undone(step: StepSpec, undo: StepSpec) -> StepSpec:
    return replace(step, undo=undo.position) if _destroys(step) and not step.undo else step


def _step(keeping: Keeping, host: str) -> StepSpec:
    place = keeping.place
    return StepSpec(
        1, "", hosts=(host,), cwd=place.cwd, user=place.user, time_limit=_LIMIT, source="head"
    )


def _dump(keeping: Keeping, plan: str) -> str:
    stem = f"{keeping.folder.rstrip('/')}/before-rollback-{_word(plan)}"
    return f"""\
umask 077
mkdir -p {shlex.quote(keeping.folder)}
DUMP={shlex.quote(stem)}-$(date -u +%Y%m%dT%H%M%SZ).dump
export DUMP
[ ! -e "$DUMP" ]
{keeping.dump or _preset(keeping, 0)}
[ -s "$DUMP" ] || {{ echo "The dump is empty." >&2; exit 1; }}
sum=$(sha256sum < "$DUMP" | cut -d" " -f1)
printf "%s\\n" "$sum" > "$DUMP.sha256"
ln -sfn "$DUMP" {shlex.quote(stem)}.latest
printf "{SAYS}%s %s %s\\n" "$(wc -c < "$DUMP" | tr -d " ")" "$sum" "$DUMP"
"""


def _restore(keeping: Keeping, plan: str) -> str:
    back = keeping.restore or _preset(keeping, 1)
    stem = f"{keeping.folder.rstrip('/')}/before-rollback-{_word(plan)}"
    if not back:
        return ""
    proof = _proof('"$(cat "$DUMP.sha256")"')
    return f"DUMP=$(readlink {shlex.quote(stem)}.latest)\nexport DUMP\n{proof}\n{back}\n"


def _proof(sha256: str) -> str:
    return (
        f'[ "$(sha256sum < "$DUMP" | cut -d" " -f1)" = {sha256} ] || '
        '{ echo "The dump is not what was kept: nothing was restored." >&2; exit 1; }'
    )


def _preset(keeping: Keeping, which: int) -> str:
    if keeping.dump or not keeping.kind:
        return ""
    return _PRESETS[keeping.kind][which].format(name=shlex.quote(keeping.name))


def _word(plan: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "-", plan)[:80]
