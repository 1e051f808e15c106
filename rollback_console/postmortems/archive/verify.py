"""Whether an archive holds what was kept: checksums, snapshot and chain, without a database.

It proves that nothing in the file was damaged, removed or edited alone. Whoever rewrites all
of it can make a new chain: compare the last hash with the one the console shows.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from rollback_console.rollbacks.events import digest
from rollback_console.rollbacks.models import Event

from .writer import FORMAT, SUMS

SMALL = 64 * 1024 * 1024
"""Files other than logs that are larger are not believed."""

_KEPT = re.compile(r"[\w.-]+\.(?:json|jsonl)|plan\.md|" + SUMS)
_SUM = re.compile(r"([0-9a-f]{64})  ([^\n]+)")


class UnreadableArchive(Exception):
    """`str()` says why the file is no archive of a rollback."""


@dataclass(slots=True)
class Contents:
    """What was read: a checksum and size for each file, and the bytes of the small ones."""

    sums: dict[str, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    kept: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ArchiveVerdict:
    """`wrong` lists, as sentences, everything that does not hold; empty: all of it does."""

    rollback: int
    files: int
    events: int
    last_hash: str
    wrong: list[str]


def verify(file: IO[bytes]) -> ArchiveVerdict:
    """Check an archive. Raises UnreadableArchive for what is none."""
    contents = _read(file)
    manifest = _value(contents, "manifest.json")
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise UnreadableArchive("This is not an archive of a rollback: it has no manifest of one.")
    events = list(_events(contents))
    wrong = [
        *_checksums(contents),
        *_chain(events, manifest),
        *_snapshot(contents, events, manifest),
        *_logs(contents),
    ]
    return ArchiveVerdict(
        rollback=int(manifest.get("rollback") or 0),
        files=len(contents.sums),
        events=len(events),
        last_hash=str(manifest.get("last_hash", "")),
        wrong=wrong,
    )


def _read(file: IO[bytes]) -> Contents:
    contents = Contents()
    try:
        with gzip.GzipFile(fileobj=file) as whole, tarfile.open(fileobj=whole, mode="r|") as tar:
            for member in tar:
                _take(contents, tar, member)
            # Tar takes a cut between two files for an end; gzip knows better.
            while whole.read(1024 * 1024):
                pass
    except (tarfile.TarError, zlib.error, OSError, EOFError, ValueError) as error:
        raise UnreadableArchive(f"The file cannot be read to its end: {error}.") from error
    return contents


def _take(contents: Contents, tar: tarfile.TarFile, member: tarfile.TarInfo) -> None:
    if not member.isfile() or member.name in contents.sums:
        raise UnreadableArchive(f"{member.name!r} is no plain file, or is there twice.")
    stream = tar.extractfile(member)
    keep = bool(_KEPT.fullmatch(member.name))
    if stream is None or (keep and member.size > SMALL):
        raise UnreadableArchive(f"{member.name!r} is too large to be what it is named.")
    total, kept = hashlib.sha256(), bytearray()
    while piece := stream.read(1024 * 1024):
        total.update(piece)
        if keep:
            kept += piece
    contents.sums[member.name] = total.hexdigest()
    contents.sizes[member.name] = member.size
    if keep:
        contents.kept[member.name] = bytes(kept)


def _value(contents: Contents, name: str) -> Any:
    try:
        return json.loads(contents.kept.get(name, b"null"))
    except ValueError as error:
        raise UnreadableArchive(f"{name} is not JSON: {error}.") from error


def _events(contents: Contents) -> Iterator[dict[str, Any]]:
    for name in sorted(contents.kept):
        if not name.startswith("events-"):
            continue
        for line in contents.kept[name].splitlines():
            try:
                yield dict(json.loads(line))
            except (ValueError, TypeError) as error:
                raise UnreadableArchive(f"{name} holds a line that is no event.") from error


def _checksums(contents: Contents) -> Iterator[str]:
    listed = {
        match[2]: match[1]
        for line in contents.kept.get(SUMS, b"").decode(errors="replace").splitlines()
        if (match := _SUM.fullmatch(line))
    }
    there = {name: value for name, value in contents.sums.items() if name != SUMS}
    if SUMS not in contents.sums:
        yield f"{SUMS} is missing."
    for name in sorted(listed.keys() - there.keys()):
        yield f"{name} is listed but not there."
    for name in sorted(there.keys() - listed.keys()):
        yield f"{name} is there but not listed."
    for name in sorted(there.keys() & listed.keys()):
        if there[name] != listed[name]:
            yield f"{name} was changed: its checksum is another one."


def _chain(events: list[dict[str, Any]], manifest: dict[str, Any]) -> Iterator[str]:
    previous = ""
    for seq, row in enumerate(events, start=1):
        if row.get("seq") != seq:
            yield f"Event {seq} is missing."
            return
        if row.get("rollback") != manifest.get("rollback"):
            yield f"Event {seq} belongs to another rollback."
            return
        if row.get("previous") != previous or row.get("sha256") != _digest(row):
            yield f"Event {seq} was changed."
            return
        previous = row["sha256"]
    if (len(events), previous) != (manifest.get("last_seq"), manifest.get("last_hash")):
        yield f"Event {len(events) + 1} is missing."


def _digest(row: dict[str, Any]) -> str:
    fields = {name: row.get(name) for name in ("seq", "kind", "facts", "at", "previous")}
    event = Event(rollback_id=row.get("rollback") or 0, by_id=row.get("by"), **fields)
    return digest(event)


def _snapshot(
    contents: Contents, events: list[dict[str, Any]], manifest: dict[str, Any]
) -> Iterator[str]:
    digest = contents.sums.get("snapshot.json", "")
    if digest != manifest.get("snapshot_sha256"):
        yield "snapshot.json is not the snapshot that the manifest names."
    imported = any(row.get("kind") == "incident.imported" for row in events)
    frozen = [
        row.get("facts", {}).get("snapshot")
        for row in events
        if row.get("kind") in {"rollback.requested", "rollback.renewed"}
    ]
    if not imported and frozen[-1:] != [digest]:
        yield "snapshot.json is not what was asked for: the events name another hash."
    snapshot = _value(contents, "snapshot.json")
    planned = snapshot.get("revision_sha256") if isinstance(snapshot, dict) else ""
    if contents.sums.get("plan.md") != planned:
        yield "plan.md is not the revision that the snapshot was made of."


def _logs(contents: Contents) -> Iterator[str]:
    runs = _value(contents, "runs.json")
    for run in runs if isinstance(runs, list) else []:
        name, stored = str(run.get("log")), run.get("stored")
        if contents.sizes.get(name) != stored:
            yield f"{name} holds {contents.sizes.get(name, 'no')} bytes of {stored} that were kept."
