"""The layers of hosts that run the console itself, made by the commands of docs/production.md.

`packages` is what comes from archives: Debian's and Python's. It is kept, named by the checksum
of what it is made from. The program is laid over it anew each time.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
import tomllib
from pathlib import Path

from tests.documentation import DOCS, ROOT, shell

from . import build
from .machines import Host, Machines

HOME = "opt/rollback-console"
# What packages depend on, and what pip wants to see beside it.
PINNED = ("pyproject.toml", "constraints.txt")
BESIDE = ("README.md", "LICENSE", "rollback_console/__init__.py")
WHOLE = ("rollback_console", "templates", "static", "docs", "manage.py")
WHEELS = "/run/wheels"
OFF = "mariadb nginx redis-server"
INSIDE = ("-q", "--register=no", "--keep-unit", "--pipe")


def layers(fleet: Machines) -> tuple[Path, Path]:
    """The program over its packages, both over the base. Raises build.BuildFailed, Offline."""
    assert fleet.layers
    base = fleet.layers.base
    packages = build.kept(
        "packages-",
        f"packages-{_checksum(base)}",
        lambda part: fleet.grow((base,), part, _packages),
    )
    program = build.RUN / "program"
    fleet.grow((packages, base), program, _program)
    return program, packages


def without_archives(script: str) -> str:
    """The commands of the page but for what `packages` has already done."""
    return "".join(line for line in script.splitlines(True) if not line.startswith("apt-get "))


def wheels() -> Path:
    """A folder with every package of ours, for machines that reach no index."""
    return build.kept("wheels-", f"wheels-{_checksum(Path('any'))}", _wheels)


def _checksum(base: Path) -> str:
    digest = hashlib.sha256(base.name.encode() + _archives().encode() + _pip().encode())
    for name in PINNED:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()[:16]


def _packages(host: Host) -> None:
    _copy(host, (*PINNED, *BESIDE))
    script = f"""
printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
export DEBIAN_FRONTEND=noninteractive DPKG_FORCE=unsafe-io
apt-get update -q
{_archives()}
apt-get clean
rm -rf /usr/sbin/policy-rc.d /var/lib/apt/lists/*
systemctl disable -q {OFF}
export PIP_NO_INDEX=1 PIP_FIND_LINKS={WHEELS}
{_pip()}
: >/etc/resolv.conf
"""
    _inside(host, script, "--resolv-conf=copy-host", f"--bind-ro={wheels()}:{WHEELS}")


def _program(host: Host) -> None:
    _copy(host, WHOLE)
    _inside(host, _split()[1], "--resolv-conf=off")


def _inside(host: Host, script: str, *more: str) -> None:
    """Run a script on a host that is off, with this machine's network."""
    place = ("--machine", host.folder.name, "--directory", str(host.root))
    build.run("systemd-nspawn", *INSIDE, *more, *place, "sh", "-ec", script)


def _archives() -> str:
    """Every line of the page that installs Debian packages."""
    page = (DOCS / "production.md").read_text()
    return "\n".join(re.findall(r"^apt-get install .*$", page, re.M))


def _pip() -> str:
    return _split()[0]


def _split() -> tuple[str, str]:
    """The commands that install the program: those for its packages, and what comes after."""
    lines = without_archives(shell("production.md", "The program")).splitlines(True)
    (last,) = [number for number, line in enumerate(lines) if "compileall" in line]
    return "".join(lines[:last]), f"cd /{HOME}\n" + "".join(lines[last:])


def _copy(host: Host, names: tuple[str, ...]) -> None:
    for name in names:
        source, target = ROOT / name, host.root / HOME / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, target, dirs_exist_ok=True, ignore=ignore)
        else:
            shutil.copy(source, target)


def _wheels(folder: Path) -> None:
    """Every package of ours that Python 3.11 needs, fetched by the pip that made this .venv."""
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())
    # Debian's 3.11.2 is older than what redis needs no help with; pip asks its own Python.
    words = [*needed["build-system"]["requires"], *needed["project"]["dependencies"]]
    words += ["async-timeout"]
    only = ("--python-version", "3.11", "--only-binary=:all:", "--dest", str(folder))
    pinned = ("--constraint", str(ROOT / "constraints.txt"))
    build.run(sys.executable, "-m", "pip", "download", "-q", *only, *pinned, *words)
