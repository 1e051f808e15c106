"""The agent and the shell runner keep one protocol: each goes on with what the other started."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rollback_console.remote.agent.host import AgentHost
from rollback_console.remote.errors import HostUnreachable, RunnerRefused
from rollback_console.remote.protocol import Ending, Outcome, Remote, RunRequest
from tests import tally
from tests.toolbox.waiting import until

from .attempts import Folder, launch, living, read_until, ref, request, waiting, watch
from .conftest import PYTHON, connect_by, connected
from .sshd import Sshd

PAIRS = [("agent", "shell"), ("shell", "agent"), ("agent", "agent")]
BEFORE = len("before\n")


@pytest.fixture(scope="module")
def carriers(sshd: Sshd) -> Iterator[dict[str, Remote]]:
    """One connection of each kind; the agent of one runs already."""
    with connected(sshd, PYTHON) as agent, connected(sshd, "dash") as shell:
        watch(agent.run(request("true")))
        yield {"agent": agent, "shell": shell}


@pytest.fixture(params=PAIRS, ids="-then-".join)
def pair(request: pytest.FixtureRequest, carriers: dict[str, Remote]) -> tuple[Remote, Remote]:
    """Who starts an attempt, and who goes on with it."""
    return carriers[request.param[0]], carriers[request.param[1]]


@pytest.fixture
def held(go_on: Path) -> RunRequest:
    """A command that waits, and then says one thing more."""
    return request(f"echo before; {waiting(go_on)}; echo after; exit 7")


def test_what_one_started_the_other_follows(
    pair: tuple[Remote, Remote], held: RunRequest, go_on: Path
) -> None:
    starter, other = pair
    launch(starter, held)
    events = other.follow(ref(held))
    read_until(events, b"before\n")
    go_on.touch()
    seen = watch(events, BEFORE)
    assert (seen.log, seen.outcome.exit_code, seen.outcome.bytes) == (b"after\n", 7, 13)
    assert watch(starter.follow(ref(held))).outcome == seen.outcome


def test_what_one_started_the_other_never_starts_again(
    pair: tuple[Remote, Remote], tmp_path: Path
) -> None:
    starter, other = pair
    run_request = request(f"echo started >> {tmp_path}/starts; echo once")
    watch(starter.run(run_request))
    again = watch(other.run(run_request))
    assert again.started is not None
    assert again.started.already
    assert again.log == b"once\n"
    other.acknowledge(ref(run_request))
    assert launch(starter, run_request).already
    assert watch(starter.follow(ref(run_request))).outcome.flags == {"acknowledged"}
    assert (tmp_path / "starts").read_text() == "started\n"


def test_what_one_started_the_other_aborts_with_proof(
    pair: tuple[Remote, Remote], held: RunRequest
) -> None:
    starter, other = pair
    events = starter.run(held)
    read_until(events, b"before\n")
    outcome = other.stop(ref(held), grace=1)
    assert (outcome.ending, outcome.survivors) == (Ending.ABORTED, ())
    assert watch(events, BEFORE).outcome.ending is Ending.ABORTED


def test_a_veto_of_one_is_known_to_the_other(pair: tuple[Remote, Remote], tmp_path: Path) -> None:
    starter, other = pair
    run_request = request(f"echo started >> {tmp_path}/starts")
    assert other.veto(ref(run_request))
    assert starter.veto(ref(run_request))
    assert watch(starter.run(run_request)).outcome.ending is Ending.NEVER_STARTED
    assert not (tmp_path / "starts").exists()


def test_a_veto_of_one_is_lost_against_what_the_other_runs(
    pair: tuple[Remote, Remote], held: RunRequest
) -> None:
    starter, other = pair
    read_until(starter.run(held), b"before\n")
    assert not other.veto(ref(held))
    with pytest.raises(RunnerRefused, match="still runs"):
        other.acknowledge(ref(held))


@dataclass(frozen=True)
class Kill:
    """What is killed of an attempt, and how it ends then."""

    names: tuple[str, ...]
    ending: Ending
    exit_code: int | None
    flags: frozenset[str]


KILLS = [
    Kill(("go",), Ending.FINISHED, 7, frozenset({"orphan"})),
    Kill(("log",), Ending.FINISHED, 7, frozenset({"pump_died"})),
    Kill(("log", "go"), Ending.FINISHED, 7, frozenset({"orphan", "pump_died"})),
    Kill(("run",), Ending.LOST, None, frozenset()),
    Kill(("go", "run"), Ending.LOST, None, frozenset({"orphan"})),
]


@pytest.mark.parametrize("kill", KILLS, ids=lambda kill: "+".join(kill.names))
def test_after_every_kill_the_other_comes_to_the_same_end(
    pair: tuple[Remote, Remote], sshd: Sshd, held: RunRequest, go_on: Path, kill: Kill
) -> None:
    starter, other = pair
    events = starter.run(held)
    read_until(events, b"before\n")
    for name in kill.names:
        _kill(Folder(sshd, held.token), name)
    go_on.touch()
    followed = watch(other.follow(ref(held), BEFORE), BEFORE)
    outcome = followed.outcome
    assert (outcome.ending, outcome.exit_code) == (kill.ending, kill.exit_code)
    assert outcome.flags - {"pipe_held"} == kill.flags
    assert watch(events, BEFORE).outcome == outcome
    if kill.ending is Ending.FINISHED:
        assert followed.log in (b"after\n", b"")


def _kill(folder: Folder, name: str) -> None:
    if name != "log":
        folder.kill(name)
        return
    [writer] = folder.writers()
    tally.kill(writer)
    until(lambda: writer not in folder.writers())


# The agent itself is killed, stopped or cut off


def agents(server: Sshd) -> list[int]:
    """The agents of this host's connections; their supervisors have nothing on stdin."""
    mark = str(server.attempts).encode()
    pids = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
            stdin = path.with_name("fd").joinpath("0").readlink()
        except OSError:
            continue
        if b"rollback_agent" in line and mark in line and stdin != Path("/dev/null"):
            pids.append(int(path.parent.name))
    return pids


@pytest.fixture
def alone(server: Sshd) -> Iterator[AgentHost]:
    """The one connection to its host."""
    remote = connect_by(server, PYTHON)
    assert isinstance(remote, AgentHost)
    yield remote
    remote.close()


def test_a_killed_agent_is_replaced_by_the_shell_runner_and_the_command_goes_on(
    alone: AgentHost, server: Sshd, held: RunRequest, go_on: Path
) -> None:
    events = alone.run(held)
    read_until(events, b"before\n")
    tally.kill(*agents(server))
    until(lambda: not agents(server))
    go_on.touch()
    rest = watch(events, BEFORE)
    assert (rest.log, rest.outcome.exit_code, rest.outcome.flags) == (b"after\n", 7, frozenset())
    assert alone.trouble.startswith("ended")
    assert watch(alone.follow(ref(held))).outcome == rest.outcome


def test_a_stopped_agent_is_noticed_and_starts_nothing_twice(
    alone: AgentHost, server: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rollback_console.remote.agent.link.ASK_AFTER", 0.1)
    monkeypatch.setattr("rollback_console.remote.agent.link.LOST_AFTER", 0.3)
    watch(alone.run(request("true")))
    [agent] = agents(server)
    os.kill(agent, signal.SIGSTOP)
    run_request = request(f"echo started >> {tmp_path}/starts; echo once")
    seen = watch(alone.run(run_request))
    assert (seen.log, seen.outcome.exit_code) == (b"once\n", 0)
    assert "said nothing" in alone.trouble
    os.kill(agent, signal.SIGCONT)  # now it reads what it was asked for
    until(lambda: not agents(server))
    assert watch(alone.follow(ref(run_request))).outcome == seen.outcome
    assert (tmp_path / "starts").read_text() == "started\n"


def test_an_agent_ends_with_its_connection_and_its_attempts_do_not(
    alone: AgentHost, server: Sshd, held: RunRequest, go_on: Path
) -> None:
    events = alone.run(held)
    read_until(events, b"before\n")
    alone.close()
    with pytest.raises(HostUnreachable):
        watch(events, BEFORE)
    until(lambda: not agents(server))
    go_on.touch()
    with connected(server, "dash") as other:
        seen = watch(other.follow(ref(held)))
    assert (seen.log, seen.outcome.exit_code) == (b"before\nafter\n", 7)


def test_many_attempts_share_one_agent_and_none_waits_for_another(
    alone: AgentHost, server: Sshd, go_on: Path
) -> None:
    slow = request(waiting(go_on))
    flood = request("head -c 5000000 /dev/zero; exit 3")
    first, second = alone.run(slow), alone.run(flood)
    next(iter(first))
    next(iter(second))  # and nobody reads on: its log waits on the host
    assert watch(alone.run(request("echo quick"))).log == b"quick\n"
    assert alone.stop(ref(slow), grace=1).ending is Ending.ABORTED
    assert len(agents(server)) == 1
    assert watch(second).outcome.bytes == 5_000_000
    assert watch(first).outcome.ending is Ending.ABORTED


# Any order of what can happen


class Play:
    """One attempt to which things happen; `kind` starts it, `other` meddles."""

    def __init__(self, server: Sshd, kind: str, other: str, go_on: Path) -> None:
        self.server, self.kind = server, kind
        self.run_request = request(f"echo before; {waiting(go_on)}; echo after; exit 7")
        self.folder = Folder(server, self.run_request.token)
        self.remote, self.other = connect_by(server, kind), connect_by(server, other)
        for remote in (self.remote, self.other):  # so that each Python has its agent
            watch(remote.run(request("true")))
        read_until(self.remote.run(self.run_request), b"before\n")

    def kill_agent(self) -> None:
        for pid in agents(self.server):
            with suppress(ProcessLookupError):  # it was just about to end
                os.kill(pid, signal.SIGKILL)

    def kill_supervisor(self) -> None:
        self._kill("go")

    def kill_command(self) -> None:
        self._kill("run")

    def _kill(self, name: str) -> None:
        if self.folder.path.exists() and living(self.folder.pid(name)):
            self.folder.kill(name)

    def cut(self) -> None:
        self.remote.close()
        self.remote = connect_by(self.server, self.kind)

    def follow(self) -> None:
        if self.folder.path.exists():
            read_until(self.other.follow(ref(self.run_request)), b"before\n")

    def stop(self) -> None:
        self.other.stop(ref(self.run_request), grace=1)

    def acknowledge(self) -> None:
        try:
            self.other.acknowledge(ref(self.run_request))
        except RunnerRefused as refusal:
            assert refusal.code == "running"

    def end(self) -> Outcome:
        """What both kinds say when all is over, which must be one thing."""
        [outcome] = {watch(each.follow(ref(self.run_request))).outcome for each in self.remotes}
        for each in self.remotes:
            each.close()
        return outcome

    @property
    def remotes(self) -> tuple[Remote, Remote]:
        return self.remote, self.other


STEPS = [
    Play.kill_agent,
    Play.kill_supervisor,
    Play.kill_command,
    Play.cut,
    Play.follow,
    Play.stop,
    Play.acknowledge,
]


@settings(max_examples=40 if os.environ.get("EXPLORE") else 2, deadline=None)
@given(st.lists(st.sampled_from(STEPS), max_size=5))
@example([Play.kill_agent, Play.follow, Play.acknowledge, Play.cut])
@example([Play.kill_supervisor, Play.kill_agent, Play.stop])
@example([Play.kill_command, Play.cut, Play.stop, Play.acknowledge, Play.follow])
def test_whatever_happens_both_kinds_leave_the_same_evidence(
    sshd: Sshd, steps: list[Callable[[Play], None]]
) -> None:
    ends = set()
    with TemporaryDirectory() as folder:
        for kind, other in ((PYTHON, "dash"), ("dash", PYTHON)):
            go_on = Path(folder, f"go-on-{Path(kind).name}")
            play = Play(sshd, kind, other, go_on)
            for step in steps:
                step(play)
            go_on.touch()
            # How far bash comes with a word about its own end is nobody's evidence.
            ends.add(replace(play.end(), bytes=0))
    assert len(ends) == 1, ends
