"""A control group a machine.

Machines in one control group would each take `/system.slice` of the others for their own, and
remove what another is about to use.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from .network import PREFIX

# Where systemd keeps its own tree, in each of the ways in which a machine may lay them out.
_TREES = ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup")
_ENTER = """\
for tree in {trees}; do
    if [ -e $tree/cgroup.procs ]; then mkdir -p $tree/$0 && echo $$ >$tree/$0/cgroup.procs; fi
done
exec "$@"
"""


def inside(name: str, *command: str) -> list[str]:
    """The command, in a control group of that name; `name` begins with the prefix of ours."""
    return ["sh", "-c", _ENTER.format(trees=" ".join(_TREES)), name, *command]


def remove(name: str) -> None:
    """Once nothing lives in it."""
    for tree in _there():
        for folder, *_ in os.walk(tree / name, topdown=False):
            with suppress(OSError):  # what is not empty yet goes with the next one
                Path(folder).rmdir()


def clear() -> None:
    """All of ours, also those of a run that was killed."""
    for tree in _there():
        for folder in tree.glob(f"{PREFIX}-*"):
            remove(folder.name)


def _there() -> Iterator[Path]:
    return (Path(tree) for tree in _TREES if Path(tree, "cgroup.procs").exists())
