"""The programs behind `web` and `worker`, as argument lists."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence


def web(host: str, port: int, workers: int) -> list[str]:
    """gunicorn with uvicorn workers; a request gets 5 seconds to end after TERM."""
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return [
        *_python("gunicorn", "rollback_console.asgi:application"),
        *("--config", "python:rollback_console.processes.gunicorn_config"),
        *("--worker-class", "rollback_console.processes.gunicorn_worker.Worker"),
        *("--bind", address),
        *("--workers", str(workers)),
        *("--graceful-timeout", "5"),
        *("--timeout", "60"),
        "--no-control-socket",
    ]


def worker(queues: Sequence[str] = ("rollbacks",)) -> list[str]:
    """Celery on threads; how many is the setting WORKER_THREADS."""
    return [
        *_python("celery", "--quiet", "--app", "rollback_console.celery", "worker"),
        *("--pool", "threads"),
        *("--hostname", f"worker-{os.getpid()}@%h"),
        *("--loglevel", "INFO"),
        *("--queues", ",".join(queues)),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    ]


def ourselves(*words: str) -> list[str]:
    """This program again, with other words."""
    return _python("rollback_console", *words)


def _python(module: str, *words: str) -> list[str]:
    return [sys.executable, "-m", module, *words]
