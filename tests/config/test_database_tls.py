"""A real MariaDB behind TLS, reached by the settings themselves as on another host."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rollback_console.local.options import ROOT
from tests.servers import MariaDb

PASSWORD = "of-nobody-in-particular"
ASKS = """
import json
from django.db import connection
from django.test import RequestFactory
from rollback_console.plans.models import Environment
from rollback_console.rollbacks.models import ProcessSeen
from rollback_console.web.views.system.health import readyz
known = connection.introspection.table_names()
with connection.schema_editor() as editor:
    for model in (Environment, ProcessSeen):
        if model._meta.db_table not in known:
            editor.create_model(model)
with connection.cursor() as cursor:
    cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
    cipher = cursor.fetchone()[1]
print(json.dumps([cipher, json.loads(readyz(RequestFactory().get("/readyz")).content)]))
"""


class TlsMariaDb(MariaDb):
    """It serves `name` under a certificate of its own, and takes no connection in clear."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.certificate, self.key = sign(self.folder, name)
        user = "console@'127.0.0.1'"
        with (self.folder / "first.sql").open("a") as statements:
            statements.write(
                f"CREATE USER IF NOT EXISTS {user} IDENTIFIED BY '{PASSWORD}' REQUIRE SSL;\n"
            )
            statements.write(f"GRANT ALL ON console.* TO {user};\n")

    def command(self) -> list[str]:
        files = [f"--ssl-ca={self.certificate}", f"--ssl-cert={self.certificate}"]
        return [*super().command(), *files, f"--ssl-key={self.key}"]


def sign(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for `name` that is its own authority, and its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=a database"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-addext", f"subjectAltName={name}"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key


@pytest.fixture(scope="module")
def named() -> Iterator[TlsMariaDb]:
    """Its certificate is for the address at which it is asked."""
    with TlsMariaDb("IP:127.0.0.1") as server:
        yield server


@pytest.fixture(scope="module")
def misnamed() -> Iterator[TlsMariaDb]:
    """Its certificate is for another name."""
    with TlsMariaDb("DNS:db.example.org") as server:
        yield server


def ask(server: TlsMariaDb, authority: Path) -> subprocess.CompletedProcess[str]:
    """What a process with these settings sees; an address of this host would need no TLS."""
    environment = {
        **os.environ,
        "DATABASE_URL": f"mysql://console:{PASSWORD}@127.0.0.1:{server.port}/console",
        "DATABASE_SSL_DISABLED": "false",
        "DATABASE_CA_FILE": str(authority),
        "BROKER_URL": "memory://",
        "DJANGO_SETTINGS_MODULE": "rollback_console.settings",
    }
    words = [sys.executable, "manage.py", "shell", "-c", ASKS]
    return subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_readyz_says_that_the_database_proved_who_it_is(named: TlsMariaDb) -> None:
    done = ask(named, named.certificate)
    assert done.returncode == 0, done.stderr
    cipher, answer = json.loads(done.stdout.splitlines()[-1])
    assert cipher
    assert answer["database"] == "ok"
    assert answer["database connection"] == "verified TLS"


def test_a_certificate_of_another_authority_is_refused(
    named: TlsMariaDb, misnamed: TlsMariaDb
) -> None:
    done = ask(named, misnamed.certificate)
    assert done.returncode != 0
    assert "certificate verify failed" in done.stderr


def test_a_certificate_for_another_name_is_refused(misnamed: TlsMariaDb) -> None:
    done = ask(misnamed, misnamed.certificate)
    assert done.returncode != 0
    assert "IP address mismatch" in done.stderr


def test_a_server_without_tls_is_refused() -> None:
    """An attacker on the way could take it away."""
    with ClearMariaDb("IP:127.0.0.1") as clear:
        done = ask(clear, clear.certificate)
    assert done.returncode != 0
    assert "SSL" in done.stderr


class ClearMariaDb(TlsMariaDb):
    """The same account, reached in clear alone."""

    def command(self) -> list[str]:
        return [*MariaDb.command(self), "--skip-ssl"]
