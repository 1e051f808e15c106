"""What a web process loads to hand work to the workers, and what a worker finds."""

from __future__ import annotations

import json
import os
import subprocess
import sys

SCRIPT = """
import json, sys
import django
django.setup()
import rollback_console.asgi, rollback_console.api.urls, rollback_console.web.urls
from rollback_console.celery import app
app.loader.import_default_modules()
print(json.dumps({"modules": sorted(sys.modules), "tasks": sorted(app.tasks)}))
"""


def test_a_web_process_enqueues_without_the_driver_or_paramiko() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = json.loads(done.stdout)
    heavy = {
        "paramiko",
        "rollback_console.remote.ssh",
        "rollback_console.rollbacks.execution.driver",
    }
    assert not heavy & set(loaded["modules"])
    assert {"rollbacks.advance", "rollbacks.look", "rollbacks.try_sign_in"} <= set(loaded["tasks"])
