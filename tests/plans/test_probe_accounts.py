"""Probes ask as the account that runs the step, through the sudo that it goes through; on a real
sshd whose login is no root."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rollback_console.plans.readiness.check import check
from rollback_console.plans.snapshot.freeze import freeze_snapshot
from tests import make
from tests.make import PLAN, Stage
from tests.remote import guest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db,
    pytest.mark.skipif(not guest.possible(), reason="needs root, sudo and unshare"),
]


@pytest.fixture
def folder() -> Iterator[Path]:
    with guest.open_folder() as folder:
        yield folder


def on_guest(folder: Path, sudoers: str, runas: str = "root") -> Iterator[Stage]:
    server = guest.GuestHost(folder / "guest", sudoers, runas).start()
    made = make.stage(address=server.address(name="app-1"))
    made.environment.file_folders = str(folder)
    made.environment.save()
    yield made
    server.remove()


@pytest.fixture
def rooted(db: None, folder: Path) -> Iterator[Stage]:
    """The login may become root for anything."""
    yield from on_guest(folder, "ALL")


@pytest.fixture
def narrow(db: None, folder: Path) -> Iterator[Stage]:
    """The login may become daemon for anything, and nobody else."""
    yield from on_guest(folder, "ALL", "daemon")


def answers(made: Stage, text: str) -> dict[tuple[str, str], tuple[str, str]]:
    revision = make.plan(made, text)
    readiness = check(revision, freeze_snapshot(revision, {}))
    return {(each.kind, each.subject): (each.verdict, each.detail) for each in readiness.results}


def step(user: str, folder: Path, command: str = "ls") -> str:
    attributes = f"cwd={folder} user={user}" if user else f"cwd={folder}"
    return PLAN.replace("```bash\necho stopping", f"```bash {attributes}\n{command}")


def closed(folder: Path) -> Path:
    """A folder that root alone may enter."""
    path = folder / "closed"
    path.mkdir(mode=0o700)
    return path


def test_a_folder_that_only_the_steps_account_may_enter_is_ready(
    rooted: Stage, folder: Path
) -> None:
    path = str(closed(folder))
    assert answers(rooted, step("root", Path(path)))["folder", path][0] == "ready"
    assert answers(rooted, step("", Path(path)))["folder", path][0] == "not_ready"


def test_a_dump_that_only_its_owner_may_read_does_not_turn_keep_red(
    rooted: Stage, folder: Path
) -> None:
    dumps = closed(folder)
    database = folder / "shop.db"
    database.write_bytes(b"x")
    head = f"---\ndatabase: {{kind: sqlite, name: {database}, folder: {dumps}, user: root}}\n---\n"
    text = head + PLAN.replace("echo restoring", "rm -rf /srv/shop")
    before = answers(rooted, text)["keep", str(dumps)]
    assert before[0] == "ready"
    (dumps / "1.dump").write_bytes(b"x" * 4096)
    (dumps / "1.dump").chmod(0o600)
    assert answers(rooted, text)["keep", str(dumps)][0] == "ready"


def test_keep_is_ready_for_a_dump_of_another_account_too(rooted: Stage, folder: Path) -> None:
    """In a folder that both may write, after root wrote the first dump."""
    dumps = folder / "dumps"
    dumps.mkdir()
    dumps.chmod(0o777)
    (dumps / "1.dump").write_bytes(b"x" * 4096)
    (dumps / "1.dump").chmod(0o600)
    head = f"---\ndatabase: {{kind: sqlite, name: /srv/shop.db, folder: {dumps}}}\n---\n"
    text = head + PLAN.replace("echo restoring", "rm -rf /srv/shop")
    assert answers(rooted, text)["keep", str(dumps)][0] == "ready"


def test_an_account_that_may_not_be_taken_is_red_and_what_it_would_say_is_unknown(
    narrow: Stage, folder: Path
) -> None:
    readiness = answers(narrow, step("root", folder))
    assert readiness["user", "root"][0] == "not_ready"
    verdict, detail = readiness["folder", str(folder)]
    assert (verdict, "may not become root by sudo" in detail) == ("unknown", True)
    assert answers(narrow, step("daemon", folder))["user", "daemon"][0] == "ready"


def test_sudo_is_asked_for_the_very_account_that_the_command_takes(
    narrow: Stage, folder: Path
) -> None:
    readiness = answers(narrow, step("", folder, "sudo -u daemon ls /\nsudo ls /srv"))
    assert readiness["sudo", "-u daemon ls /"][0] == "ready"
    assert readiness["sudo", "ls /srv"][0] == "not_ready"
