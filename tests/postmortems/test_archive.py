"""An archive holds everything, and says so without a database; what was touched is named."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rollback_console.postmortems.archive import writer as archives
from rollback_console.postmortems.archive.verify import UnreadableArchive, verify
from rollback_console.postmortems.archive.writer import archive
from rollback_console.rollbacks import log_store
from rollback_console.rollbacks.actions import steering
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.models import LogChunk, Rollback
from tests import make
from tests.fleet import Fleet
from tests.make import Stage
from tests.rollbacks.driving import drive

from .conftest import checked

pytestmark = pytest.mark.django_db(transaction=True)

Files = dict[str, bytes]


@pytest.fixture
def rollback(stage: Stage, fleet: Fleet) -> Rollback:
    """One with a log of more than one chunk, a message and a note."""
    fleet.scripts["stopping"] = (b"stopping\r\n\x00\xff" * 20_000, 0)
    made = drive(make.approved(stage), fleet)
    steering.send_message(made, by=stage.cast.dana, text="Soon", recipients="Support")
    return checked(made, fleet, stage)


def files(data: bytes) -> Files:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {each.name: tar.extractfile(each).read() for each in tar}  # type: ignore[union-attr]


def packed(parts: Files) -> io.BytesIO:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, data in parts.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    out.seek(0)
    return out


def test_it_holds_everything_byte_for_byte(rollback: Rollback) -> None:
    parts = files(b"".join(archive(rollback)))
    run = rollback.runs.get(position=1)
    assert parts[archives.log_name(run)] == log_store.read_log(run)
    assert parts["snapshot.json"] == rollback.snapshot.encode()
    assert parts["plan.md"] == bytes(rollback.revision.source)
    assert json.loads(parts["messages.json"])[0]["recipients"] == "Support"
    assert [each["role"] for each in json.loads(parts["approvals.json"])] == ["Deploy Lead"]
    assert len(parts["events-00001.jsonl"].splitlines()) == rollback.last_seq
    assert parts["postmortem.md"].startswith(b"# Postmortem: ")


def test_it_is_sent_in_pieces(rollback: Rollback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "EVENTS_EACH", 5)
    data = b"".join(archive(rollback))
    assert "events-00002.jsonl" in files(data)
    assert verify(io.BytesIO(data)).wrong == []


def test_the_command_needs_no_database(
    rollback: Rollback, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / archives.archive_name(rollback)
    file.write_bytes(b"".join(archive(rollback)))
    with CaptureQueriesContext(connection) as queries:
        call_command("verify_archive", file, last_hash=rollback.last_hash)
    assert len(queries) == 0
    assert f"The chain ends with {rollback.last_hash}." in capsys.readouterr().out
    with pytest.raises(CommandError, match="does not end with the hash") as caught:
        call_command("verify_archive", file, last_hash="0" * 64)
    assert caught.value.returncode == 1
    with pytest.raises(CommandError, match="No such file") as caught:
        call_command("verify_archive", tmp_path / "nothing")
    assert caught.value.returncode == 2


def test_one_under_way_is_refused(stage: Stage) -> None:
    with pytest.raises(Refused, match="once the rollback has ended"):
        archive(make.requested(stage))


def test_a_log_that_misses_bytes_breaks_off_instead_of_ending(rollback: Rollback) -> None:
    LogChunk.objects.filter(run__position=1, offset=0).delete()
    with pytest.raises(OSError, match="bytes where"):
        b"".join(archive(rollback))


def replaced(name: str, old: bytes, new: bytes) -> Callable[[Files], None]:
    def act(parts: Files) -> None:
        assert old in parts[name]
        parts[name] = parts[name].replace(old, new, 1)

    return act


def gone(name: str) -> Callable[[Files], None]:
    def act(parts: Files) -> None:
        for each in [each for each in parts if each.startswith(name)]:
            del parts[each]

    return act


def summed(act: Callable[[Files], None]) -> Callable[[Files], None]:
    """As somebody would who also writes the checksums anew."""

    def both(parts: Files) -> None:
        act(parts)
        parts["SHA256SUMS"] = "".join(
            f"{sha256(data).hexdigest()}  {name}\n"
            for name, data in parts.items()
            if name != "SHA256SUMS"
        ).encode()

    return both


TOUCHED = {
    "a message": (replaced("messages.json", b"Soon", b"Later"), "messages.json was changed"),
    "a missing file": (gone("approvals.json"), "approvals.json is listed but not there"),
    "no checksums": (gone("SHA256SUMS"), "SHA256SUMS is missing"),
    "an event": (
        summed(replaced("events-00001.jsonl", b"Health page", b"Wealth page")),
        "Event 1 was changed",
    ),
    "a snapshot": (
        summed(replaced("snapshot.json", b"echo stopping", b"echo skipping")),
        "snapshot.json is not",
    ),
    "a plan": (summed(replaced("plan.md", b"stopping", b"skipping")), "plan.md is not"),
    "a manifest": (summed(replaced("manifest.json", b'"last_seq": ', b'"last_seq": 1')), "missing"),
}


@pytest.mark.parametrize("name", TOUCHED)
def test_what_was_touched_is_named(rollback: Rollback, name: str) -> None:
    parts = files(b"".join(archive(rollback)))
    act, sentence = TOUCHED[name]
    act(parts)
    assert sentence in " ".join(verify(packed(parts)).wrong)


def test_a_log_cut_short_is_named_even_with_new_checksums(rollback: Rollback) -> None:
    parts = files(b"".join(archive(rollback)))
    name = archives.log_name(rollback.runs.get(position=1))
    summed(replaced(name, parts[name], parts[name][:-1]))(parts)
    assert f"{name} holds" in verify(packed(parts)).wrong[0]


def test_an_event_taken_out_is_named(rollback: Rollback) -> None:
    parts = files(b"".join(archive(rollback)))
    lines = parts["events-00001.jsonl"].splitlines(keepends=True)
    summed(replaced("events-00001.jsonl", lines[2], b""))(parts)
    assert "Event 3 is missing." in verify(packed(parts)).wrong
    parts["events-00001.jsonl"] = b"".join(lines[:-1])
    assert f"Event {len(lines)} is missing." in verify(packed(parts)).wrong


@pytest.mark.parametrize(
    "data",
    [b"", b"no archive", gzip.compress(b"no tar"), packed({"a": b"b"}).getvalue()],
    ids=["nothing", "no gzip", "no tar", "no list of checksums"],
)
def test_what_is_no_archive_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(UnreadableArchive):
        verify(io.BytesIO(data))


def test_an_archive_cut_short_is_refused(rollback: Rollback) -> None:
    data = b"".join(archive(rollback))
    for length in range(20, len(data), max(len(data) // 40, 1)):
        with pytest.raises(UnreadableArchive, match="to its end"):
            verify(io.BytesIO(data[:length]))
