"""What is kept together, in a process of its own: signals belong to one."""

from __future__ import annotations

import subprocess
import sys

TOGETHER = """
import os, sys
from rollback_console.processes import supervisor
from rollback_console.processes.child import Child

supervisor.STARTING = 0.1
job = [sys.executable, "-c", "import time; time.sleep(1)"]
child = Child("job", job, os.environ, up=lambda: False, once={once})
sys.exit(supervisor.Supervisor([[child]], lambda: os.kill(os.getpid(), 15)).run())
"""


def together(*, once: bool) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-c", TOGETHER.format(once=once)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)


def test_what_runs_once_is_waited_for_however_long_it_takes() -> None:
    done = together(once=True)
    assert (done.returncode, "Stopping on SIGTERM" in done.stdout) == (0, True), done


def test_what_should_serve_and_does_not_is_named() -> None:
    done = together(once=False)
    assert (done.returncode, "The job does not answer" in done.stdout) == (1, True), done
