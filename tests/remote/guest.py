"""A host with an account that is not root, without adding one to this machine.

The account exists only in a mount namespace of its sshd. Needs root and sudo.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .sshd import SSHD, Sshd

GUEST, UID = "rollback-guest", 54321


def possible() -> bool:
    return os.getuid() == 0 and bool(SSHD and shutil.which("sudo") and shutil.which("unshare"))


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that every account may enter, for as long as it is there.

    pytest closes its own to others again whenever another pytest begins on this machine.
    """
    folder = Path(tempfile.mkdtemp(prefix="open-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class GuestHost(Sshd):
    """`sudoers` says what the account may do as `runas`, in sudoers' own words.

    `folder` must be in an `open_folder`.
    """

    def __init__(self, folder: Path, sudoers: str = "", runas: str = "root") -> None:
        self._etc = folder / "etc"
        self._etc.mkdir(parents=True)
        entry = f"{GUEST}:x:{UID}:{UID}::{folder / 'home'}:/bin/sh\n"
        self._extend("passwd", entry)
        self._extend("group", f"{GUEST}:x:{UID}:\n")
        self._extend("shadow", f"{GUEST}:*:20000:0:99999:7:::\n").chmod(0o600)
        rule = f"{GUEST} ALL=({runas}) NOPASSWD: {sudoers}\n" if sudoers else ""
        (self._etc / "sudoers").write_text(f"root ALL=(ALL:ALL) NOPASSWD: ALL\n{rule}")
        (self._etc / "sudoers").chmod(0o440)
        super().__init__(folder, account=(GUEST, UID, UID))

    def _extend(self, name: str, line: str) -> Path:
        path = self._etc / name
        path.write_text(Path("/etc", name).read_text() + line)
        return path

    def command(self) -> list[str]:
        names = ("passwd", "group", "shadow", "sudoers")
        binds = [f"mount --bind {self._etc / name} /etc/{name}" for name in names]
        line = " && ".join([*binds, "mount -t tmpfs -o mode=1777 none /var/tmp", 'exec "$@"'])
        return ["unshare", "-m", "sh", "-c", line, "sh", *super().command()]
