"""The root file systems of target hosts, built once and kept outside the repository.

Two layers, each named by the checksum of what it is made from: `base` is a Debian with
systemd, sshd, sudo, git, MariaDB, nginx and Django; `service` is what installing and
deploying the call centre in a booted host changed in it. A host is an overlay on both.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

RECIPE = Path(__file__).parent / "recipe"
RUN = Path("/run/rollback-console-hosts")  # where hosts live while they do
SUITE = "bookworm"
BOOTSTRAP = "systemd,systemd-sysv,libpam-systemd,dbus,openssh-server,sudo,iproute2,procps"
PACKAGES = "git curl mariadb-server mariadb-client nginx-light python3 python-is-python3"
PYTHON = ("Django~=5.2.0", "gunicorn~=27.0", "PyMySQL~=1.2")
# dpkg syncs every file, which most of the time goes to: a build that fails is thrown away.
HASTY = {"DPKG_FORCE": "unsafe-io,security-mac,downgrade"}
DIST_PACKAGES = "usr/local/lib/python3.11/dist-packages"  # of Debian 12's own Python
TOOLS = {
    "debootstrap": "debootstrap",
    "systemd-nspawn": "systemd-container",
    "nsenter": "util-linux",
    "ip": "iproute2",
    "ssh-keygen": "openssh-client",
}


class BuildFailed(Exception):
    """A root file system could not be made; the message ends with what the tool said."""


class Offline(BuildFailed):
    """Nothing is cached, and there is no network to build from."""


@dataclass(frozen=True, slots=True)
class Layers:
    """The folders to lay over each other, the lowest first."""

    base: Path
    service: Path


def hindrance() -> str:
    """Why hosts cannot run here; empty when they can."""
    if os.geteuid() != 0:
        return "target hosts need root"
    missing = sorted({package for tool, package in TOOLS.items() if not shutil.which(tool)})
    if missing:
        return f"target hosts need {' and '.join(missing)}: install them"
    spaces = subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "true"])
    return "this machine lets root make no namespaces" if spaces.returncode else ""


def cache() -> Path:
    """Where layers are kept: $XDG_CACHE_HOME, else /var/cache."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or "/var/cache") / "rollback-console-tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def alone() -> Iterator[None]:
    """One builder and one fleet at a time on this machine; the next waits."""
    with RUN.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def unmount(folder: Path) -> None:
    """Whatever is mounted on the folder or in it, the innermost first."""
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for mount in reversed(mounts):
        if Path(mount).is_relative_to(folder):
            run("umount", "--lazy", mount)


def layers(deploy: Callable[[Path, Path], None]) -> Layers:
    """Both layers, built where they are not cached.

    `deploy(base, target)` boots a host on `base`, runs the recipe's service.sh in it and
    leaves what that changed in the new folder `target`. Raises BuildFailed, and Offline when
    a layer is missing that only a network can give.
    """
    base_name = f"base-{_checksum('base.sh')}"
    service_name = f"service-{_checksum('base.sh', 'etc', 'first', 'second', 'service.sh')}"
    base = kept("base-", base_name, _bootstrap)
    service = kept("service-", service_name, lambda part: deploy(base, part))
    return Layers(base, service)


def _checksum(*names: str) -> str:
    digest = hashlib.sha256(repr((SUITE, BOOTSTRAP, PACKAGES, PYTHON)).encode())
    for name in names:
        start = RECIPE / name
        for path in [start] if start.is_file() else sorted(start.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(f"{path.relative_to(RECIPE)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def kept(prefix: str, name: str, make: Callable[[Path], None]) -> Path:
    """The finished layer; older ones of its kind and half-made ones are removed."""
    target, part = cache() / name, cache() / f"{name}.part"
    if not target.exists():
        for old in cache().glob(f"{prefix}*"):
            unmount(old)  # what a build that was killed left mounted is not ours to delete
            shutil.rmtree(old)
        make(part)
        part.rename(target)
    return target


def _bootstrap(root: Path) -> None:
    run("debootstrap", "--variant=minbase", f"--include={BOOTSTRAP}", SUITE, str(root))
    python = ("--python-version", "3.11", "--only-binary=:all:", "--target")
    packages = str(root / DIST_PACKAGES)
    run(sys.executable, "-m", "pip", "install", "-q", *python, packages, *PYTHON)
    shutil.copy(RECIPE / "base.sh", root / "base.sh")
    inside = ("-q", "--register=no", "--keep-unit", "--resolv-conf=copy-host", "--pipe")
    given = [f"--setenv={name}={value}" for name, value in {"PACKAGES": PACKAGES, **HASTY}.items()]
    run("systemd-nspawn", *inside, *given, "-D", str(root), "sh", "/base.sh")
    (root / "base.sh").unlink()


def run(*command: str) -> None:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | HASTY,
    )
    if done.returncode:
        output = done.stdout.decode("utf-8", "replace")[-3000:]
        kind = Offline if "Failed getting release file" in output else BuildFailed
        raise kind(f"{command[0]} ended with {done.returncode}:\n{output}")
