"""Where everything of the demo host lives, below one folder."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

_FOLDERS = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin")


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths of the demo host whose folder is `folder`, an absolute path."""

    folder: Path

    @property
    def home(self) -> Path:
        """HOME of the account that deploys."""
        return self.folder / "home"

    @property
    def app(self) -> Path:
        """The service's checkout."""
        return self.home / "bookings"

    @property
    def origin(self) -> Path:
        """The repository it was cloned from."""
        return self.home / "bookings.git"

    @property
    def backups(self) -> Path:
        return self.home / "backups"

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def bin(self) -> Path:
        """Programs of this account, first on its PATH."""
        return self.home / "bin"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def ssh(self) -> Path:
        """Keys and settings of the SSH server."""
        return self.folder / "ssh"

    @property
    def state(self) -> Path:
        return self.folder / "state.json"

    @property
    def people(self) -> Path:
        return self.folder / "people.json"

    def environment(self) -> dict[str, str]:
        """What a session on this host sees: nothing of the console's own environment."""
        return {
            "HOME": str(self.home),
            "PATH": ":".join([str(self.bin), *_FOLDERS, str(_folder_of_git())]),
            "LANG": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
        }

    def programs(self) -> dict[str, list[str]]:
        """Each program of `bin` and what it runs."""
        control = Path(__file__).with_name("servicectl.py")
        return {
            "python": [sys.executable],
            "servicectl": [sys.executable, "-I", "-S", str(control), str(self.folder)],
        }


def _folder_of_git() -> Path:
    """Git may live where only this machine's PATH looks."""
    return Path(shutil.which("git") or "/usr/bin/git").parent
