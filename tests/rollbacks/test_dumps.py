"""What puts a database back is the dump that this very rollback has on record: on a real sshd,
with a real database file."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from rollback_console.rollbacks import database_dumps
from rollback_console.rollbacks.actions import approvals, requests, restarts, steering
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.execution import driver
from rollback_console.rollbacks.execution.view import snapshot_of
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.make import PLAN, Stage

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

DUMP, DESTROY, RESTORE = 2, 3, 5


class Shop:
    """A database called shop.db on the host, and a plan that empties it after a dump."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.dumps = folder / "dumps"
        self.sql("CREATE TABLE orders (id INTEGER); INSERT INTO orders VALUES (1), (2);")

    def sql(self, text: str) -> str:
        command = ["sqlite3", str(self.folder / "shop.db"), text]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    @property
    def orders(self) -> list[str]:
        return self.sql("SELECT id FROM orders ORDER BY id;").split()

    def plan(self, then: str = "true") -> str:
        database = self.folder / "shop.db"
        head = f"---\ndatabase: {{kind: sqlite, name: {database}, folder: {self.dumps}}}\n---\n"
        destroying = f'sqlite3 {database} "DELETE FROM orders;"\n{then}'  # noqa: S608
        return head + PLAN.replace("```bash\necho restoring", f"```bash destructive\n{destroying}")

    def refuse_dumps(self) -> None:
        """Nothing can be dumped any more: a file stands where the folder was."""
        if self.dumps.exists():
            self.dumps.rename(self.folder / "earlier")
            (self.dumps).symlink_to("/dev/null")
        else:
            self.dumps.write_text("")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def drive(rollback: Rollback) -> Rollback:
    while driver.advance(rollback.pk):
        pass
    rollback.refresh_from_db()
    return rollback


def asked(rollback: Rollback) -> tuple[str, int]:
    return rollback.question.get("kind", ""), rollback.question.get("position", 0)


def dump_skipped(here: Stage, shop: Shop, then: str = "true") -> Rollback:
    """A rollback whose dump failed and was skipped, at the gate of what destroys."""
    rollback = drive(make.approved(here, shop.plan(then)))
    assert asked(rollback) == ("failed", DUMP)
    steering.skip(rollback, position=DUMP, by=here.cast.dana, reason="No space")
    rollback = drive(rollback)
    assert asked(rollback) == ("gate", DESTROY)
    return rollback


def let_through(rollback: Rollback, here: Stage, *, without_dump: bool = False) -> Rollback:
    steering.answer(
        rollback, position=DESTROY, by=here.cast.sam, answer="go", without_dump=without_dump
    )
    return drive(rollback)


def test_an_undo_puts_back_this_rollbacks_own_dump(here: Stage, shop: Shop) -> None:
    rollback = drive(make.approved(here, shop.plan("false")))
    rollback = let_through(rollback, here)
    assert (asked(rollback), shop.orders) == (("failed", DESTROY), [])
    steering.undo(rollback, position=DESTROY, by=here.cast.dana, reason="It is half done")
    rollback = drive(rollback)
    assert asked(rollback) == ("gate", RESTORE)
    steering.answer(rollback, position=RESTORE, by=here.cast.sam, answer="go")
    rollback = drive(rollback)
    assert rollback.runs.get(position=RESTORE).state == "succeeded"
    assert shop.orders == ["1", "2"]


def test_no_rollback_restores_the_dump_of_another(here: Stage, shop: Shop) -> None:
    first = let_through(drive(make.approved(here, shop.plan())), here)
    assert first.state == "verifying"
    steering.request_abort(first, by=here.cast.dana, reason="Enough")
    assert drive(first).state == "aborted"
    shop.sql("INSERT INTO orders VALUES (3);")
    shop.refuse_dumps()
    second = let_through(dump_skipped(here, shop, "false"), here, without_dump=True)
    shop.sql("INSERT INTO orders VALUES (4);")
    with pytest.raises(Refused, match="no dump of the database on record"):
        steering.undo(second, position=DESTROY, by=here.cast.dana, reason="Put it back")
    assert not second.runs.filter(position=RESTORE).exists()
    assert shop.orders == ["4"]
    steering.request_abort(second, by=here.cast.dana, reason="Enough")
    with pytest.raises(Refused, match="no dump of the database on record"):
        requests.request_restore(drive(second), by=here.cast.dana, reason="Put it back")


def test_a_skipped_dump_is_confirmed_at_the_gate_of_what_destroys(here: Stage, shop: Shop) -> None:
    shop.refuse_dumps()
    rollback = dump_skipped(here, shop)
    with pytest.raises(Refused, match="cannot be put back"):
        let_through(rollback, here)
    assert shop.orders == ["1", "2"]
    rollback = let_through(rollback, here, without_dump=True)
    assert shop.orders == []
    assert "Confirmed without a backup" in rollback.events.get(kind="gate.answered").facts["note"]


def test_going_on_past_the_dump_is_confirmed_too(here: Stage, shop: Shop) -> None:
    shop.refuse_dumps()
    rollback = drive(make.approved(here, shop.plan()))
    restarts.resume_from(rollback, position=DESTROY, by=here.cast.dana, reason="No space")
    rollback = drive(rollback)
    assert asked(rollback) == ("gate", DESTROY)
    with pytest.raises(Refused, match="cannot be put back"):
        let_through(rollback, here)
    assert shop.orders == ["1", "2"]


def test_the_rest_of_a_stopped_rollback_has_no_dump_to_go_back_to(here: Stage, shop: Shop) -> None:
    stopped = drive(make.approved(here, shop.plan("false")))
    steering.request_abort(stopped, by=here.cast.dana, reason="Not now")
    assert drive(stopped).state == "aborted"
    rest = restarts.request_rest(stopped, position=DESTROY, by=here.cast.dana, reason="Now")
    approvals.approve(rest, by=here.cast.lee, snapshot_sha256=rest.snapshot_sha256)
    rest = drive(rest)
    assert asked(rest) == ("gate", DESTROY)
    with pytest.raises(Refused, match=f"Rollback {stopped.pk}, which it continues"):
        let_through(rest, here)
    rest = let_through(rest, here, without_dump=True)
    with pytest.raises(Refused, match="no dump of the database on record"):
        steering.undo(rest, position=DESTROY, by=here.cast.dana, reason="Put it back")


def test_a_dump_taken_after_the_destruction_is_no_way_back(here: Stage, shop: Shop) -> None:
    rollback = let_through(drive(make.approved(here, shop.plan("false"))), here)
    restarts.resume_from(
        rollback, position=DUMP, by=here.cast.dana, reason="Once more", again=[DUMP, DESTROY]
    )
    rollback = drive(rollback)
    before, after = database_dumps.list_dumps(rollback)
    assert before.sha256 != after.sha256
    assert database_dumps.dump_to_restore(rollback) == before


def test_a_dump_that_is_not_the_one_on_record_is_not_put_back(here: Stage, shop: Shop) -> None:
    rollback = let_through(drive(make.approved(here, shop.plan("false"))), here)
    (dump,) = database_dumps.list_dumps(rollback)
    forged = bytearray(Path(dump.path).read_bytes())
    forged[-1] ^= 1
    Path(dump.path).write_bytes(forged)
    for _ in range(2):
        steering.undo(rollback, position=DESTROY, by=here.cast.dana, reason="Put it back")
        rollback = drive(rollback)
        if asked(rollback)[0] == "gate":
            steering.answer(rollback, position=RESTORE, by=here.cast.sam, answer="go")
            rollback = drive(rollback)
        assert asked(rollback)[0] == "failed"
        assert rollback.runs.filter(position=RESTORE).latest("attempt").state == "failed"
        assert shop.orders == []
        steering.skip(rollback, position=RESTORE, by=here.cast.dana, reason="It is forged")
        rollback = drive(rollback)


def test_the_whole_undo_names_size_and_checksum_of_the_dump_on_record(
    here: Stage, shop: Shop
) -> None:
    done = let_through(drive(make.approved(here, shop.plan())), here)
    steering.request_abort(done, by=here.cast.dana, reason="Enough")
    (dump,) = database_dumps.list_dumps(drive(done))
    back = requests.request_restore(done, by=here.cast.dana, reason="Worse than before")
    script = snapshot_of(back.snapshot).step(DUMP).script
    assert all(each in script for each in (dump.path, str(dump.size), dump.sha256))
    approvals.approve(back, by=here.cast.lee, snapshot_sha256=back.snapshot_sha256)
    back = drive(back)
    assert asked(back) == ("gate", DUMP)
    steering.answer(back, position=DUMP, by=here.cast.sam, answer="go")
    assert drive(back).state == "succeeded"
    assert shop.orders == ["1", "2"]
