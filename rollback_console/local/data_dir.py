"""The one folder that holds everything `up` keeps."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path
from typing import IO

# What the console and its demo make; a reset removes these and nothing else.
OURS = (
    "console.sqlite3",
    "console.sqlite3-shm",
    "console.sqlite3-wal",
    "secret_key",
    "master_keys",
    "static",
    "accounts",
    "valkey",
    "demo",
)


class FolderTaken(Exception):
    """Another console runs on this folder, or it cannot be used; `str()` says which."""


def claim(folder: Path) -> IO[str]:
    """Hold the folder as long as the returned file is open. Raises FolderTaken."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (folder / "up.lock").open("a+")
    except OSError as error:
        raise FolderTaken(
            f"The data folder {folder} cannot be written: {error.strerror}. "
            "Set DATA_DIR to a folder of yours."
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.seek(0)
        pid = lock.read().strip() or "unknown"
        lock.close()
        raise FolderTaken(
            f"Another console (process {pid}) already runs on {folder}. Stop it with Ctrl-C, "
            "or set DATA_DIR to another folder."
        ) from error
    return lock


def sign(lock: IO[str], pid: int) -> None:
    """Write who holds the folder, for the one who finds it taken."""
    lock.truncate(0)
    lock.write(f"{pid}\n")
    lock.flush()


def empty(folder: Path) -> None:
    """Remove everything the console made there."""
    for name in OURS:
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
