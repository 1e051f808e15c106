"""Before a person approved it, nothing that a plan names is run, connected to or read; on a real
sshd, with listeners that would notice."""

from __future__ import annotations

import hashlib
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied

from rollback_console.access.models import GroupLimit
from rollback_console.audit.models import ConfigurationEvent
from rollback_console.plans.actions import host_questions as actions
from rollback_console.plans.actions import plans
from rollback_console.plans.errors import PlanError
from rollback_console.plans.models import (
    DecisionMaker,
    Environment,
    Host,
    HostQuestion,
    ProbeResult,
    ReadinessEvent,
    Revision,
)
from rollback_console.plans.readiness import queue
from rollback_console.plans.readiness.check import check
from rollback_console.plans.readiness.host_questions import NOT_APPROVED, register_questions
from rollback_console.plans.readiness.targets import Targets
from rollback_console.plans.snapshot.freeze import freeze_snapshot
from rollback_console.plans.snapshot.request_form import draw_request_form
from rollback_console.rollbacks.permissions import groups
from tests import make
from tests.make import PLAN, Stage
from tests.remote.sshd import Sshd

pytestmark = pytest.mark.django_db

CANARY = "#!/bin/sh\necho x >> {mark}\n"


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A file that says whether any of the plan's programs ran."""
    return tmp_path / "it ran"


class Listener:
    """A TCP port that remembers who connected; it answers nothing."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]

    def was_connected(self) -> bool:
        self._socket.setblocking(False)
        try:
            self._socket.accept()[0].close()
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


def planned(here: Stage, command: str, head: str = "") -> Revision:
    return make.plan(here, head + PLAN.replace("echo stopping", command))


def allow(here: Stage, **settings: str) -> None:
    """An Admin names what readiness may touch."""
    for name, value in settings.items():
        setattr(here.environment, name, value)
    here.environment.save()


def program(path: Path, canary: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(CANARY.format(mark=f"'{canary}'"))
    path.chmod(0o755)
    return path


def ask(revision: Revision) -> dict[tuple[str, str], ProbeResult]:
    readiness = check(revision, freeze_snapshot(revision, {}))
    return {(each.kind, each.subject): each for each in readiness.results}


def approve_all(here: Stage, revision: Revision) -> None:
    register_questions(revision, freeze_snapshot(revision, {}))
    make.host_questions_approved(here.cast.lee)


class TestPrograms:
    """Nothing that a plan names is started."""

    @pytest.mark.parametrize(
        "command",
        [
            "{bin}/python3 {bin}/manage.py migrate users 0001",
            "{bin}/alembic -c {bin}/alembic.ini downgrade -1",
            "{bin}/flyway -configFiles={bin}/flyway.conf undo",
            "cd {bin}\nbundle exec bin/rails db:rollback",
            "source {bin}/activate\npython manage.py migrate users 0001",
        ],
    )
    def test_no_migration_tool_is_started(
        self, here: Stage, tmp_path: Path, canary: Path, command: str
    ) -> None:
        folder = tmp_path / "bin"
        for name in ("python3", "python", "alembic", "flyway", "bin/rails", "manage.py"):
            program(folder / name, canary)
        revision = planned(here, command.format(bin=folder))
        rows = [each for (kind, _), each in ask(revision).items() if kind == "reversal"]
        assert [(each.verdict, each.detail) for each in rows] == [("unknown", NOT_APPROVED)]
        assert not canary.exists()

    def test_once_it_is_approved_it_is_started(
        self, here: Stage, tmp_path: Path, canary: Path
    ) -> None:
        python = program(tmp_path / "python3", canary)
        revision = planned(here, f"{python} manage.py migrate users 0001")
        approve_all(here, revision)
        ask(revision)
        assert canary.exists()

    def test_no_measure_of_the_plan_is_run(self, here: Stage, canary: Path) -> None:
        head = f"---\nmeasures:\n  - {{what: calls, run: \"echo 1 > '{canary}'\"}}\n---\n"
        assert ask(planned(here, "rm -rf old", head))["measure", "calls"].detail == NOT_APPROVED
        assert not canary.exists()

    def test_what_a_repository_configures_is_not_run(
        self, here: Stage, tmp_path: Path, canary: Path
    ) -> None:
        folder, monitor = tmp_path / "app", program(tmp_path / "monitor", canary)
        for words in (
            f"init -q {folder}",
            f"-C {folder} config core.fsmonitor {monitor}",
            f"-C {folder} config core.sshCommand {monitor}",
            f"-C {folder} config filter.x.clean {monitor}",
            f"-C {folder} config remote.origin.url ext::{monitor}",
            f"-C {folder} config protocol.ext.allow always",
            f"-C {folder} config remote.origin.promisor true",
            f"-C {folder} config core.hooksPath {tmp_path}",
        ):
            subprocess.run(["git", *words.split()], check=True)
        (folder / ".gitattributes").write_text("* filter=x\n")
        commit = "git checkout <previous-commit>\ngit checkout <previous-tag>\ngit fetch"
        text = PLAN.replace("```bash\necho stopping", f"```bash cwd={folder}\n{commit}")
        revision = make.plan(here, text)
        names = [each.name for each in draw_request_form(revision).parameters]
        values = {name: "abcdef12" if "COMMIT" in name else "v1" for name in names}
        snapshot = freeze_snapshot(revision, {"parameters": values})
        rows = {each.kind: each for each in check(revision, snapshot).results}
        assert rows["commit"].verdict == "not_ready"
        assert rows["repository"].detail == NOT_APPROVED
        assert not canary.exists()

    def test_nothing_of_it_is_scheduled_before_it_is_approved(
        self, here: Stage, tmp_path: Path, canary: Path
    ) -> None:
        python = program(tmp_path / "python3", canary)
        revision = planned(here, f"{python} manage.py migrate users 0001")
        assert queue.schedule_askings(timedelta(0))
        make.hosts_answer()
        assert not canary.exists()
        make.host_questions_approved(here.cast.lee)
        queue.enqueue_asking(revision, {}, why="schedule")
        make.hosts_answer()
        assert canary.exists()

    def test_a_person_who_only_asks_has_nothing_run_either(
        self, here: Stage, tmp_path: Path, canary: Path
    ) -> None:
        python = program(tmp_path / "python3", canary)
        revision = planned(here, f"{python} manage.py migrate users 0001")
        queue.enqueue_asking(revision, {}, why="person", by=here.cast.dana)
        make.hosts_answer()
        assert not canary.exists()


class TestConnections:
    """Nothing that a plan names is connected to."""

    @pytest.mark.parametrize(
        "command",
        [
            'psql "host=127.0.0.1 hostaddr=127.0.0.1 port={port} dbname=x" -f a.sql',
            "psql postgresql://127.0.0.1:{port}/x -f a.sql",
            "psql -h 127.0.0.1 -p {port} -f a.sql shop",
            "psql -h /nowhere,127.0.0.1 -p {port} -f a.sql shop",
            "mysql -h 127.0.0.1 -P {port} shop < a.sql",
            "mariadb --defaults-file=/tmp/evil.cnf --host=127.0.0.1 --port={port} shop < a.sql",
        ],
    )
    def test_no_database_server_is_signed_in_to(
        self, here: Stage, listener: Listener, command: str
    ) -> None:
        revision = planned(here, command.format(port=listener.port))
        rows = [each for (kind, _), each in ask(revision).items() if kind == "database"]
        assert [each.verdict for each in rows] == ["unknown"]
        assert rows[0].detail.startswith("Not asked: ")
        approve_all(here, revision)
        ask(revision)
        assert not listener.was_connected(), "an approval does not make it a named server"

    def test_a_server_that_an_admin_named_is_signed_in_to_once_that_is_approved(
        self, here: Stage, listener: Listener
    ) -> None:
        allow(here, database_servers=f"127.0.0.1:{listener.port}")
        revision = planned(here, f"psql -h 127.0.0.1 -p {listener.port} -f a.sql")
        assert ask(revision)["database", "postgresql"].detail == NOT_APPROVED
        assert not listener.was_connected()
        approve_all(here, revision)
        ask(revision)
        assert listener.was_connected()

    @pytest.mark.parametrize("scheme", ["gopher", "http", "ftp", "dict", "file"])
    def test_no_page_is_opened(self, here: Stage, listener: Listener, scheme: str) -> None:
        url = f"{scheme}://127.0.0.1:{listener.port}/_x"
        head = f"---\nchecks:\n  - {{check: Page, http: '{url}'}}\n---\n"
        row = ask(planned(here, "ls", head))["health", url]
        assert (row.verdict, row.detail.startswith("Not asked: ")) == ("unknown", True)
        assert not listener.was_connected()

    @pytest.mark.parametrize(
        "url", ["gopher://127.0.0.1:{port}/_x", "http://192.0.2.77:{port}/", "http://u@127.0.0.1/"]
    )
    def test_some_pages_are_never_opened(self, here: Stage, listener: Listener, url: str) -> None:
        url = url.format(port=listener.port)
        head = f"---\nchecks:\n  - {{check: Page, http: '{url}'}}\n---\n"
        revision = planned(here, "ls", head)
        approve_all(here, revision)
        assert not HostQuestion.objects.filter(kind="health").exists()
        assert ask(revision)["health", url].verdict == "unknown"
        assert not listener.was_connected()

    def test_a_page_that_leads_elsewhere_is_not_followed(
        self, here: Stage, listener: Listener
    ) -> None:
        with redirecting(f"http://127.0.0.1:{listener.port}/") as port:
            url = f"http://127.0.0.1:{port}/"
            head = f"---\nchecks:\n  - {{check: Page, http: '{url}'}}\n---\n"
            revision = planned(here, "ls", head)
            approve_all(here, revision)
            assert ask(revision)["health", url].detail == "It answers 302 now."
        assert not listener.was_connected()


class GreedyServer:
    """A server of either kind that asks whoever comes for a password in clear.

    `heard` is all that it was sent.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.heard = b""
        self.connections = 0
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                connection.settimeout(5)
                try:
                    (self._mysql if self._kind == "mysql" else self._postgresql)(connection)
                except OSError:
                    continue

    def _mysql(self, connection: socket.socket) -> None:
        capabilities = 0x8000 | 0x0200 | 0x0001 | 0x0008
        greeting = (
            b"\x0a5.7.0\0" + bytes(4) + b"12345678\0" + capabilities.to_bytes(2, "little")
            + b"\x21\x02\x00" + (0x0008).to_bytes(2, "little") + b"\x15" + bytes(10)
            + b"123456789012\0mysql_native_password\0"
        )  # fmt: skip
        connection.sendall(len(greeting).to_bytes(3, "little") + b"\0" + greeting)
        self.heard += connection.recv(4096)
        switch = b"\xfemysql_clear_password\0"
        connection.sendall(len(switch).to_bytes(3, "little") + b"\x02" + switch)
        self.heard += connection.recv(4096)

    def _postgresql(self, connection: socket.socket) -> None:
        start = connection.recv(4096)
        while start[4:8] in {(80877103).to_bytes(4, "big"), (80877104).to_bytes(4, "big")}:
            connection.sendall(b"N")
            start = connection.recv(4096)
        self.heard += start
        connection.sendall(b"R" + (8).to_bytes(4, "big") + (3).to_bytes(4, "big"))
        self.heard += connection.recv(4096)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.mark.parametrize(
    ("kind", "command", "saved"),
    [
        ("mysql", "mysql -h 127.0.0.1 -P {port} -u app shop < a.sql",
         (".my.cnf", "[client]\npassword=swordfish\n")),
        ("mysql", "mariadb -h 127.0.0.1 -P {port} -u app shop < a.sql",
         (".my.cnf", "[client]\npassword=swordfish\n")),
        ("postgresql", "psql -h 127.0.0.1 -p {port} -U app -f a.sql shop",
         (".pgpass", "*:*:*:*:swordfish\n")),
    ],
)  # fmt: skip
def test_even_a_named_server_is_sent_no_saved_password_in_clear(
    here: Stage, sshd: Sshd, kind: str, command: str, saved: tuple[str, str]
) -> None:
    (sshd.home / saved[0]).write_text(saved[1])
    (sshd.home / saved[0]).chmod(0o600)
    server = GreedyServer(kind)
    try:
        allow(here, database_servers=f"127.0.0.1:{server.port}")
        revision = planned(here, command.format(port=server.port))
        approve_all(here, revision)
        ask(revision)
    finally:
        server.close()
    assert server.connections, "it was signed in to"
    assert b"swordfish" not in server.heard


@contextmanager
def redirecting(to: str) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", to)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class TestFiles:
    """Of a file no more is told than an Admin lets be told."""

    def asked(self, here: Stage, path: Path | str, folders: str = "") -> ProbeResult:
        allow(here, file_folders=folders)
        revision = planned(here, "cat backup_YYYYMMDD_HHMMSS.sql")
        names = [each.name for each in draw_request_form(revision).parameters]
        snapshot = freeze_snapshot(revision, {"parameters": dict.fromkeys(names, str(path))})
        (row,) = [each for each in check(revision, snapshot).results if each.kind == "file"]
        return row

    def test_a_file_in_no_named_folder_is_not_looked_at(self, here: Stage, tmp_path: Path) -> None:
        secret = tmp_path / "secret.sql"
        secret.write_text("swordfish")
        there, gone = self.asked(here, secret), self.asked(here, tmp_path / "nothing.sql")
        assert there.verdict == gone.verdict == "unknown"
        assert there.detail.replace("secret", "nothing") == gone.detail
        other = self.asked(here, secret, "/var/backups")
        assert (other.verdict, other.detail) == (
            "unknown",
            self.asked(here, tmp_path / "nothing.sql", "/var/backups").detail,
        )

    def test_a_link_leads_out_of_no_folder(self, here: Stage, tmp_path: Path) -> None:
        (tmp_path / "dumps").mkdir()
        (tmp_path / "secret.sql").write_text("swordfish")
        (tmp_path / "dumps/a.sql").symlink_to(tmp_path / "secret.sql")
        for path in (tmp_path / "dumps/a.sql", f"{tmp_path}/dumps/../secret.sql"):
            row = self.asked(here, path, str(tmp_path / "dumps"))
            assert (row.verdict, "bytes" in row.detail) == ("unknown", False)

    def test_size_and_age_are_told_and_nothing_of_what_is_in_it(
        self, here: Stage, tmp_path: Path
    ) -> None:
        (tmp_path / "a.sql").write_text("swordfish")
        row = self.asked(here, tmp_path / "a.sql", str(tmp_path))
        assert row.detail.startswith("9 bytes, written 20")
        assert hashlib.sha256(b"swordfish").hexdigest() not in row.detail

    def keeping(self, here: Stage, folder: Path, folders: str) -> tuple[Revision, ProbeResult]:
        allow(here, file_folders=folders)
        head = f"---\ndatabase: {{kind: sqlite, name: /srv/shop.db, folder: {folder}}}\n---\n"
        revision = planned(here, "rm -rf /srv/shop", head)
        return revision, ask(revision)["keep", str(folder)]

    def test_room_for_a_dump_is_told_of_named_folders_or_once_approved(
        self, here: Stage, tmp_path: Path
    ) -> None:
        dumps = tmp_path / "dumps"
        dumps.mkdir()
        (dumps / "1.dump").write_bytes(b"x")
        revision, row = self.keeping(here, dumps, "/var/backups")
        assert (row.verdict, row.detail) == ("unknown", NOT_APPROVED)
        approve_all(here, revision)
        assert ask(revision)["keep", str(dumps)].verdict == "ready"
        assert self.keeping(here, dumps, str(tmp_path))[1].verdict == "ready"

    def test_a_folder_for_dumps_leads_out_of_no_named_folder(
        self, here: Stage, tmp_path: Path
    ) -> None:
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "named").mkdir()
        (tmp_path / "named/dumps").symlink_to(tmp_path / "elsewhere")
        for folder, detail in {
            tmp_path / "named/dumps": "no folder whose files may be measured",
            tmp_path / "named/../elsewhere": NOT_APPROVED,
        }.items():
            row = self.keeping(here, folder, str(tmp_path / "named"))[1]
            assert (row.verdict, detail in row.detail) == ("unknown", True)

    def test_the_files_of_migrations_are_told_of_named_folders_or_once_approved(
        self, here: Stage, tmp_path: Path
    ) -> None:
        (tmp_path / "shop/migrations").mkdir(parents=True)
        (tmp_path / "shop/migrations/0007_private_name.py").touch()

        def asked(folders: str, *, approved: bool = False) -> ProbeResult:
            allow(here, file_folders=folders)
            text = PLAN.replace(
                "```bash\necho stopping",
                f"```bash cwd={tmp_path}\npython manage.py migrate shop <previous_migration>",
            )
            revision = make.plan(here, text)
            names = [each.name for each in draw_request_form(revision).parameters]
            snapshot = freeze_snapshot(revision, {"parameters": dict.fromkeys(names, "0007")})
            if approved:
                register_questions(revision, snapshot)
                make.host_questions_approved(here.cast.lee)
            (row,) = [
                each for each in check(revision, snapshot).results if each.kind == "migration"
            ]
            return row

        row = asked("/var/backups")
        assert (row.verdict, "private_name" in row.detail) == ("unknown", False)
        assert asked(str(tmp_path)).verdict == "ready"
        assert asked("", approved=True).verdict == "ready"


@pytest.mark.parametrize(
    "url",
    [
        "http://[::1].evil/",
        "http://[::1]evil/",
        "http://app-1:0/",
        "http://app-1:99999/",
        "http://app-1:/",
        "http://app-1:80:80/",
        "http://app-1@evil/",
        "http://evil#@app-1/",
        "http://evil\\@app-1/",
        "http://app-1\\.evil/",
        "http://app-1%2eevil/",
        "http://app-1 .evil/",
        "http://app-1\t/",
        "http://app-1\n/",
        "http:/app-1/",
        "http:app-1",
        "//app-1/",
        "http://app-1.evil/",
        "http://[::1%25eth0]/",
        "http://[1]/",
        "http://app-1？@evil/",
        "http://ａpp-1/",
        "gopher://app-1/",
        "",
    ],
)
def test_an_address_that_could_be_read_in_two_ways_is_not_opened(url: str) -> None:
    targets = Targets("Staging", pages=frozenset({"app-1", "::1", "app-2:8080"}))
    assert targets.page_refusal(url)


def test_plain_addresses_of_the_environments_hosts_are_opened() -> None:
    targets = Targets("Staging", pages=frozenset({"app-1", "::1", "app-2:8080"}))
    for url in (
        "http://app-1/",
        "HTTPS://App-1:8443/health?deep=1#top",
        "http://app-1?x=[1]",
        "http://[::1]:8000/",
        "http://app-2:8080",
    ):
        assert targets.page_refusal(url) == "", url
    assert targets.page_refusal("http://app-2/")


class TestApproval:
    """Exactly what was approved is asked, and by whom is on record."""

    @pytest.fixture
    def question(self, here: Stage) -> HostQuestion:
        register(here, f"{sys.executable} manage.py migrate shop 0001")
        return HostQuestion.objects.get(kind="reversal")

    def test_the_question_says_what_where_and_as_whom(
        self, here: Stage, question: HostQuestion
    ) -> None:
        host = Host.objects.get()
        assert (question.state, question.host) == ("pending", "app-1")
        assert question.address == f"{question.account}@127.0.0.1:{host.port}"
        plan, count = question.commands
        assert plan[5:8] == ["shop", "0001", ""]
        assert plan[8:] == [sys.executable, "manage.py"]
        assert 'migrate "$app" "$to" --plan' in plan[2]
        assert "shell" in count

    def test_who_has_not_the_right_approves_nothing(
        self, here: Stage, question: HostQuestion
    ) -> None:
        for person in (here.cast.dana, here.cast.vic):
            with pytest.raises(PermissionDenied):
                actions.approve_host_question(question, by=person, sha256=question.sha256)

    def test_who_wrote_the_plan_does_not_approve_what_it_has_hosts_asked(
        self, here: Stage, question: HostQuestion
    ) -> None:
        """By ada, and then by lee too."""
        make.revised(question.plan, make.PLAN + "\nMore.\n", by=here.cast.lee)
        for author in (here.cast.ada, here.cast.lee):
            with pytest.raises(PlanError, match="You wrote a part of this plan"):
                actions.approve_host_question(question, by=author, sha256=question.sha256)
        actions.approve_host_question(question, by=here.cast.sam, sha256=question.sha256)

    def test_who_decides_elsewhere_approves_nothing_here(
        self, here: Stage, question: HostQuestion
    ) -> None:
        elsewhere = Environment.objects.create(slug="elsewhere", name="ELSEWHERE")
        DecisionMaker.objects.filter(user=here.cast.lee).update(environment=elsewhere)
        with pytest.raises(PermissionDenied):
            actions.approve_host_question(question, by=here.cast.lee, sha256=question.sha256)

    def test_a_former_decision_maker_group_still_counts_where_it_is_not_limited(
        self, here: Stage, question: HostQuestion
    ) -> None:
        group = Group.objects.create(name=groups.FORMER_ROLE)
        groups.ensure()
        here.cast.dana.groups.set([group])
        limit = GroupLimit.objects.create(group=group, environments=["elsewhere"])
        with pytest.raises(PermissionDenied):
            actions.approve_host_question(question, by=here.cast.dana, sha256=question.sha256)
        limit.delete()
        actions.approve_host_question(question, by=here.cast.dana, sha256=question.sha256)

    def test_another_digest_than_the_one_that_was_read_approves_nothing(
        self, here: Stage, question: HostQuestion
    ) -> None:
        with pytest.raises(PlanError, match="has changed or was decided meanwhile"):
            actions.approve_host_question(question, by=here.cast.lee, sha256="0" * 64)

    def test_an_approval_is_on_record_with_the_words_that_were_approved(
        self, here: Stage, question: HostQuestion
    ) -> None:
        actions.approve_host_question(question, by=here.cast.lee, sha256=question.sha256)
        event = ConfigurationEvent.objects.get(kind="host_question.approved")
        assert (event.by, event.facts["host"]) == (here.cast.lee, "app-1")
        assert event.facts["commands"] == question.commands
        actions.withdraw_host_question(question, by=here.cast.ada)
        withdrawn = ConfigurationEvent.objects.get(kind="host_question.withdrawn")
        assert withdrawn.by == here.cast.ada
        assert question.state == "pending"

    @pytest.mark.parametrize(
        "change",
        ["address", "port", "account", "key", "login", "jump"],
    )
    def test_a_changed_host_voids_the_approval(
        self, here: Stage, question: HostQuestion, change: str
    ) -> None:
        make.host_questions_approved(here.cast.lee)
        host = Host.objects.get()
        if change == "address":
            Host.objects.update(address="127.0.0.2")
        elif change == "port":
            Host.objects.update(port=host.port + 1)
        elif change == "account":
            host.credential.username = "somebody"
            host.credential.save()
        elif change == "login":
            host.credential.private_key = "another"
            host.credential.save()
        elif change == "jump":
            host.jump = make.host(here.environment, "gate-1", here.cast.ada)
            host.save()
        else:
            host.keys.create(
                type="ssh-rsa", key=make.KEY, confirmed_by=here.cast.ada, confirmed_at=question.at
            )
        assert pending(here, question.revision) == {"reversal", "database"}

    @pytest.mark.parametrize(
        "text",
        [
            "{python} manage.py migrate shop 0002",
            "{python} ./manage.py migrate shop 0001",
            "cd /srv\n{python} manage.py migrate shop 0001",
            "sudo -u deploy {python} manage.py migrate shop 0001",
        ],
    )
    def test_another_word_folder_or_account_is_another_question(
        self, here: Stage, question: HostQuestion, text: str
    ) -> None:
        make.host_questions_approved(here.cast.lee)
        revision = planned(here, text.format(python=sys.executable))
        assert "reversal" in pending(here, revision)

    def test_the_same_question_of_a_later_revision_stays_approved(
        self, here: Stage, question: HostQuestion
    ) -> None:
        make.host_questions_approved(here.cast.lee)
        text = bytes(question.revision.source) + b"- [ ] More\n"
        later = plans.revise(question.plan, text, by=here.cast.ada)
        assert pending(here, later) == set()

    def test_what_is_asked_is_on_record_before_it_is_asked(self, here: Stage) -> None:
        revision = planned(here, "git checkout v1")
        queue.enqueue_asking(revision, {}, why="person", by=here.cast.dana)
        make.hosts_answer()
        event = ReadinessEvent.objects.get()
        assert (event.by, event.why, event.host) == (here.cast.dana, "person", "app-1")
        assert ["tool", "git", ""] in event.facts["plain"]
        assert event.facts["approved"] == []

    def test_what_was_not_asked_is_never_ready(self, here: Stage, question: HostQuestion) -> None:
        readiness = check(question.revision, freeze_snapshot(question.revision, {}))
        assert readiness.word in {"unknown", "not ready"}
        kinds = {each.kind for each in readiness.not_approved}
        assert kinds == {"reversal", "database"}


def register(here: Stage, command: str) -> Revision:
    revision = planned(here, command)
    register_questions(revision, freeze_snapshot(revision, {}))
    return revision


def pending(here: Stage, revision: Revision) -> set[str]:
    """Kinds of this revision's questions that nobody approved."""
    rows = register_questions(revision, freeze_snapshot(revision, {}))
    return {each.kind for each in rows if each.state == HostQuestion.State.PENDING}
