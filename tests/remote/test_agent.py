"""The agent and its language: which Pythons it runs on, what it refuses, what replaces it."""

from __future__ import annotations

import ast
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollback_console.remote import session
from rollback_console.remote.agent import host
from rollback_console.remote.agent.frames import AgentFrame, BadFrame, FrameReader, encode
from rollback_console.remote.agent.host import AgentHost
from rollback_console.remote.agent.text import agent_file
from rollback_console.remote.errors import RunnerRefused
from rollback_console.remote.protocol import RunnerKind
from rollback_console.remote.runner.commands import AgentFile
from rollback_console.remote.ssh import connect
from tests import tally
from tests.toolbox.waiting import until

from .attempts import Folder, read_until, ref, request, waiting, watch
from .conftest import PYTHON, connect_by, connected, find_python
from .sshd import Sshd
from .test_crossing import agents

VERSIONS = [f"3.{minor}" for minor in range(6, 14)]


def test_the_agent_s_text_is_python_3_6() -> None:
    text = agent_file().text.decode("ascii")
    ast.parse(text, feature_version=(3, 6))
    assert "import typing" not in text


@pytest.mark.parametrize("version", VERSIONS)
def test_the_agent_runs_on_every_python_from_3_6_on(sshd: Sshd, version: str) -> None:
    if not (python := find_python(version)):
        pytest.skip(f"this machine has no Python {version}")
    with connected(sshd, python) as remote:
        run_request = request("echo out; head -c 100000 /dev/zero; exit 3", cap=512)
        seen = watch(remote.run(run_request))
        assert seen.log.startswith(b"out\n")
        assert seen.outcome.exit_code == 3
        assert seen.outcome.flags == {"truncated"}
        busy = request("echo up; sleep 300")
        read_until(remote.run(busy), b"up\n")
        assert remote.stop(ref(busy), grace=1).exit_code == 143
        remote.acknowledge(ref(run_request), ref(busy))
        assert not (sshd.attempts / run_request.token).exists()


def test_a_host_keeps_the_agent_s_file_by_its_hash(sshd: Sshd) -> None:
    with connected(sshd, PYTHON) as remote:
        watch(remote.run(request("true")))
    path = sshd.attempts / "bin" / f"{agent_file().name}.py"
    assert path.read_bytes() == agent_file().text
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.stat().st_mtime_ns
    with connected(sshd, PYTHON) as remote:
        watch(remote.run(request("true")))
    assert path.stat().st_mtime_ns == before


def test_a_file_of_the_agent_that_was_cut_is_sent_again(server: Sshd) -> None:
    with connected(server, PYTHON) as remote:
        watch(remote.run(request("true")))
    path = server.attempts / "bin" / f"{agent_file().name}.py"
    path.write_bytes(agent_file().text[:100])
    with connected(server, PYTHON) as remote:
        assert watch(remote.run(request("echo again"))).log == b"again\n"
    assert path.read_bytes() == agent_file().text


def test_an_idle_agent_costs_little(server: Sshd) -> None:
    with connected(server, PYTHON) as remote:
        watch(remote.run(request("true")))
        [agent] = agents(server)
        status = Path(f"/proc/{agent}/status").read_text()
        [resident] = [line.split()[1] for line in status.splitlines() if "RssAnon" in line]
        assert int(resident) < 12 * 1024  # KiB
        until(lambda: _wakings(agent) == _wakings(agent))


def test_the_commands_of_a_connection_share_who_looks_after_them(server: Sshd) -> None:
    with connected(server, PYTHON) as remote:
        requests = [request("true") for _ in range(3)]
        for each in requests:
            watch(remote.run(each))
        assert len({Folder(server, each.token).pid("go") for each in requests}) == 1


@pytest.mark.parametrize("role", ["go", "log", "run"])
def test_once_one_of_them_is_killed_the_next_command_gets_others(
    server: Sshd, role: str, go_on: Path
) -> None:
    with connected(server, PYTHON) as remote:
        held = request(f"echo up; {waiting(go_on)}")
        read_until(remote.run(held), b"up\n")
        folder = Folder(server, held.token)
        [writer] = folder.writers()
        tally.kill({"go": folder.pid("go"), "log": writer, "run": folder.leader()}[role])
        assert watch(remote.run(request("echo next"))).log in (b"next\n", b"")
        again = request("echo again; exit 3")
        assert watch(remote.run(again)).outcome.exit_code == 3
        assert Folder(server, again.token).pid("go") != folder.pid("go")


@pytest.mark.parametrize("size", [65_000, 65_536, 66_000, 1_500_000])
def test_a_text_longer_than_a_pipe_arrives_whole(server: Sshd, size: int) -> None:
    with connected(server, PYTHON) as remote:
        run_request = request(f"text='{'x' * size}'; echo ${{#text}}; exit 3")
        seen = watch(remote.run(run_request))
        assert (seen.log, seen.outcome.exit_code) == (f"{size}\n".encode(), 3)


def _wakings(pid: int) -> str:
    """How often it was given the processor: an idle one waits for the console alone."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line for line in lines if line.startswith("voluntary_ctxt_switches"))


def test_secrets_are_in_no_file_and_no_arguments_of_the_agent(server: Sshd) -> None:
    with connected(server, PYTHON) as remote:
        run_request = request(
            'echo "${#WORD}"; sleep 300', secrets={"WORD": "s3cret-w0rd-of-a-step"}
        )
        read_until(remote.run(run_request), b"21\n")
        folder = Folder(server, run_request.token)
        pids = [*agents(server), folder.pid("go"), *folder.writers(), folder.leader()]
        assert len(set(pids)) == 4
        for pid in pids:
            for name in ("cmdline", "environ"):
                assert b"s3cret" not in Path(f"/proc/{pid}/{name}").read_bytes()
            assert not _holds(pid, b"s3cret-w0rd-of-a-step")
        remote.stop(ref(run_request), grace=1)


def _holds(pid: int, needle: bytes) -> bool:
    """Whether a process has this in its memory."""
    with (
        Path(f"/proc/{pid}/maps").open() as lines,
        Path(f"/proc/{pid}/mem").open("rb", 0) as memory,
    ):
        for line in lines:
            where, rights, *_ = line.split()
            if "rw" not in rights:
                continue
            start, end = (int(word, 16) for word in where.split("-"))
            memory.seek(start)
            if needle in memory.read(end - start):
                return True
    return False


def test_the_first_output_after_silence_is_sent_without_a_pause(
    server: Sshd, go_on: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pause is an hour here, so output that waited for one would never come."""
    monkeypatch.setattr(session, "agent_file", slow_agent)
    monkeypatch.setattr(host, "agent_file", slow_agent)
    with connected(server, PYTHON) as remote:
        events = remote.run(request(f"echo one; {waiting(go_on)}; echo two"))
        read_until(events, b"one\n")
        go_on.touch()
        assert watch(events, len("one\n")).log == b"two\n"


def slow_agent(python: str) -> AgentFile:
    """The agent, pausing for an hour after each small piece of a log."""
    file = agent_file(python)
    text = file.text.replace(b"PACE = 0.005", b"PACE = 3600.0")
    assert text != file.text
    return AgentFile(f"{file.name}_slow", text, python)


# What is no agent of ours

MARK = 'echo "@rollback log $7"'
OTHER = "".join(f"\\{byte:03o}" for byte in encode({"call": 0, "hello": 99}))
SHIMS = {
    "ends at once": "exit 3",
    "cannot start": "echo 'Fatal Python error: no module' >&2; exit 1",
    "speaks nonsense": f"{MARK}; head -c 4000 /dev/zero | tr '\\0' x; cat >/dev/null",
    "sends too large a frame": f"{MARK}; printf '\\377\\377\\377\\377aaaa'; cat >/dev/null",
    "says nothing": "cat >/dev/null",
    "is of another version": f"{MARK}; printf '{OTHER}'; cat >/dev/null",
}

TROUBLES = {
    "ends at once": "ended: without a word",
    "cannot start": "ended: Fatal Python error: no module",
    "speaks nonsense": "cannot be understood: it sent a frame that is too large",
    "sends too large a frame": "cannot be understood: it sent a frame that is too large",
    "says nothing": "did not greet within 2 seconds",
    "is of another version": "is of another version",
}


@contextmanager
def shimmed(server: Sshd, folder: Path, text: str) -> Iterator[AgentHost]:
    """A connection to a host whose Python runs this instead of the agent."""
    shim = folder / "python"
    shim.write_text(f'#!/bin/sh\ncase $# in 5) exec {PYTHON} "$@" ;; esac\n{text}\n')
    shim.chmod(0o755)
    remote = connect(server.address(), python=str(shim))
    assert isinstance(remote, AgentHost)
    yield remote
    remote.close()


@pytest.mark.parametrize("shim", TROUBLES)
def test_an_agent_that_misbehaves_is_replaced_and_that_is_said(
    server: Sshd,
    tmp_path: Path,
    shim: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rollback_console.remote.agent.host.GREETING", 2.0)
    with shimmed(server, tmp_path, SHIMS[shim]) as remote:
        run_request = request(f"echo started >> {tmp_path}/starts; echo once")
        assert watch(remote.run(run_request)).log == b"once\n"
        assert remote.trouble.startswith(TROUBLES[shim])
        assert "The shell runner takes its place" in caplog.text
        assert watch(remote.run(request("echo more"))).log == b"more\n"
    assert (tmp_path / "starts").read_text() == "started\n"


def test_where_python_is_insisted_on_nothing_starts_without_it(
    server: Sshd, tmp_path: Path
) -> None:
    remote = connect(server.address(runner=RunnerKind.PYTHON), python="/nowhere/python3")
    run_request = request(f"echo started >> {tmp_path}/starts")
    with pytest.raises(RunnerRefused, match="set the host's runner to auto"):
        next(iter(remote.run(run_request)))
    assert remote.veto(ref(run_request))
    remote.close()
    assert not (tmp_path / "starts").exists()


def test_without_python_the_shell_runner_is_used_and_nothing_is_wrong(server: Sshd) -> None:
    remote = connect(server.address(), python="/nowhere/python3")
    assert isinstance(remote, AgentHost)
    assert watch(remote.run(request("echo hello"))).log == b"hello\n"
    assert remote.trouble == ""
    remote.close()


def test_what_a_host_s_record_forces_is_used(server: Sshd) -> None:
    with connected(server, "dash") as remote:
        watch(remote.run(request("true")))
        assert agents(server) == []
    with connected(server, PYTHON) as remote:
        watch(remote.run(request("true")))
        assert len(agents(server)) == 1
    until(lambda: not agents(server))


# Frames


def test_a_frame_that_asks_for_what_no_attempt_is_ends_the_agent(server: Sshd) -> None:
    remote = connect_by(server, PYTHON)
    assert isinstance(remote, AgentHost)
    watch(remote.run(request("true")))
    link = remote._link
    assert link is not None
    link.start_call("veto", token="../../etc/passwd-that-is-36-characters", boot="")
    until(lambda: not agents(server))
    assert watch(remote.run(request("echo on"))).log == b"on\n"
    assert remote.trouble
    remote.close()


@given(
    st.lists(st.tuples(st.integers(0, 99), st.binary(max_size=300)), max_size=5),
    st.lists(st.integers(0, 3000), max_size=6),
)
def test_frames_are_read_however_they_arrive(
    frames: list[tuple[int, bytes]], cuts: list[int]
) -> None:
    sent = b"".join(encode({"call": call, "log": 0}, body) for call, body in frames)
    places = sorted(cut % (len(sent) + 1) for cut in cuts)
    reader = FrameReader()
    pieces = [sent[a:b] for a, b in pairwise([0, *places, len(sent)])]
    read = [frame for piece in pieces for frame in reader.feed(piece)]
    assert read == [AgentFrame(call, {"call": call, "log": 0}, body) for call, body in frames]


@pytest.mark.parametrize(
    "data",
    [
        struct.pack(">II", 2**20, 0),
        struct.pack(">II", 2, 2**24) + b"{}",
        struct.pack(">II", 2, 0) + b"{}",
        struct.pack(">II", 2, 0) + b"[]",
        struct.pack(">II", 2, 0) + b"\xff\xff",
        struct.pack(">II", 12, 0) + b'{"call": ""}',
    ],
)
def test_what_is_no_frame_is_not_taken_for_one(data: bytes) -> None:
    with pytest.raises(BadFrame):
        list(FrameReader().feed(data))
