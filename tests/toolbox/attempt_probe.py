"""Reads the folder that a host keeps of an attempt, over any connection to that host.

The console itself never asks this: it follows, vetoes or stops, and each of these settles what
the folder leaves open. A test wants to look and change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rollback_console.remote.protocol import Remote, RunRef

# The processes come before what they write down last: one that is gone has left its word.
_READ_FOLDER = r"""
base=$HOME/.local/state/rollback-console
echo "boot $(cat "${ROLLBACK_CONSOLE_BOOT_ID_FILE:-/proc/sys/kernel/random/boot_id}")"
[ ! -h "$base/spent/$1" ] || echo spent
cd "$base/$1" 2>/dev/null || exit 0
echo folder
for name in go run; do
    text=$(readlink $name) || continue
    echo "$name $text"
    echo "$name.stat $(cat "/proc/${text%% *}/stat" 2>/dev/null)"
done
for name in rc end proof; do text=$(readlink $name) && echo "$name $text"; done
[ ! -e log ] || echo "log $(wc -c <log)"
"""


class Presence(StrEnum):
    """What the host's evidence about a token amounts to."""

    ABSENT = "absent"
    PREPARED = "prepared"
    RUNNING = "running"
    FINISHED = "finished"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class AttemptFolder:
    """`tokens` are the folder's symlinks by name, and the kernel's lines about their processes."""

    tokens: dict[str, str]

    @property
    def boot_id(self) -> str:
        """The boot that the host runs under now."""
        return self.tokens["boot"]

    @property
    def bytes(self) -> int:
        """The length of the log so far."""
        return int(self.tokens.get("log", "0"))

    @property
    def orphan(self) -> bool:
        """Whether the command runs while its supervisor does not."""
        return self._lives("run") and not self._lives("go")

    @property
    def presence(self) -> Presence:
        """What the tokens and processes prove together."""
        if "folder" not in self.tokens:
            return Presence.FINISHED if "spent" in self.tokens else Presence.ABSENT
        if "end" in self.tokens or self.tokens.get("run") == "veto":
            return Presence.FINISHED
        if self._is_of_another_boot():
            return Presence.FINISHED if "rc" in self.tokens else Presence.LOST
        if "run" not in self.tokens:
            return Presence.PREPARED
        if self._lives("run") or self._lives("go"):
            return Presence.RUNNING
        return Presence.FINISHED if self.tokens.keys() & {"rc", "proof"} else Presence.LOST

    def _is_of_another_boot(self) -> bool:
        boots = [self.tokens[name].split()[-1] for name in ("go", "run") if name in self.tokens]
        return any(boot != self.boot_id for boot in boots)

    def _lives(self, name: str) -> bool:
        """A process id alone may be a stranger's: the start time and the boot settle it."""
        _, _, rest = self.tokens.get(f"{name}.stat", "").rpartition(") ")
        if not rest:
            return False
        state, start = rest.split()[0], rest.split()[19]
        return state not in "ZXx" and self.tokens[name].split()[1:] == [start, self.boot_id]


def read_attempt_folder(host: Remote, ref: RunRef) -> AttemptFolder:
    """What the host's folder of this attempt holds now."""
    answer = host.ask(["sh", "-c", _READ_FOLDER, "sh", ref.token])
    lines = answer.output.decode().splitlines()
    return AttemptFolder({name: text for name, _, text in (line.partition(" ") for line in lines)})
