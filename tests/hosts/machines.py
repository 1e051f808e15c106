"""Real target hosts: systemd, sshd and the call centre, each in a container of its own.

A host is a throw-away overlay on the cached layers. Its memory is a tmpfs: what happened to
it is gone with it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

from rollback_console.remote.protocol import HostAddress, HostKeyPin, Login
from tests.hosts import build, control_groups, network
from tests.hosts.build import RUN
from tests.remote.sshd import make_key
from tests.toolbox.waiting import until

ACCOUNT = "deploy"
PATIENCE = 300  # seconds on a busy machine: only a test that fails waits so long
REBOOT = 133  # systemd-nspawn's way of asking to be started again
NSPAWN = (
    *("systemd-nspawn", "-q", "--register=no", "--keep-unit"),
    *("--resolv-conf=off", "--console=pipe", "--boot"),
)


@dataclass
class Host:
    """One machine.

    `number` names it. `slot` is its place on the bridge, which no other host has soon again,
    so that nothing still on its way to one reaches the next. `sh()` looks at it from outside,
    so it works while its network is cut.
    """

    number: int
    slot: int
    lower: tuple[Path, ...]
    called: str = ""
    process: subprocess.Popen[bytes] | None = None
    ip: str = ""

    @property
    def name(self) -> str:
        return self.called or f"app-{self.number}"

    @property
    def folder(self) -> Path:
        return RUN / network.link(self.slot)

    @property
    def root(self) -> Path:
        return self.folder / "root"

    def make(self) -> None:
        """Its disk, its name, its host key and who may sign in; nothing runs yet."""
        for part in ("root", "upper", "work"):
            (self.folder / part).mkdir(parents=True)
        layers = ":".join(str(layer) for layer in self.lower)
        upper, work = self.folder / "upper", self.folder / "work"
        options = f"lowerdir={layers},upperdir={upper},workdir={work}"
        _run("mount", "-t", "overlay", "overlay", "-o", options, str(self.root))
        self.ip = network.attach(self.slot)
        self._name_it()
        self._key_it()

    def power_on(self) -> None:
        with (self.folder / "console").open("ab") as console:
            name = network.link(self.slot)
            place = ("--directory", str(self.root), "--machine", name)
            namespace = f"--network-namespace-path=/run/netns/{name}"
            self.process = subprocess.Popen(
                control_groups.inside(name, *NSPAWN, *place, namespace),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
            )

    def await_boot(self) -> None:
        """Until systemd says that everything it starts is started."""
        until(lambda: self._said("running", "degraded"), seconds=PATIENCE, details=self.console)

    def power_off(self) -> None:
        """As an administrator would; returns when the machine is off."""
        self.sh("systemctl poweroff")
        self._await_off()

    def reboot(self) -> None:
        """An orderly restart; returns when the host is up again."""
        self.sh("systemctl reboot")
        assert self._await_off() == REBOOT
        self.power_on()
        self.await_boot()

    def crash(self) -> None:
        """The power fails."""
        leader = self.leader()
        assert leader
        os.kill(leader, signal.SIGKILL)
        self._await_off()

    def discard(self) -> None:
        network.detach(self.slot)
        if self.process:
            self.process.wait(timeout=PATIENCE)
        control_groups.remove(network.link(self.slot))
        _run("umount", str(self.root))
        shutil.rmtree(self.folder)

    def sh(self, script: str) -> str:
        """What a script says that root runs on the host; fails if it fails."""
        done = self._enter(script)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def boot_id(self) -> str:
        """Of the boot it is in; empty while it is in none."""
        return self._enter("cat /proc/sys/kernel/random/boot_id").stdout.strip()

    def console(self) -> str:
        return (self.folder / "console").read_text("utf-8", "replace")[-3000:]

    def leader(self) -> int:
        """The host's first process, as this machine numbers it; 0 while it is off."""
        if self.process is None:
            return 0
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        pids = children.read_text().split() if children.exists() else []
        return int(pids[-1]) if pids else 0

    def address(self) -> HostAddress:
        """How the console reaches it. The key is read from its disk, not asked over the network."""
        kind, key, *_ = (self.root / "etc/ssh/ssh_host_ed25519_key.pub").read_text().split()
        login = Login(private_key=(RUN / "client").read_text())
        return HostAddress(self.name, self.ip, ACCOUNT, login, (HostKeyPin(kind, key),))

    def _await_off(self) -> int:
        assert self.process
        return self.process.wait(timeout=PATIENCE)

    def _said(self, *states: str) -> bool:
        ready = "test ! -e /run/nologin && systemctl is-system-running"
        return self._enter(ready).stdout.strip() in states

    def _enter(self, script: str) -> subprocess.CompletedProcess[str]:
        if not (leader := self.leader()):
            return subprocess.CompletedProcess(script, 1, "", f"{self.name} is off")
        path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        inside = ("env", "-i", path, "HOME=/root", "LANG=C.UTF-8", "sh", "-c", f"cd /\n{script}")
        # Not its control group: this machine may lay those out in another way.
        spaces = ("--mount", "--uts", "--ipc", "--net", "--pid", "--root")
        command = ["nsenter", "--target", str(leader), *spaces, *inside]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def _name_it(self) -> None:
        etc = self.root / "etc"
        (etc / "hostname").write_text(f"{self.name}\n")
        (etc / "machine-id").write_text(f"{uuid.uuid4().hex}\n")
        # Without its own name here, sudo asks name servers that are not there.
        (etc / "hosts").write_text(f"127.0.0.1 localhost\n{self.ip} {self.name}\n")

    def _key_it(self) -> None:
        key = self.root / "etc/ssh/ssh_host_ed25519_key"
        for old in (key, key.with_suffix(".pub")):
            old.unlink(missing_ok=True)
        make_key(key)
        home = self.root / "home" / ACCOUNT
        (home / ".ssh").mkdir(mode=0o700, exist_ok=True)
        shutil.copy(RUN / "client.pub", home / ".ssh/authorized_keys")
        owner = home.stat()
        for path in (home / ".ssh", home / ".ssh/authorized_keys"):
            os.chown(path, owner.st_uid, owner.st_gid)


@dataclass
class Machines:
    """All hosts of a test session. Use it while `build.alone()` is held."""

    layers: build.Layers | None = None
    hosts: list[Host] = field(default_factory=list)
    slots: Iterator[int] = field(default_factory=lambda: cycle(range(1, 200)))

    def open(self) -> Machines:
        """Clear away what an earlier run left, and have both layers ready."""
        clear()
        RUN.mkdir(exist_ok=True)
        _run("mount", "-t", "tmpfs", "-o", "mode=0700", "tmpfs", str(RUN))
        network.raise_bridge()
        make_key(RUN / "client")
        self.layers = build.layers(self._deploy)
        return self

    def start(self, count: int) -> list[Host]:
        """Boot `count` new hosts at once; each serves the broken release when this returns."""
        assert self.layers
        lower = (self.layers.service, self.layers.base)
        return self._boot([self._made(*lower) for _ in range(count)])

    def named(self, names: Sequence[str], *lower: Path) -> list[Host]:
        """Boot a new host of each name at once, on these layers and the base."""
        assert self.layers
        return self._boot([self._made(*lower, self.layers.base, called=name) for name in names])

    def grow(self, lower: tuple[Path, ...], target: Path, work: Callable[[Host], None]) -> None:
        """A new layer: what `work` changes on a host that has these and is not switched on."""
        host = self._made(*lower)
        work(host)
        _run("cp", "-a", str(host.folder / "upper"), str(target))
        self.stop()

    def stop(self) -> None:
        """Throw every host away."""
        while self.hosts:
            self.hosts.pop().discard()

    def partition(self, host: Host) -> None:
        """Nothing reaches the host nor leaves it; what runs there goes on."""
        network.cut(host.slot)

    def heal(self, host: Host) -> None:
        network.mend(host.slot)

    def close(self) -> None:
        self.stop()
        clear()

    def _boot(self, made: list[Host]) -> list[Host]:
        for host in made:
            host.power_on()
        for host in made:
            host.await_boot()
        return made

    def _made(self, *lower: Path, called: str = "") -> Host:
        host = Host(len(self.hosts) + 1, next(self.slots), lower, called)
        self.hosts.append(host)
        host.make()
        return host

    def _deploy(self, base: Path, target: Path) -> None:
        self.grow((base,), target, _installed)


def _installed(host: Host) -> None:
    """The call centre, its release that works and the deployment of one that does not."""
    shutil.copytree(build.RECIPE, host.root / "root/recipe")
    shutil.copytree(build.RECIPE / "etc", host.root / "etc", dirs_exist_ok=True)
    host.power_on()
    # The service has nothing to serve yet, so this boot ends degraded.
    host.await_boot()
    host.sh("sh /root/recipe/service.sh")
    host.power_off()


def clear() -> None:
    """Remove hosts, namespaces and mounts of ours, also those of a run that was killed."""
    network.clear()
    control_groups.clear()
    build.unmount(RUN)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
