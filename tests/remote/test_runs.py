"""An attempt that nothing disturbs: started once, followed from anywhere, byte for byte."""

from __future__ import annotations

import os
import shutil
import uuid
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rollback_console.remote.agent.host import AgentHost
from rollback_console.remote.errors import RequestRefused, RunnerRefused
from rollback_console.remote.protocol import Ending, Remote, RunRef
from rollback_console.remote.runner import commands
from tests.toolbox.attempt_probe import Presence, read_attempt_folder
from tests.toolbox.waiting import until

from .attempts import Folder, launch, presence, read_until, ref, request, waiting, watch
from .conftest import KINDS, connect_by, connected
from .sshd import Sshd


def test_a_command_is_started_shown_and_ended_over_one_channel(host: Remote) -> None:
    seen = watch(host.run(request("echo out; echo err >&2; exit 3")))
    assert seen.started is not None
    assert not seen.started.already
    assert seen.log == b"out\nerr\n"
    assert seen.outcome.ending is Ending.FINISHED
    assert seen.outcome.exit_code == 3
    assert seen.outcome.bytes == 8
    assert seen.outcome.flags == frozenset()


def test_an_exit_code_that_says_little_is_explained(plain_host: Remote) -> None:
    seen = watch(plain_host.run(request("seq 999999 | head -1 >/dev/null")))
    assert (seen.log, seen.outcome.exit_code) == (b"", 141)
    assert "ended by SIGPIPE" in seen.outcome.why
    assert "not found" in watch(plain_host.run(request("no-such-program"))).outcome.why
    assert watch(plain_host.run(request("exit 3"))).outcome.why == ""


def test_a_launched_command_is_followed_later_by_its_token(host: Remote) -> None:
    run_request = request("for i in 1 2 3; do echo $i; done")
    assert not launch(host, run_request).already
    assert watch(host.follow(ref(run_request))).log == b"1\n2\n3\n"
    assert watch(host.follow(ref(run_request), 2), 2).log == b"2\n3\n"
    assert watch(host.follow(ref(run_request), 6), 6).log == b""


def test_all_who_follow_at_once_are_told_the_same_end(host: Remote, tmp_path: Path) -> None:
    run_request = request(f"echo up; {waiting(tmp_path / 'go-on')}; echo done; exit 3")
    watching = [host.run(run_request)]
    read_until(watching[0], b"up\n")
    for _ in range(3):
        watching.append(host.follow(ref(run_request)))
        read_until(watching[-1], b"up\n")
    (tmp_path / "go-on").touch()
    seen = [watch(events, len("up\n")) for events in watching]
    assert {(each.log, each.outcome.exit_code, each.outcome.bytes) for each in seen} == {
        (b"done\n", 3, 8)
    }


def test_the_same_token_never_starts_twice(host: Remote, tmp_path: Path) -> None:
    run_request = request(f"echo started >> {tmp_path}/starts; echo once")
    first = watch(host.run(run_request))
    assert launch(host, run_request).already
    again = watch(host.run(run_request))
    assert again.started is not None
    assert again.started.already
    assert again.log == first.log == b"once\n"
    host.acknowledge(ref(run_request))
    assert launch(host, run_request).already
    assert (tmp_path / "starts").read_text() == "started\n"


def test_output_comes_while_the_command_still_runs(host: Remote, tmp_path: Path) -> None:
    run_request = request(
        f"echo first; until [ -e {tmp_path}/go-on ]; do sleep 0.05; done; echo second"
    )
    events = host.run(run_request)
    assert read_until(events, b"first\n") == b"first\n"
    folder = read_attempt_folder(host, ref(run_request))
    assert (folder.presence, folder.bytes, folder.orphan) == (Presence.RUNNING, 6, False)
    (tmp_path / "go-on").touch()
    assert watch(events, 6).log == b"second\n"


def test_every_byte_arrives_as_it_was_written(host: Remote, tmp_path: Path) -> None:
    data = os.urandom(300_000) + bytes(range(256)) + b"\r\n\x1b[31m@rollback end 0 finished 1\n"
    (tmp_path / "data").write_bytes(data)
    run_request = request(f"cat {tmp_path}/data")
    assert watch(host.run(run_request)).log == data
    assert watch(host.follow(ref(run_request), 70_001), 70_001).log == data[70_001:]


def test_values_reach_the_command_as_variables_exactly(host: Remote) -> None:
    values = {"PLAIN": "x", "HARD": "a'b\"c $HOME `id` \\ \n two  ü", "EMPTY": ""}
    seen = watch(host.run(request('printf "%s|" "$PLAIN" "$HARD" "$EMPTY"', environment=values)))
    assert seen.log.decode() == "|".join(values.values()) + "|"


def test_secrets_reach_the_command_and_are_left_nowhere(
    host: Remote, sshd: Sshd, tmp_path: Path
) -> None:
    wait = f"until [ -e {tmp_path}/go-on ]; do sleep 0.05; done"
    run_request = request(
        f'echo "${{#DB_PASSWORD}}"; {wait}', secrets={"DB_PASSWORD": "s3cret-w0rd"}
    )
    events = host.run(run_request)
    read_until(events, b"11\n")
    folder = Folder(sshd, run_request.token).path
    assert folder.stat().st_mode & 0o777 == 0o700
    for path in folder.iterdir():
        assert path.is_fifo() or path.is_symlink() or b"s3cret-w0rd" not in path.read_bytes()
    for arguments in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            assert b"s3cret-w0rd" not in arguments.read_bytes()
        except (FileNotFoundError, ProcessLookupError):
            continue
    (tmp_path / "go-on").touch()
    assert watch(events, 3).outcome.exit_code == 0


def test_the_command_starts_in_its_folder_or_at_home(
    host: Remote, sshd: Sshd, tmp_path: Path
) -> None:
    odd = tmp_path / "it's here"
    odd.mkdir()
    assert watch(host.run(request("pwd", cwd=str(odd)))).log.decode() == f"{odd}\n"
    assert watch(host.run(request("pwd"))).log.decode() == f"{sshd.home}\n"
    missing = watch(host.run(request("echo never", cwd="/no/such/folder")))
    assert missing.outcome.exit_code == 126
    assert b"/no/such/folder" in missing.log
    assert b"never" not in missing.log


def test_the_first_failing_line_ends_the_command(host: Remote) -> None:
    seen = watch(host.run(request("echo a\nfalse | true\necho b")))
    assert (seen.log, seen.outcome.exit_code) == (b"a\n", 1)
    unset = watch(host.run(request("echo $NOT_SET_ANYWHERE\necho b")))
    assert unset.outcome.exit_code not in (0, None)
    assert b"NOT_SET_ANYWHERE" in unset.log


def test_a_command_that_reads_stdin_gets_nothing_and_cannot_eat_the_rest(host: Remote) -> None:
    assert watch(host.run(request("cat\nread x || echo none\necho end"))).log == b"none\nend\n"


def test_heredocs_quotes_and_a_long_text_run_unchanged(host: Remote) -> None:
    script = "cat <<'EOF'\n# not 'a' \"comment\" $HOME\nEOF\n" + "# filler\n" * 20_000 + "echo end"
    seen = watch(host.run(request(script)))
    assert seen.log == b"# not 'a' \"comment\" $HOME\nend\n"


@settings(max_examples=10, deadline=None)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
@example("\\n \\0101 %s %% \\c\n\n\ttail \\")
@example("".join(map(chr, range(1, 256))))
def test_any_text_arrives_as_it_was_written(sshd: Sshd, text: str) -> None:
    for kind in KINDS:
        with connected(sshd, kind) as remote:
            seen = watch(remote.run(request('printf "%s" "$TEXT"', environment={"TEXT": text})))
            assert seen.log == text.encode()


def test_a_command_cut_on_its_way_is_refused_and_can_be_sent_again(
    host: Remote, tmp_path: Path
) -> None:
    run_request = request(f"echo started >> {tmp_path}/starts")
    assert isinstance(host, AgentHost)
    argv = commands.run(
        host._shell.runner(), run_request, whole := commands.payload(run_request), 0
    )
    for cut in (whole[:-1], whole[:-9], whole[:-9] + b"\n", b""):
        assert b"@rollback refused upload" in host.ask(argv, cut).errors
    assert presence(host, run_request) == Presence.PREPARED
    assert watch(host.run(run_request)).outcome.exit_code == 0
    assert (tmp_path / "starts").read_text() == "started\n"


def test_without_bash_the_account_s_shell_runs_the_command(guest_kind: str, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for folder in (Path("/bin"), Path("/usr/bin")):
        for tool in folder.iterdir():
            if tool.name not in ("bash", "rbash") and not (tools / tool.name).exists():
                (tools / tool.name).symlink_to(tool)
    server = Sshd(environment={"PATH": str(tools)}).start()
    program, *applet = guest_kind.split()
    remote = connect_by(server, " ".join([str(shutil.which(program)), *applet]))
    try:
        seen = watch(remote.run(request("echo ${BASH_VERSION:-none}; false; echo on")))
        assert seen.outcome.exit_code == 1
        assert b"on" not in seen.log.replace(b"none", b"")
    finally:
        remote.close()
        server.remove()


def test_an_acknowledged_attempt_leaves_no_folder(host: Remote, sshd: Sshd) -> None:
    run_request = request("echo kept nowhere")
    watch(host.run(run_request))
    host.acknowledge(ref(run_request))
    host.acknowledge(ref(run_request))
    assert not (sshd.attempts / run_request.token).exists()
    assert presence(host, run_request) is Presence.FINISHED
    late = watch(host.follow(ref(run_request))).outcome
    assert (late.ending, late.exit_code) == (Ending.FINISHED, 0)
    assert late.flags == {"acknowledged"}


def test_what_still_runs_is_not_cleared_away(host: Remote, tmp_path: Path) -> None:
    run_request = request(f"until [ -e {tmp_path}/go-on ]; do sleep 0.05; done")
    launch(host, run_request)
    with pytest.raises(RunnerRefused, match="still runs"):
        host.acknowledge(ref(run_request))
    (tmp_path / "go-on").touch()
    assert watch(host.follow(ref(run_request))).outcome.exit_code == 0


def test_many_are_cleared_away_at_once_but_for_what_still_runs(
    host: Remote, sshd: Sshd, tmp_path: Path
) -> None:
    over = [request("echo over") for _ in range(3)]
    for run_request in over:
        watch(host.run(run_request))
    busy = request(waiting(tmp_path / "go-on"))
    launch(host, busy)
    with pytest.raises(RunnerRefused, match="still runs"):
        host.acknowledge(*map(ref, [over[0], busy, *over[1:]]))
    left = {
        run_request.token: (sshd.attempts / run_request.token).exists()
        for run_request in [*over, busy]
    }
    assert left == {
        **dict.fromkeys([run_request.token for run_request in over], False),
        busy.token: True,
    }
    assert {presence(host, run_request) for run_request in over} == {Presence.FINISHED}
    (tmp_path / "go-on").touch()
    assert watch(host.follow(ref(busy))).outcome.exit_code == 0


def test_a_token_nobody_used_is_absent(host: Remote) -> None:
    unknown = RunRef(str(uuid.uuid4()))
    assert read_attempt_folder(host, unknown).presence is Presence.ABSENT
    assert watch(host.follow(unknown)).outcome.ending is Ending.LOST


def test_a_veto_makes_a_start_impossible(host: Remote, tmp_path: Path) -> None:
    run_request = request(f"echo started >> {tmp_path}/starts")
    assert host.veto(ref(run_request))
    assert host.veto(ref(run_request))
    assert watch(host.run(run_request)).outcome.ending is Ending.NEVER_STARTED
    assert not (tmp_path / "starts").exists()
    assert presence(host, run_request) == Presence.FINISHED


def test_a_veto_is_lost_against_a_command_that_started(host: Remote, tmp_path: Path) -> None:
    run_request = request(f"until [ -e {tmp_path}/go-on ]; do sleep 0.05; done")
    events = host.run(run_request)
    next(iter(events))
    until(lambda: presence(host, run_request) == Presence.RUNNING)
    assert not host.veto(ref(run_request))
    (tmp_path / "go-on").touch()
    assert watch(events).outcome.exit_code == 0
    assert not host.veto(ref(run_request))


def test_a_short_question_is_answered(plain_host: Remote) -> None:
    answer = plain_host.ask(["sh", "-c", 'cat; echo "$1" >&2; exit 4', "sh", "a 'b'"], b"in")
    assert (answer.exit_code, answer.output, answer.errors) == (4, b"in", b"a 'b'\n")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"environment": {"A-B": "1"}}, "A-B"),
        ({"environment": {"A": "a\0b"}}, "NUL"),
        ({"secrets": {"1A": "x"}}, "1A"),
        ({"cwd": "a\0"}, "NUL"),
        ({"user": "-u root"}, "user name"),
    ],
)
def test_what_no_shell_can_carry_is_refused_before_anything_is_sent(
    plain_host: Remote, changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(RequestRefused, match=sentence):
        launch(plain_host, request("true", **changes))
    with pytest.raises(RequestRefused, match="UUID"):
        plain_host.veto(RunRef("../../etc"))


def test_the_checksum_is_the_one_cksum_prints() -> None:
    assert commands.size_and_crc(b"") == ("0", "4294967295")
    assert commands.size_and_crc(b"a") == ("1", "1220704766")
    assert commands.size_and_crc(b"x" * 300) == ("300", "3786917833")
