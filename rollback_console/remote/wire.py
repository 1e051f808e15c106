"""The language of the runner: records, one a line on stderr, and the log, raw on stdout.

Pure. A line of ours starts with `@rollback `; whatever a login shell prints besides is
noise and kept only for an error's sentence. The log starts behind a line of ours too,
because login shells print on stdout as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rollback_console.common.host_numbers import read_number

from .protocol import Ending, Outcome

MARK = b"@rollback "
NOISE_KEPT = 4096

_WHY = {
    "finished": Ending.FINISHED,
    "timed_out": Ending.TIMED_OUT,
    "aborted": Ending.ABORTED,
    "never_started": Ending.NEVER_STARTED,
    "killed": Ending.LOST,
    "rebooted": Ending.LOST,
    "gone": Ending.LOST,
}
_MOST_CODE = 255
_SENTENCE = {
    "finished": "",  # what a known exit code means stands in _EXIT_CODES
    "timed_out": "The time limit passed and the host ended the command.",
    "aborted": "The command was ended as asked; nothing of it is left.",
    "never_started": "The command was never started, and cannot be any more.",
    "killed": "The command's shell was killed before it could report; nobody can tell how "
    "far the command came. Look at the host.",
    "rebooted": "The host was rebooted while the command ran; nobody can tell how far it "
    "came. Look at the host.",
    "gone": "The host no longer has the attempt's folder; nobody can tell how the command "
    "ended. Look at the host.",
}
# What shells and the kernel mean by them, in a sentence that says where to look.
_EXIT_CODES = {
    126: "Exit code 126: the step's folder cannot be entered, or something that it calls may not "
    "be executed; the log says which.",
    127: "Exit code 127: something that the step calls was not found on this host, or not in the "
    "PATH of a connection without a terminal; the log says what. Write its whole path, or login on "
    "the fence of the step.",
    137: "Exit code 137: a command was killed (SIGKILL), often because the host ran out of memory.",
    139: "Exit code 139: a command crashed (SIGSEGV).",
    141: "Exit code 141: a command in a pipe was ended by SIGPIPE, because the one that read from "
    "it stopped early (head, grep -q). Nothing else has to be wrong; but the commands after it did "
    "not run.",
    143: "Exit code 143: a command was ended by SIGTERM from outside the console.",
}


@dataclass(slots=True)
class Records:
    """Cuts what arrives on stderr into records; `noise` is the rest, its last 4 KiB."""

    noise: bytes = b""
    _rest: bytes = field(default=b"", repr=False)

    def feed(self, data: bytes) -> list[list[str]]:
        """The words of each record that is now complete."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._rest = self._rest[-NOISE_KEPT * 4 :]
        return [words for line in lines if (words := self._words(line))]

    def _words(self, line: bytes) -> list[str]:
        _, mark, record = line.partition(MARK)
        if not mark:
            self.noise = (self.noise + line + b"\n")[-NOISE_KEPT:]
        return record.decode("utf-8", "replace").split()


@dataclass(slots=True)
class Preamble:
    """Drops what a login shell prints on stdout before the log begins."""

    token: str
    begun: bool = False
    noise: bytes = b""

    def strip(self, data: bytes) -> bytes:
        """The bytes of `data` that belong to the log."""
        if self.begun:
            return data
        mark = MARK + b"log " + self.token.encode() + b"\n"
        before, begun, log = (self.noise + data).partition(mark)
        self.begun, self.noise = bool(begun), before[-NOISE_KEPT:]
        return log


def outcome(words: list[str], survivors: tuple[str, ...], known: int) -> Outcome:
    """The last word: `CODE WHY BYTES FLAG...`. `known` stands in where bytes are `-`.

    Raises ValueError if it is none.
    """
    code, why, size, *flags = words
    ending = _WHY[why] if why in _WHY else Ending(why)
    if ending is Ending.ABORTED and survivors:
        ending = Ending.ABORT_UNCONFIRMED
    exit_code = None if code == "-" else _number(code, _MOST_CODE)
    explained = _EXIT_CODES.get(exit_code or 0, "") if ending is Ending.FINISHED else ""
    return Outcome(
        ending=ending,
        exit_code=exit_code,
        why=explained or _sentence(why, survivors),
        bytes=known if size == "-" else _number(size),
        flags=frozenset(flags),
        survivors=survivors,
    )


def survivors(words: list[str]) -> tuple[str, ...]:
    """`PID:START:NAME,PID:START:NAME` as `NAME (PID)` each."""
    entries = (entry.split(":", 2) for entry in " ".join(words).split(",") if entry)
    return tuple(f"{name} ({pid})" for pid, _, name in entries)


def _number(word: str, most: int = 10**18) -> int:
    number = read_number(word)
    if number is None or number > most:
        raise ValueError(f"{word[:80]} is no number from 0 to {most}.")
    return number


def _sentence(why: str, left: tuple[str, ...]) -> str:
    if not left:
        return _SENTENCE[why]
    alive = f"The host could not end {', '.join(left)}; end them there."
    return f"{_SENTENCE[why]} {alive}" if why != "aborted" else alive
