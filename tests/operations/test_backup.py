"""docs/backup.md, done: dump, restore into an empty database, and look at what came back."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from rollback_console.local.options import ROOT
from tests.documentation import shell
from tests.servers import MariaDb

FILL = """
import django; django.setup()
from tests import make
from tests.fleet import Fleet
from rollback_console.rollbacks.execution import driver
from django.contrib.auth.models import User
stage = make.stage()
stage.host.credential.password = "swordfish"
stage.host.credential.save()
rollback = make.approved(stage)
while driver.advance(rollback.pk, Fleet().connect): pass
"""
LOOK = """
import django; django.setup()
from rollback_console.plans.models import Credential
from rollback_console.rollbacks.models import *
from rollback_console.rollbacks import log_store
print(Credential.objects.get().password)
print(Rollback.objects.get().state, Event.objects.count())
print([log_store.read_log(run) for run in StepRun.objects.all()])
"""


@pytest.fixture(scope="module")
def database() -> Iterator[MariaDb]:
    with MariaDb() as server:
        yield server


def variables(database: MariaDb, name: str, folder: Path, keys: str) -> dict[str, str]:
    (folder / ".my.cnf").write_text(f"[client]\nuser=root\nsocket={database.socket}\n")
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "DJANGO_SETTINGS_MODULE": "rollback_console.settings",
        "DATABASE_URL": database.url.replace("/console?", f"/{name}?"),
        "DATA_DIR": str(folder),
        "SECRET_KEY": "0123456789abcdef" * 3,
        "MASTER_KEYS": keys,
        "LOG_LEVEL": "ERROR",
    }


def run(words: list[str], env: dict[str, str], **options: Any) -> str:
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


def test_what_was_backed_up_is_what_comes_back(database: MariaDb, tmp_path: Path) -> None:
    keys = Fernet.generate_key().decode()
    before = variables(database, "console", tmp_path, keys)
    run([sys.executable, "manage.py", "migrate", "-v", "0"], before)
    run([sys.executable, "-c", FILL], before)
    # Its rows were made past the actions that record them.
    run([sys.executable, "manage.py", "verify_audit", "--accept-rows"], before)
    was = run([sys.executable, "-c", LOOK], before)
    assert was.startswith("swordfish\nverifying ")
    assert "b'ok" in was

    here = f"set -eu; cd '{tmp_path}'; "
    run(
        ["sh", "-c", here + shell("backup.md", "Back up")],
        {**before, "BACKUP": str(tmp_path / "backup")},
    )
    (dump,) = (tmp_path / "backup").glob("*.sql.gz")
    text = gzip.decompress(dump.read_bytes())
    assert b"logchunk" in text
    assert b"swordfish" not in text

    after = variables(database, "restored", tmp_path, keys)
    restore = shell("backup.md", "Restore").replace("manage.py", f"{ROOT}/manage.py")
    output = run(["sh", "-c", here + restore], {**after, "DUMP": str(dump)})
    assert "Every event is as it was written." in output
    assert run([sys.executable, "-c", LOOK], after) == was


def test_without_its_keys_a_backup_gives_no_secret_away(database: MariaDb, tmp_path: Path) -> None:
    other = variables(database, "console", tmp_path, Fernet.generate_key().decode())
    done = subprocess.run(
        [sys.executable, "-c", LOOK], cwd=ROOT, env=other, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "swordfish" not in done.stdout + done.stderr
