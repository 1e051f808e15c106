"""Old logs leave; events, checksums and whatever is under way stay."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from rollback_console.postmortems.archive import writer as archives
from rollback_console.postmortems.archive.verify import verify
from rollback_console.postmortems.archive.writer import archive
from rollback_console.rollbacks import db_clock, events, log_store
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.models import LogChunk, Rollback
from rollback_console.rollbacks.sweeper import log_retention
from tests import make
from tests.fleet import Fleet
from tests.make import Stage
from tests.rollbacks.driving import answer_checks, drive

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def old(ended: Rollback) -> Rollback:
    Rollback.objects.update(finished_at=db_clock.later(timedelta(days=-100)))
    ended.refresh_from_db()
    return ended


def retention(*words: str) -> str:
    out = io.StringIO()
    call_command("apply_retention", *words, stdout=out)
    return out.getvalue()


def test_without_a_policy_nothing_goes(old: Rollback) -> None:
    assert "kept for good" in retention()
    assert LogChunk.objects.exists()


def test_logs_go_their_checksums_stay_and_the_record_is_whole(old: Rollback) -> None:
    runs = {str(run.token): log_store.read_log(run) for run in old.runs.filter(stored__gt=0)}
    total = sum(map(len, runs.values()))
    assert f"Rollback {old.pk} lost {total} bytes of log." in retention("--days", "90")
    assert not LogChunk.objects.exists()
    event = old.events.order_by("-seq").first()
    assert event
    assert (event.kind, event.facts["archive"]) == ("logs.retired", {})
    sums = {each["token"]: each["sha256"] for each in event.facts["logs"]}
    assert sums == {token: hashlib.sha256(data).hexdigest() for token, data in runs.items()}
    moved = "the finished at in the row is not the one on record"
    assert [flaw.what for flaw in events.flaws()] == [moved]  # by this file, to be old


def test_each_is_archived_and_read_back_first(old: Rollback, tmp_path: Path) -> None:
    run = old.runs.get(position=1)
    text = log_store.read_log(run)
    retention("--days", "90", "--archive-to", str(tmp_path))
    file = tmp_path / f"rollback-{old.pk}.tar.gz"
    assert [*tmp_path.iterdir()] == [file]
    with file.open("rb") as stream:
        assert verify(stream).wrong == []
    with tarfile.open(file) as tar:
        kept = tar.extractfile(archives.log_name(run))
        assert kept
        assert kept.read() == text
    event = old.events.get(kind="logs.retired").facts["archive"]
    assert event["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()


def test_the_page_says_where_a_log_went(old: Rollback, stage: Stage, tmp_path: Path) -> None:
    retention("--days", "90", "--archive-to", str(tmp_path))
    run, (kept,) = old.runs.get(position=1), tmp_path.iterdir()
    page = make.signed_in(stage.cast.vic).get(f"/rollbacks/{old.pk}/?run={run.token}")
    assert kept.name in page.content.decode()
    assert b"Nothing was written yet." not in page.content


def test_what_is_left_can_still_be_archived(old: Rollback) -> None:
    retention("--days", "90")
    old.refresh_from_db()
    data = b"".join(archive(old))
    assert verify(io.BytesIO(data)).wrong == []
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        last = tar.extractfile("events-00001.jsonl")
        assert last
        assert json.loads(last.read().splitlines()[-1])["kind"] == "logs.retired"


def test_a_dry_run_and_a_younger_rollback_lose_nothing(old: Rollback) -> None:
    assert "would lose" in retention("--days", "90", "--dry-run")
    assert "0 rollbacks" in retention("--days", "101")
    assert LogChunk.objects.exists()


def test_an_archive_that_cannot_be_written_leaves_the_logs(old: Rollback, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="is not a folder"):
        retention("--days", "90", "--archive-to", str(tmp_path / "nothing"))
    LogChunk.objects.filter(run__position=1, offset=0).delete()
    with pytest.raises(CommandError, match="keeps its logs"):
        retention("--days", "90", "--archive-to", str(tmp_path))
    assert LogChunk.objects.exists()
    assert not old.events.filter(kind="logs.retired").exists()


def test_one_that_cannot_be_archived_keeps_no_other_from_it(
    old: Rollback, stage: Stage, fleet: Fleet, tmp_path: Path
) -> None:
    fleet.scripts.clear()
    other = drive(make.approved(stage), fleet)
    answer_checks(other, stage)
    assert drive(other, fleet).state == "succeeded"
    Rollback.objects.update(finished_at=db_clock.later(timedelta(days=-100)))
    old.runs.get(position=1).chunks.get(offset=0).delete()
    with pytest.raises(CommandError, match=f"Rollback {old.pk} keeps its logs"):
        retention("--days", "90", "--archive-to", str(tmp_path))
    assert other.events.filter(kind="logs.retired").exists()
    assert not old.events.filter(kind="logs.retired").exists()
    assert [path.suffix for path in tmp_path.iterdir()] == [".gz"]


def test_one_under_way_is_never_touched(stage: Stage) -> None:
    rollback = make.approved(stage)
    run = rollback.runs.create(position=1, host="app-1", state="running", stored=4, lines=1)
    LogChunk.objects.bulk_create(
        log_store.append(run.pk, log_store.Tail(), b"abc\n", db_clock.now())
    )
    Rollback.objects.update(
        state="running", requested_at=db_clock.later(timedelta(days=-400)), finished_at=None
    )
    assert "0 rollbacks" in retention("--days", "1")
    with pytest.raises(Refused, match="has ended"):
        log_retention.retire_logs(rollback)
    assert LogChunk.objects.count() == 1


def test_what_broke_off_half_way_is_finished_and_told_once(old: Rollback) -> None:
    log_retention._record(old, [{"token": "t", "bytes": 1, "sha256": ""}], None)
    assert LogChunk.objects.exists()
    retention("--days", "90")
    assert not LogChunk.objects.exists()
    assert old.events.filter(kind="logs.retired").count() == 1
