"""Follows a rollback over the REST API until it ends, through every loss of connection."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from rollback_console.engine.states import ENDED, TERMINAL

from .client import Client, OutOfReach
from .format import event_line, log_line

EVERY = 1.0
LONGEST = 15.0
RECENT = 16 * 1024


@dataclass
class FollowedLog:
    """One run's log: how many raw bytes were read, and the line that has not ended."""

    offset: int
    line: bytes = b""
    trimmed: bool = False


@dataclass
class Watch:
    """`say` gets each line. `whole`: every log from its first byte, not only what is new."""

    client: Client
    number: int
    say: Callable[[str], None]
    whole: bool = False
    pause: Callable[[float], object] = time.sleep
    seq: int = 0
    logs: dict[str, FollowedLog] = field(default_factory=dict)
    _lost: bool = False

    def follow(self) -> str:
        """The state it ended in. Raises ApiProblem on a refusal; silence is waited out."""
        wait = EVERY
        while True:
            try:
                state = self._turn()
                self._found_again()
                wait = EVERY
                if state in TERMINAL:
                    return state
            except OutOfReach as error:
                wait = min(wait * 2, LONGEST)
                self._complain(str(error))
            self.pause(wait)

    def _turn(self) -> str:
        """Read the state first: what is read after it cannot lack anything that led to it."""
        rollback = self.client.get(f"/rollbacks/{self.number}")
        if self.seq == 0 and not self.logs:
            self._begin(rollback)
        self._events()
        for run in rollback["runs"]:
            self._log(run)
        return str(rollback["state"])

    def _begin(self, rollback: dict[str, Any]) -> None:
        self.say(f"Rollback {self.number}: {rollback['title']} ({rollback['environment']})")
        for run in rollback["runs"]:
            stored = int(run["log_bytes"])
            if not self.whole and run["state"] in ENDED:
                self.logs[run["token"]] = FollowedLog(stored)
            elif not self.whole and stored > RECENT:
                self.logs[run["token"]] = FollowedLog(stored - RECENT, trimmed=True)

    def _events(self) -> None:
        more = True
        while more:
            page = self.client.get(f"/rollbacks/{self.number}/events", after=self.seq, limit=500)
            for event in page["items"]:
                self.seq = int(event["seq"])
                self.say(event_line(event))
            more = page["next"] is not None

    def _log(self, run: dict[str, Any]) -> None:
        log = self.logs.setdefault(run["token"], FollowedLog(0))
        if log.offset < run["log_bytes"]:
            path = f"/step-runs/{run['token']}/log"
            for piece in self.client.pieces(path, **{"from": log.offset}):
                log.offset += len(piece)
                self._lines(run, log, piece)
        if run["state"] in ENDED and log.line:
            self._say_line(run, log.line)
            log.line = b""

    def _lines(self, run: dict[str, Any], log: FollowedLog, piece: bytes) -> None:
        *lines, log.line = (log.line + piece).split(b"\n")
        if log.trimmed and lines:
            lines, log.trimmed = lines[1:], False
        for line in lines:
            self._say_line(run, line)

    def _say_line(self, run: dict[str, Any], line: bytes) -> None:
        self.say(log_line(run["number"], run["host"], line.decode(errors="replace")))

    def _complain(self, sentence: str) -> None:
        if not self._lost:
            self.say(f"{sentence} Trying again; the rollback does not need this terminal.")
        self._lost = True

    def _found_again(self) -> None:
        if self._lost:
            self.say("The console answers again.")
        self._lost = False
