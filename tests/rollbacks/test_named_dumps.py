"""A host says where its dump lies; the console believes it of the file that it asked for alone."""

from __future__ import annotations

import pytest

from rollback_console.plans.snapshot.dump_steps import DUMP_RUN, SAYS
from rollback_console.rollbacks import database_dumps
from rollback_console.rollbacks.models import Rollback, StepRun
from tests import make
from tests.fleet import Fleet, Run
from tests.make import PLAN, Stage

from .driving import drive

pytestmark = pytest.mark.django_db(transaction=True)

HEAD = "---\ndatabase: {kind: sqlite, name: /srv/shop.db, folder: /srv/dumps}\n---\n"
TEXT = HEAD + PLAN.replace("```bash\necho restoring", "```bash destructive\necho restoring")


STEM = "/srv/dumps/before-rollback-checkout-staging-checkout-2-"


class LyingFleet(Fleet):
    """Hosts that name `path` as their dump; {run} in it is the attempt's token."""

    path = ""

    def answer(self, run: Run) -> bytes:
        token = run.request.environment.get(DUMP_RUN, "none")
        assert token in {run.request.token, "none"}
        return f"{SAYS}9 {'a' * 64} {self.path.replace('{run}', token)}\n".encode()


def dumped(stage: Stage, path: str) -> Rollback:
    """A rollback at the gate behind its dump, whose host named that path."""
    fleet = LyingFleet()
    fleet.path = path
    fleet.answers["before-rollback"] = fleet.answer
    return drive(make.approved(stage, TEXT), fleet)


def test_the_dump_that_was_asked_for_is_on_record(stage: Stage) -> None:
    rollback = dumped(stage, STEM + "20261201T000000Z-{run}.dump")
    (dump,) = database_dumps.list_dumps(rollback)
    assert str(StepRun.objects.get(position=2).token) in dump.path
    assert database_dumps.why_no_restore(rollback) == ""


@pytest.mark.parametrize(
    "name",
    [
        "20261201T000000Z-1.dump",
        "20261201T000000Z-00000000-0000-0000-0000-000000000000.dump",
        "20261201T000000Z-{run}.dump.sql",
        "../20261201T000000Z-{run}.dump",
        "20261201T000000Z-{run}.dump\u202e",
        "x/../../../etc/passwd",
    ],
)
def test_another_name_is_no_dump_and_the_gate_says_so(stage: Stage, name: str) -> None:
    rollback = dumped(stage, STEM + name)
    assert database_dumps.list_dumps(rollback) == []
    assert database_dumps.why_gate_warns(rollback, 3)
    refusal = rollback.events.get(kind="dump.refused")
    assert "\u202e" not in refusal.facts["path"]


@pytest.mark.parametrize("path", ["/etc/passwd", "/srv/other/before-rollback-{slug}-x.dump"])
def test_a_file_of_another_folder_is_no_dump(stage: Stage, path: str) -> None:
    rollback = dumped(stage, path)
    assert database_dumps.list_dumps(rollback) == []
    assert rollback.events.filter(kind="dump.refused").exists()
