"""`make quick`: lint, types, and the tests that a change can break, within 90 seconds.

Nothing here needs root, apt or a network. On a clean tree a core of the tests runs. Tests run
nearest first until the time is up; how many got no turn is said at the end.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from . import deadline, selection

SECONDS = float(os.environ.get("QUICK_SECONDS", "60"))
"""No test begins later; the rest of the 90 seconds is for ending, and for mypy on a cold cache."""

FILES = 40
"""Test files at most: each process has to read all of them first."""

ALWAYS = ("tests/web/test_translations.py",)
"""Whatever changed: a text that nobody translated breaks no other test."""

CORE = (
    "engine",
    "common",
    "plans/test_freezing.py",
    "rollbacks/test_driver.py",
    "rollbacks/test_approved_snapshot.py",
    "api/test_access.py",
)
"""What everything else stands on, small enough to be read and run in time."""

CHECKS = {
    "ruff check": ("ruff", "check", "--quiet", "."),
    "ruff format": ("ruff", "format", "--quiet", "--check", "."),
    "import layers": ("lint-imports", "--no-cache"),
    # Behind the tests: on a cold cache it needs a core for longer than they have.
    "mypy": ("nice", "-n", "19", "mypy"),
}


def main() -> int:
    """Run all of it; 0 if nothing is wrong."""
    started = time.time()
    changed = selection.changed_files()
    affected = selection.affected_tests(changed)
    sys.stdout.write(_announcement(changed, affected))
    chosen = list(dict.fromkeys([*ALWAYS, *(affected[:FILES] or _core())]))
    with tempfile.TemporaryDirectory() as folder:
        checks = {name: _begin(name, words, Path(folder)) for name, words in CHECKS.items()}
        report = Path(folder) / "report.xml"
        code = _run_tests(chosen, changed, report, started + SECONDS)
        failed = [name for name in checks if not _passed(name, checks[name], Path(folder))]
        ran, waiting = _turns(report)
    if code != 0:
        failed.append("tests")
    elif not ran:
        failed.append("no test had a turn")
    if waiting:
        sys.stdout.write(f"{waiting} tests got no turn in {SECONDS:.0f} s; `make test` runs all.\n")
    verdict = f"FAILED: {', '.join(failed)}" if failed else "All passed"
    sys.stdout.write(f"{verdict}, {time.time() - started:.0f} s.\n")
    return 1 if failed else 0


def _announcement(changed: Sequence[str], affected: Sequence[str]) -> str:
    if not affected:
        return f"No test depends on a changed file: the core runs ({', '.join(CORE)}).\n"
    limit = f", the nearest {FILES} run" if len(affected) > FILES else ""
    return f"{len(changed)} changed, {len(affected)} test files can tell{limit}.\n"


def _core() -> list[str]:
    return [f"tests/{package}" for package in CORE]


def _run_tests(paths: Sequence[str], changed: Sequence[str], report: Path, until: float) -> int:
    """pytest's exit code."""
    words = ["-q", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "-r", "fE"]
    words += ["-p", deadline.__name__, f"--junit-xml={report}", "-o", "junit_logging=no"]
    variables = {
        **os.environ,
        "TEST_DEADLINE": str(until),
        "TEST_WHOLE": " ".join(_whole(changed)),
        "TEST_KEEP_ORDER": "yes",
    }
    command = [sys.executable, "-m", "pytest", *words, *paths]
    return subprocess.run(command, cwd=selection.ROOT, env=variables, check=False).returncode


def _whole(changed: Sequence[str]) -> set[str]:
    """Files whose slow tests are what somebody works on just now."""
    static = [file for file in changed if file.startswith("static/")]
    return {*changed, *selection.affected_tests(static)}


def _begin(name: str, words: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    """A check that runs beside the tests; what it says goes into a file."""
    with (folder / name).open("wb") as output:
        return subprocess.Popen(words, cwd=selection.ROOT, stdout=output, stderr=output)


def _passed(name: str, check: subprocess.Popen[bytes], folder: Path) -> bool:
    """Wait for a check; say what it said if it failed."""
    if check.wait() == 0:
        return True
    sys.stdout.write(f"== {name}\n{(folder / name).read_text()}")
    return False


def _turns(report: Path) -> tuple[int, int]:
    """How many tests ran, and how many the deadline left out."""
    if not report.exists():
        return 0, 0
    cases = list(ElementTree.parse(report).iter("testcase"))  # noqa: S314 - pytest wrote it just now
    skips = [each for case in cases for each in case.iter("skipped")]
    late = sum(deadline.OUT_OF_TIME in (skip.get("message") or "") for skip in skips)
    return len(cases) - len(skips), late


if __name__ == "__main__":
    sys.exit(main())
