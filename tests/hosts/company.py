"""A console spread over hosts as docs/production.md says, by the commands that stand there."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from django.db import connections
from django.test.utils import override_settings

from tests.documentation import shell
from tests.hosts.machines import Host, Machines
from tests.hosts.program import layers, wheels, without_archives
from tests.toolbox.waiting import until

PAGE = "production.md"
NAME = "rollback.example.org"
PASSWORDS = {"DATABASE_PASSWORD": "ledger-of-what-happened", "REDIS_PASSWORD": "hints-only"}
SECRETS = ("secret_key", "master_keys", "database_url")
ETC = "/etc/rollback-console"
SSL = "etc/ssl/rollback-console"
PACKAGES = "/var/packages"


@dataclass
class Company:
    """Two hosts for pages, two for workers, one for the sweeper, one with MariaDB and Redis, one
    with nginx in front, and the host that is rolled back."""

    webs: list[Host]
    workers: list[Host]
    sweeper: Host
    data: Host
    front: Host
    target: Host
    certificate: Path

    @property
    def ours(self) -> list[Host]:
        """The hosts on which the console itself runs."""
        return [*self.webs, *self.workers, self.sweeper]

    @property
    def variables(self) -> dict[str, str]:
        """What a person fills into the commands of the page."""
        first, second = self.webs
        return {
            **PASSWORDS,
            "DATABASE_HOST": self.data.ip,
            "WEB_1": first.ip,
            "WEB_2": second.ip,
        }

    def do(self, host: Host, heading: str) -> str:
        """The commands under a heading, on a host, as root; what they said."""
        set_ = "".join(f"{name}='{value}'\n" for name, value in self.variables.items())
        return host.sh(f"set -e\n{set_}{without_archives(shell(PAGE, heading))}")

    def upgrade(self, host: Host) -> None:
        """To the same release: what the page says, with packages from a folder."""
        shutil.copytree(wheels(), host.root / PACKAGES[1:], dirs_exist_ok=True)
        offline = f"export PIP_NO_INDEX=1 PIP_FIND_LINKS={PACKAGES}"
        host.sh(f"set -e\n{offline}\n{shell(PAGE, 'Upgrades')}")

    def install(self) -> None:
        """From the data's host to the one in front."""
        self.do(self.data, "The host of MariaDB and Redis")
        for host in self.ours:
            self.do(host, "The units")
            self._address(host)
        first, *others = self.ours
        self.do(first, "The secrets")
        for name in SECRETS:
            text = (first.root / ETC[1:] / name).read_text()
            for host in others:
                (host.root / ETC[1:] / name).write_text(text)
        self.do(first, "The tables")
        for host in self.workers:
            self.do(host, "A worker host")
        self.do(self.sweeper, "The sweeper and the nightly timer")
        for host in self.webs:
            self.do(host, "A web host")
        self._sign()
        self.do(self.front, "The host of nginx")

    def _address(self, host: Host) -> None:
        """The lines that the comments of the example ask for."""
        lines = [
            f"REDIS_URL=redis://:{PASSWORDS['REDIS_PASSWORD']}@{self.data.ip}:6379/0",
            "DATABASE_SSL_DISABLED=true",
        ]
        if host in self.webs:
            lines += ["HOST=0.0.0.0", f"FORWARDED_ALLOW_IPS={self.front.ip}"]
        with (host.root / ETC[1:] / "environment").open("a") as file:
            file.write("\n".join([*lines, ""]))

    def _sign(self) -> None:
        folder = self.front.root / SSL
        folder.mkdir(parents=True)
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"),
                *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
                *("-addext", f"subjectAltName=DNS:{NAME}"),
                *("-keyout", str(folder / "key"), "-out", str(folder / "certificate")),
            ],
            check=True,
            capture_output=True,
        )
        self.certificate.write_text((folder / "certificate").read_text())

    def ready(self, host: Host) -> bool:
        """Whether one web host says of itself that all is there."""
        probe = f"curl -s -o /dev/null -w '%{{http_code}}' -H 'Host: {NAME}'"
        return host.sh(f"{probe} http://127.0.0.1:8000/readyz || true").strip() == "200"

    def told(self) -> str:
        """What the units said last, for a test that fails."""
        journal = "journalctl -q -n 25 -o cat -u 'rollback-console-*' || true"
        return "\n".join(
            f"== {host.name}\n{host.sh(journal) if host.leader() else 'off'}" for host in self.ours
        )


def opened(fleet: Machines, folder: Path) -> Company:
    """Boot and install; every web host answers that all is there."""
    program = layers(fleet)
    names = ["web-1", "web-2", "worker-1", "worker-2", "sweeper", "data", "front", "target"]
    web_1, web_2, worker_1, worker_2, sweeper, data, front, target = fleet.named(names, *program)
    company = Company(
        [web_1, web_2], [worker_1, worker_2], sweeper, data, front, target, folder / "certificate"
    )
    company.install()
    for host in company.webs:
        until(partial(company.ready, host), f"{host.name} is ready", details=company.told)
    return company


@contextmanager
def at_its_database(company: Company, blocker: Any) -> Iterator[None]:
    """Within it the ORM of this process works on the company's database, with its secrets."""
    kept = company.webs[0].root / ETC[1:]
    keys, secret = ((kept / name).read_text().strip() for name in ("master_keys", "secret_key"))
    before, described = connections["default"], connections.settings["default"]
    connections.settings["default"] = _described(company.data.ip)
    with blocker.unblock(), override_settings(MASTER_KEYS=[keys], SECRET_KEY=secret):
        connections["default"] = connections.create_connection("default")
        try:
            yield
        finally:
            connections["default"].close()
            connections.settings["default"] = described
            connections["default"] = before


def _described(ip: str) -> dict[str, Any]:
    options = {
        "charset": "utf8mb4",
        "collation": "utf8mb4_bin",
        "isolation_level": "read committed",
        "init_command": "SET time_zone = '+00:00'",
        "connect_timeout": 5,
        "read_timeout": 30,
        "write_timeout": 30,
        "ssl_disabled": True,
    }
    expected = {
        "ENGINE": "django.db.backends.mysql",
        "NAME": "console",
        "USER": "console",
        "PASSWORD": PASSWORDS["DATABASE_PASSWORD"],
        "HOST": ip,
        "PORT": "3306",
        "OPTIONS": options,
    }
    return dict(connections.configure_settings({"default": expected})["default"])
