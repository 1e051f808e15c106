"""`servicectl start|stop|restart|status NAME`: asks the demo host's supervisor.

Stands where a system's service manager would. Standard library only, and quick to start.
"""

from __future__ import annotations

import os
import socket
import sys

USAGE = "usage: servicectl start|stop|restart|status NAME"


def main(folder: str, words: list[str]) -> int:
    """Ask, print the answer, and return its exit code."""
    if len(words) != 2 or words[0] not in {"start", "stop", "restart", "status"}:
        sys.stderr.write(f"{USAGE}\n")
        return 2
    # A socket's path may hold 107 bytes only, so it is named from inside its folder.
    os.chdir(folder)
    with socket.socket(socket.AF_UNIX) as line:
        try:
            line.connect("control")
        except OSError:
            sys.stderr.write("The supervisor of this host does not run.\n")
            return 1
        line.sendall(" ".join(words).encode() + b"\n")
        code, _, answer = line.makefile().read().partition(" ")
    (sys.stdout if code == "0" else sys.stderr).write(answer)
    return int(code or 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
