"""What is said to a host: argument lists as data, quoted once, where they meet the wire."""

from __future__ import annotations

import re
import shlex
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from itertools import chain

from rollback_console.remote.errors import RequestRefused

from ..protocol import RunRef, RunRequest
from ..shell_text import ACCOUNT_NAME, enter_folder, folder_word

# In this order: a shell reads as it goes, so what must start soonest comes first.
_FIRST = ("lib", "inner", "begin", "evidence", "launch", "follow")
PARTS = (*_FIRST, "watch", "reap", "supervise", "verbs", "hello")
BLOCK = 512  # `ulimit -f` counts in these
_TOKEN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Python holds back what it prints into a pipe until its end, unless it is told not to.
_UNBUFFERED = 'export PYTHONUNBUFFERED="${PYTHONUNBUFFERED-1}"; '
# The files of a login shell, in bash's order (bash manual, "Startup files"), written for a person:
# they may meet unset variables and commands that fail. What they print belongs to no step.
_LOGIN = (
    "set +eu; { [ ! -r /etc/profile ] || . /etc/profile; for ROLLBACK_CONSOLE_FILE in "
    "${BASH_VERSION:+.bash_profile .bash_login} .profile; do "
    '[ ! -r "$HOME/$ROLLBACK_CONSOLE_FILE" ] || { . "$HOME/$ROLLBACK_CONSOLE_FILE"; break; }; '
    "done; } >/dev/null; unset ROLLBACK_CONSOLE_FILE; set -eu; "
)
_LAX = 'set +u; [ -z "${BASH_VERSION-}" ] || set +o pipefail; '
_ESCAPED = [
    bytes([byte]) if 32 <= byte < 127 and byte != 92 else b"\\0%03o" % byte for byte in range(256)
]
_MIRROR = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True, slots=True)
class Runner:
    """Where a host keeps its runner, and what the host can do.

    `shell` is one or two words, `path` absolute, `follows` is `tail` or `poll`. `python` is
    `none`, `bare` where the agent's file is missing, or `ready`.
    """

    shell: str
    path: str
    follows: str
    boot_id: str
    python: str


@dataclass(frozen=True, slots=True)
class AgentFile:
    """The Python agent's file: its name on a host, its text, and the program that runs it."""

    name: str
    text: bytes
    python: str


@cache
def runner_text() -> bytes:
    """The runner as it is left on a host: every part in order, comments included."""
    return b"".join((files(__package__) / f"{part}.sh").read_bytes() for part in PARTS)


@cache
def _bootstrap_line() -> str:
    """Read once, as the runner is: an upgrade's files lie beside this process before it ends."""
    return " ".join((files(__package__) / "bootstrap.sh").read_text().splitlines())


def bootstrap(shell: str, file: AgentFile) -> list[str]:
    """Leave the runner, sent on stdin, unless it is there; then have it say hello."""
    text = runner_text()
    facts = [sha256(text).hexdigest()[:32], *size_and_crc(text), shell]
    facts += [file.name, str(len(file.text)), file.python]
    return ["exec", *shell.split(), "-c", _bootstrap_line(), "rollback", *facts]


def agent(runner: Runner, file: AgentFile, text: bytes, mark: str) -> list[str]:
    """Become the Python agent, whose `text` follows on stdin unless it is empty."""
    return _call(runner, "agent", file.name, *size_and_crc(text), mark, file.python)


def run(runner: Runner, request: RunRequest, payload: bytes, offset: int) -> list[str]:
    facts = map(str, launch_facts(request, payload).values())
    return _call(runner, "run", *facts, str(offset), runner.follows)


def follow(runner: Runner, ref: RunRef, offset: int) -> list[str]:
    return _call(runner, "follow", _token(ref.token), str(offset), runner.follows, ref.boot_id)


def veto(runner: Runner, ref: RunRef) -> list[str]:
    return _call(runner, "veto", *ref_facts(ref).values())


def stop(runner: Runner, ref: RunRef, grace: int) -> list[str]:
    return _call(runner, "stop", _token(ref.token), str(max(0, grace)), ref.boot_id)


def acknowledge(runner: Runner, refs: Iterable[RunRef]) -> list[str]:
    return _call(runner, "acknowledge", *chain(*(ref_facts(ref).values() for ref in refs)))


def launch_facts(request: RunRequest, payload: bytes) -> dict[str, str | int]:
    """What a host is told of a request beside its payload, in the order of the runner's words.

    Raises RequestRefused for a token or a user that is none.
    """
    return {
        "token": _token(request.token),
        "size": len(payload) - 1,  # without its newline
        "limit": max(1, request.time_limit),
        "grace": max(0, request.grace),
        "cap": max(1, request.cap // BLOCK) * BLOCK,
        "user": _user(request.user),
    }


def ref_facts(ref: RunRef) -> dict[str, str]:
    """An attempt's token and the boot it ran under. Raises RequestRefused for what is no token."""
    return {"token": _token(ref.token), "boot": ref.boot_id}


def payload(request: RunRequest) -> bytes:
    """The text a host evaluates: exports, the folder, then the script as it was written.

    One line of printable ASCII, which `printf %b` turns back (POSIX.1: `\\0ooo` is a byte).
    Raises RequestRefused for a name or a byte that no shell can carry.
    """
    exports = {**request.environment, **request.secrets}
    lines = [f"export {_name(name)}={_quoted(value, name)}; " for name, value in exports.items()]
    script = _without_nul(request.script, "The command")
    before = _UNBUFFERED + (_LOGIN if request.login else "") + "".join(lines)
    after = "" if request.strict else _LAX
    text = (before + _enter(request.cwd) + after + script).encode("utf-8", "surrogateescape")
    return b"".join(map(_ESCAPED.__getitem__, text)) + b"\n"


def size_and_crc(data: bytes) -> tuple[str, str]:
    """Size and checksum as `cksum` prints them (POSIX.1: CRC-32 of the bytes, then the length)."""
    length = len(data).to_bytes((len(data).bit_length() + 7) // 8, "little")
    # zlib's CRC reads bits the other way round, and starts from ones instead of zeros.
    crc = zlib.crc32((data + length).translate(_MIRROR), 0xFFFFFFFF)
    return str(len(data)), str(int(f"{crc:032b}"[::-1], 2))


def quoted(argv: Sequence[str]) -> str:
    """One line for the login shell of the account, whichever it is."""
    first, *rest = argv
    return " ".join([first, *map(shlex.quote, rest)]) if first == "exec" else shlex.join(argv)


def _call(runner: Runner, verb: str, *arguments: str) -> list[str]:
    return ["exec", *runner.shell.split(), runner.path, runner.shell, verb, *arguments]


def _token(token: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise RequestRefused(f"A run token must be a lower-case UUID, not {token!r}.")
    return token


def _user(user: str) -> str:
    if user and not ACCOUNT_NAME.fullmatch(user):
        raise RequestRefused(f"{user!r} is not a user name; correct `user` of this step.")
    return user


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise RequestRefused(
            f"{name!r} cannot be an environment variable; use letters, digits and underscores."
        )
    return name


def _quoted(value: str, name: str) -> str:
    return shlex.quote(_without_nul(value, f"The value of {name}"))


def _without_nul(text: str, what: str) -> str:
    if "\0" in text:
        raise RequestRefused(f"{what} contains a NUL character, which no shell can carry.")
    return text


def _enter(cwd: str) -> str:
    if not cwd:
        return 'cd "${HOME:-/}" 2>/dev/null || cd /; '
    folder = folder_word(_without_nul(cwd, "The folder"))
    return enter_folder(folder, otherwise="exit 126", loud=True)
