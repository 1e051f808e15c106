"""benchmarks/RESULTS.md: a section for each kind of measurement, replaced when it is run again."""

from __future__ import annotations

import os
import platform
import re
import statistics
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

FILE = Path(__file__).with_name("RESULTS.md")
TITLE = "# Results\n"
PACKAGES = ("django", "celery", "paramiko", "redis", "channels")


def percentiles(values: list[float]) -> dict[str, float]:
    """p50 and p99 of what was measured: never more than the largest of the values."""
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {"p50": cuts[49], "p99": cuts[98]}


def keep(section: str, lines: Iterable[str], *, file: Path = FILE) -> None:
    """Put `lines` under the heading `section`, in place of what stood there."""
    text = file.read_text() if file.exists() else TITLE
    others = [each for each in _sections(text) if not each.startswith(f"## {section}\n")]
    mine = "\n".join([f"## {section}", "", machine(), "", *lines]) + "\n"
    file.write_text("\n".join([TITLE, *sorted([*others, mine])]))


def machine() -> str:
    """What it was measured with."""
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    kind = f"{platform.system()} on {os.cpu_count()} cores of {platform.machine()}"
    return f"{kind}, Python {platform.python_version()}, {packages}."


def _sections(text: str) -> list[str]:
    return [each.strip() + "\n" for each in re.split(r"(?m)^(?=## )", text)[1:]]
