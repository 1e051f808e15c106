"""A `Remote` that is carried by the agent where the host has Python, else by the shell runner.

Both keep one protocol on the host, so that either may follow what the other started. An agent
that fails is not tried again on the same connection: the shell runner goes on where it stopped.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

from rollback_console.remote import wire
from rollback_console.remote.errors import AnswerLate, RunnerRefused
from rollback_console.remote.runner import commands

from ..protocol import Answer, Chunk, Outcome, RunnerKind, RunRef, RunRequest, Started
from ..session import PATIENCE, Carrier, DurableHost
from .frames import PAYLOAD_CAP, AgentFrame
from .link import WINDOW, AgentCall, AgentLink, AgentLost
from .text import agent_file

log = logging.getLogger(__name__)

GREETING = 20.0  # seconds for Python to start on a busy host


class AgentHost:
    """See `protocol.Remote` for each method's promise. `kind` is what the host's record says.

    The agent is started with the first attempt; what needs none before that is the shell
    runner's. `trouble` says why the agent is not used any more on this connection.
    """

    def __init__(
        self, name: str, carrier: Carrier, shell: DurableHost, kind: RunnerKind = RunnerKind.AUTO
    ) -> None:
        self._name, self._carrier, self._shell, self._kind = name, carrier, shell, kind
        self._link: AgentLink | None = None
        self._starting = threading.Lock()
        self.trouble, self._told = "", True

    def run(self, request: RunRequest, offset: int = 0) -> Iterator[Started | Chunk | Outcome]:
        payload = commands.payload(request)
        facts = commands.launch_facts(request, payload)
        link = self._agent(to_start=True) if len(payload) <= PAYLOAD_CAP else None
        if link is None:
            return self._run_by_shell(request, offset)
        return self._run(link, request, {**facts, "offset": offset}, payload)

    def follow(self, ref: RunRef, offset: int = 0) -> Iterator[Chunk | Outcome]:
        facts = {**commands.ref_facts(ref), "offset": offset}
        link = self._agent()
        return self._shell.follow(ref, offset) if link is None else self._follow(link, ref, facts)

    def veto(self, ref: RunRef) -> bool:
        answer = self._ask_agent("veto", PATIENCE, **commands.ref_facts(ref))
        return self._shell.veto(ref) if answer is None else answer["veto"] is True

    def stop(self, ref: RunRef, grace: int = 10) -> Outcome:
        facts = {**commands.ref_facts(ref), "grace": max(0, grace)}
        answer = self._ask_agent("stop", PATIENCE + 3 * grace, **facts)
        return self._shell.stop(ref, grace) if answer is None else _outcome(answer, 0)

    def acknowledge(self, *refs: RunRef) -> None:
        facts = [commands.ref_facts(ref) for ref in refs]
        attempts = [(each["token"], each["boot"]) for each in facts]
        if self._ask_agent("acknowledge", PATIENCE, attempts=attempts) is None:
            self._shell.acknowledge(*refs)

    def ask(self, argv: list[str], stdin: bytes = b"", timeout: float = 20) -> Answer:
        return self._shell.ask(argv, stdin, timeout)

    def close(self) -> None:
        if self._link is not None:
            self._link.close()
        self._shell.close()

    def alive(self) -> bool:
        return self._shell.alive()

    def release(self) -> AgentHost:
        with self._starting:
            link, self._link = self._link, None
        given_on = AgentHost(self._name, self._carrier, self._shell.release(), self._kind)
        given_on.trouble, given_on._told = self.trouble, self._told
        if link is not None and link.is_idle and link.is_usable:
            given_on._link = link
        elif link is not None:
            link.close()
        return given_on

    # The agent, as far as there is one

    def _agent(self, *, to_start: bool = False) -> AgentLink | None:
        """The agent of this connection; None where the shell runner is to be used.

        Raises RunnerRefused when something is `to_start` and the host's record insists on Python.
        """
        with self._starting:
            if self._kind is not RunnerKind.SHELL and not self.trouble:
                self._ensure_agent()
        if to_start and self._link is None and self._kind is RunnerKind.PYTHON:
            raise RunnerRefused(self._name, "python", self.trouble or "has no python3")
        return self._link

    def _ensure_agent(self) -> None:
        if self._link is not None and self._link.is_usable:
            return
        self._link = None
        try:
            self._link = self._start_agent()
        except AgentLost as lost:
            self._note(lost)

    def _start_agent(self) -> AgentLink | None:
        runner = self._shell.runner()
        if runner.python == "none":
            return None
        file, mark = agent_file(self._shell.python), str(uuid.uuid4())
        text = b"" if runner.python == "ready" else file.text
        argv = commands.agent(runner, file, text, mark)
        session = self._carrier.open(commands.quoted(argv))
        try:
            session.send(text)
            return AgentLink(self._name, session, mark, GREETING)
        except BaseException:
            session.close()
            raise

    def _give_up(self, link: AgentLink, lost: AgentLost) -> None:
        link.abandon(lost)
        with self._starting:
            if self._link is link:
                self._link = None
                self._note(lost)

    def _note(self, lost: AgentLost) -> None:
        self.trouble, self._told = str(lost), False
        log.warning(
            "The Python runner of %s %s. The shell runner takes its place on this connection.",
            self._name,
            lost,
        )

    def _ask_agent(self, verb: str, seconds: float, **facts: Any) -> dict[str, Any] | None:
        """The agent's one answer; None where there is no agent, or none any more."""
        link = self._link
        if link is None or not link.is_usable:
            return None
        try:
            with closing(link.start_call(verb, **facts)) as call:
                return self._answer(call, seconds)
        except AgentLost as lost:
            self._give_up(link, lost)
            return None

    def _answer(self, call: AgentCall, seconds: float) -> dict[str, Any]:
        try:
            return _checked(self._name, call.next_frame(seconds))
        except TimeoutError as error:
            raise AnswerLate(self._name, "the Python runner", seconds) from error

    # Attempts

    def _run(
        self, link: AgentLink, request: RunRequest, facts: dict[str, Any], payload: bytes
    ) -> Iterator[Started | Chunk | Outcome]:
        try:
            with closing(link.start_call("run", payload, credit=WINDOW, **facts)) as call:
                yield _started(self._answer(call, PATIENCE))
                yield from self._listen(link, call, RunRef(request.token), facts["offset"])
        except AgentLost as lost:
            self._give_up(link, lost)
            yield from self._run_by_shell(request, facts["offset"])

    def _run_by_shell(
        self, request: RunRequest, offset: int
    ) -> Iterator[Started | Chunk | Outcome]:
        for item in self._shell.run(request, offset):
            yield replace(item, trouble=self._news()) if isinstance(item, Started) else item

    def _news(self) -> str:
        """The trouble with the agent, once."""
        news, self._told = ("" if self._told else self.trouble), True
        return news

    def _follow(
        self, link: AgentLink, ref: RunRef, facts: dict[str, Any]
    ) -> Iterator[Chunk | Outcome]:
        try:
            with closing(link.start_call("follow", credit=WINDOW, **facts)) as call:
                yield from self._listen(link, call, ref, facts["offset"])
        except AgentLost as lost:
            self._give_up(link, lost)
            yield from self._shell.follow(ref, facts["offset"])

    def _listen(
        self, link: AgentLink, call: AgentCall, ref: RunRef, offset: int
    ) -> Iterator[Chunk | Outcome]:
        reached, last = yield from _read_log(self._name, call, offset)
        if isinstance(last, Outcome):
            yield last
            return
        self._give_up(link, last)
        yield from self._shell.follow(ref, reached)


def _read_log(
    host: str, call: AgentCall, offset: int
) -> Generator[Chunk, None, tuple[int, Outcome | AgentLost]]:
    """Yield what comes until the log is complete or the agent lost; the offset, and which."""
    try:
        while True:
            frame = call.next_frame()
            head = _checked(host, frame)
            if "end" in head:
                return offset, _last_word(head, offset)
            if head.get("log") != offset or not frame.body:
                raise AgentLost("left out a part of a log")
            yield Chunk(offset, frame.body)
            offset += len(frame.body)
    except AgentLost as lost:
        return offset, lost


def _last_word(head: dict[str, Any], offset: int) -> Outcome:
    outcome = _outcome(head, offset)
    if "acknowledged" in outcome.flags:
        return outcome  # the log went with the folder
    if offset < outcome.bytes:
        raise AgentLost("ended a log too early")
    return replace(outcome, bytes=offset)


def _outcome(head: dict[str, Any], known: int) -> Outcome:
    try:
        left = wire.survivors(head.get("survivors", "").split())
        return wire.outcome(head["end"].split(), left, known)
    except (ValueError, KeyError, AttributeError) as error:
        raise AgentLost("gave a last word that cannot be read") from error


def _started(head: dict[str, Any]) -> Started:
    how, boot_id = head.get("started"), head.get("boot")
    if how not in ("new", "already") or not isinstance(boot_id, str):
        raise AgentLost("did not say whether it started the command")
    return Started(boot_id, how == "already", RunnerKind.PYTHON)


def _checked(host: str, frame: AgentFrame) -> dict[str, Any]:
    """The frame's head. Raises RunnerRefused and AgentLost where that is what it says."""
    match frame.head:
        case {"refused": [str(code), str(detail)]}:
            raise RunnerRefused(host, code, detail)
        case {"refused": _} | {"broken": _}:
            raise AgentLost("could not do what it was asked for")
    return frame.head
