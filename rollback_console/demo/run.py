"""Running a program of the demo host to its end."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from .errors import DemoUnavailable


def call(argv: list[str], *, env: Mapping[str, str], cwd: Path, text: str = "") -> None:
    """Run it in `cwd` with `text` on its input. Raises DemoUnavailable with what it said."""
    done = subprocess.run(
        argv, env=env, cwd=cwd, input=text.encode(), capture_output=True, check=False
    )
    if done.returncode != 0:
        problem = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise DemoUnavailable(
            f"The demo host could not be built: {' '.join(argv)} ended with exit code "
            f"{done.returncode} and said: {problem}"
        )
