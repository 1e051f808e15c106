"""What stands in the way on a host: noticed before anything is started."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rollback_console.remote.errors import (
    AnswerLate,
    RunnerRefused,
)
from rollback_console.remote.protocol import Remote, RunRef

from .attempts import Folder, launch, read_until, ref, request, waiting, watch
from .conftest import connected
from .guest import GuestHost, possible
from .sshd import Sshd

needs_guest = pytest.mark.skipif(not possible(), reason="needs root, sudo and unshare")


def test_a_login_shell_s_chatter_is_not_taken_for_output(tmp_path: Path) -> None:
    chatty = tmp_path / "chatty"
    chatty.write_text(
        '#!/bin/sh\necho "Welcome!"; echo "Motd" >&2\nexec sh -c "$SSH_ORIGINAL_COMMAND"\n'
    )
    chatty.chmod(0o755)
    server = Sshd(options=(f"ForceCommand {chatty}",)).start()
    try:
        with connected(server) as remote:
            assert watch(remote.run(request("echo ours"))).log == b"ours\n"
    finally:
        server.remove()


def test_an_account_that_runs_no_commands_is_named(tmp_path: Path) -> None:
    server = Sshd(options=("ForceCommand echo This account is not available.",)).start()
    try:
        with connected(server) as remote, pytest.raises(RunnerRefused, match="not available"):
            remote.veto(RunRef("00000000-0000-4000-8000-000000000000"))
        with connected(server) as remote, pytest.raises(RunnerRefused, match="runs no commands"):
            watch(remote.run(request("echo hi")))
    finally:
        server.remove()


@pytest.mark.parametrize(
    ("tool", "text", "code"),
    [
        ("stat", "echo nfs", "filesystem"),
        ("stat", "exit 1", "filesystem"),
        ("mkfifo", None, "tool"),
        ("setsid perl python3", None, "setsid"),
    ],
)
def test_a_host_that_cannot_run_durably_is_refused(
    tmp_path: Path, tool: str, text: str | None, code: str
) -> None:
    server = Sshd(environment={"PATH": str(_tools(tmp_path, tool.split(), text))}).start()
    try:
        with connected(server) as remote, pytest.raises(RunnerRefused, match="web-1") as caught:
            launch(remote, request("true"))
        assert caught.value.code == code
    finally:
        server.remove()


@pytest.mark.parametrize("missing", ["setsid", "setsid perl"])
def test_without_setsid_another_program_detaches(tmp_path: Path, missing: str, shell: str) -> None:
    if not Path("/usr/bin/python3").exists():
        pytest.skip("needs python3 in /usr/bin")
    server = Sshd(environment={"PATH": str(_tools(tmp_path, missing.split(), None))}).start()
    try:
        with connected(server, shell) as remote:
            run_request = request("echo up; sleep 300")
            events = remote.run(run_request)
            read_until(events, b"up\n")
            session = Folder(server, run_request.token).pid("run")
            assert os.getsid(session) == session
            remote.stop(ref(run_request), grace=1)
    finally:
        server.remove()


def _tools(tmp_path: Path, changed: list[str], text: str | None) -> Path:
    """A PATH with every program of this machine but `changed`, which are `text` or missing."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for folder in (Path("/bin"), Path("/usr/bin")):
        for tool in folder.iterdir():
            if tool.name not in changed and not (tools / tool.name).is_symlink():
                (tools / tool.name).symlink_to(tool)
    for name in changed if text else []:
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    return tools


@needs_guest
def test_a_home_that_cannot_be_written_any_more_is_not_taken_for_a_new_account(
    in_the_open: Path,
) -> None:
    server = GuestHost(in_the_open / "guest").start()
    try:
        with connected(server) as remote:
            watch(remote.run(request("true")))
        (server.home / ".local").rename(server.home / "elsewhere")
        (server.home / ".local").write_text("in the way")
        with connected(server) as remote, pytest.raises(RunnerRefused, match="bring that"):
            launch(remote, request("true"))
    finally:
        server.remove()


@needs_guest
def test_a_home_that_is_closed_for_a_while_is_not_taken_for_one_that_is_gone(
    in_the_open: Path, guest_kind: str
) -> None:
    server = GuestHost(in_the_open / "guest").start()
    try:
        with connected(server, guest_kind) as remote:
            run_request = request(f"echo up; {waiting(in_the_open / 'go-on')}; echo done")
            events = remote.run(run_request)
            read_until(events, b"up\n")
            server.folder.chmod(0o700)
            (in_the_open / "go-on").touch()
            with pytest.raises(RunnerRefused, match="no folder this account"):
                watch(events, len("up\n"))
            server.folder.chmod(0o755)
            seen = watch(remote.follow(ref(run_request)))
            assert (seen.log, seen.outcome.exit_code) == (b"up\ndone\n", 0)
    finally:
        server.remove()


@needs_guest
def test_an_account_that_never_had_a_home_keeps_its_attempts_elsewhere(
    in_the_open: Path, guest_kind: str
) -> None:
    server = GuestHost(in_the_open / "guest").start()
    try:
        (server.home / ".local").write_text("in the way")
        with connected(server, guest_kind) as remote:
            run_request = request("echo $HOME")
            assert watch(remote.run(run_request)).log.decode() == f"{server.home}\n"
            remote.acknowledge(ref(run_request))
    finally:
        server.remove()


def test_a_question_that_takes_too_long_is_given_up(plain_host: Remote) -> None:
    with pytest.raises(AnswerLate, match="sleep"):
        plain_host.ask(["sleep", "30"], timeout=0.2)
    assert plain_host.ask(["echo", "fine"]).output == b"fine\n"


def test_an_account_for_files_alone_is_named() -> None:
    server = Sshd(options=("Subsystem sftp internal-sftp", "ForceCommand internal-sftp")).start()
    try:
        with connected(server) as remote, pytest.raises(RunnerRefused, match="runs no commands"):
            watch(remote.run(request("echo hi")))
    finally:
        server.remove()


@pytest.mark.parametrize("user", ["deploy@corp.example", "CORP\\deploy"])
def test_an_account_of_a_domain_is_named_to_sudo_as_it_is(tmp_path: Path, user: str) -> None:
    sudo = tmp_path / "sudo"
    sudo.write_text(
        '#!/bin/sh\n[ "$1 $2 $4" = "-n -u --" ] || exit 9\necho "as $3"\nshift 4\nexec "$@"\n'
    )
    sudo.chmod(0o755)
    server = Sshd(environment={"PATH": f"{tmp_path}:{os.environ['PATH']}"}).start()
    try:
        with connected(server) as remote:
            seen = watch(remote.run(request("echo hi", user=user)))
            assert seen.log.decode() == f"as {user}\nhi\n"
    finally:
        server.remove()
