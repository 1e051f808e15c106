"""Old logs leave the database, into an archive that was read back before, or for good."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rollback_console.rollbacks.models import Rollback
from rollback_console.rollbacks.sweeper import log_retention

from .verify import UnreadableArchive, verify
from .writer import archive, archive_name


class NotArchived(Exception):
    """`str()` says why a rollback's logs were left where they are."""


@dataclass(frozen=True, slots=True)
class Retired:
    """One rollback whose logs went: how many bytes, and into which file (None: no archive)."""

    rollback: int
    size: int
    file: Path | None


def apply(days: int, folder: Path | None, *, dry: bool = False) -> Iterator[Retired]:
    """Every rollback that ended more than `days` ago, one after another.

    With `folder` each is archived there first. One whose archive could not be written and read
    back keeps its logs, and the others go on; NotArchived is raised at the end and names them all.
    """
    failed: list[str] = []
    for rollback in log_retention.due(days):
        size = log_retention.size(rollback)
        if dry:
            yield Retired(rollback.pk, size, folder and folder / archive_name(rollback))
            continue
        try:
            # Without bytes, an earlier try broke off behind its archive.
            kept = _archived(rollback, folder) if folder and size else None
        except NotArchived as error:
            failed.append(str(error))
            continue
        facts = {"file": kept.name, "sha256": _sha256(kept)} if kept else None
        yield Retired(rollback.pk, log_retention.retire_logs(rollback, archive=facts), kept)
    if failed:
        raise NotArchived("\n".join(failed))


def _archived(rollback: Rollback, folder: Path) -> Path:
    file = folder / archive_name(rollback)
    half = file.with_suffix(".part")
    try:
        with half.open("wb") as out:
            for piece in archive(rollback):
                out.write(piece)
            out.flush()
            os.fsync(out.fileno())
        with half.open("rb") as written:
            wrong = verify(written).wrong
    except (OSError, UnreadableArchive) as error:
        half.unlink(missing_ok=True)
        raise NotArchived(f"Rollback {rollback.pk} keeps its logs: {error}") from error
    if wrong:
        half.unlink()
        raise NotArchived(f"Rollback {rollback.pk} keeps its logs: {' '.join(wrong)}")
    half.rename(file)
    return file


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
