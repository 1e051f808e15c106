"""How gunicorn logs, and keeps the counts of its processes together for /metrics.

Each process writes its counts into a folder that all of them share; gunicorn reads this file
by `--config python:rollback_console.processes.gunicorn_config`.
"""

from __future__ import annotations

import shutil
import tempfile
from typing import Any

from django.conf import settings

from .process_tree import end_with_parent

_folder = tempfile.mkdtemp(prefix="rollback-console-metrics-")
logconfig_dict = settings.LOGGING
raw_env = [f"PROMETHEUS_MULTIPROC_DIR={_folder}"]


def post_fork(_server: Any, worker: Any) -> None:
    """A worker whose master was killed would go on and keep the port from the next one."""
    end_with_parent(worker.ppid)


def child_exit(_server: Any, worker: Any) -> None:
    """Its sockets are gone; what it counted up stays."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(_server: Any) -> None:
    """Nothing stays behind."""
    shutil.rmtree(_folder, ignore_errors=True)
