"""docs/settings.md and what the code reads from its environment: the same names, both ways."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys

from rollback_console.local.options import ROOT

READS = re.compile(r"""\b(?!get\b)[a-z_]+(?:\.(?!get\b)[a-z_]+)*\(\s*"([A-Z][A-Z0-9_]+)\"""")
READERS = ["settings.py", "config/oidc.py", "config/database.py", "local/options.py"]
# Read by gunicorn itself.
ELSEWHERE = {"FORWARDED_ALLOW_IPS"}
# For the console's own fault tests; of no use to anybody else.
UNTOLD = {"ALLOW_CRASH", "ROLLBACK_CONSOLE_CRASH"}


def read() -> set[str]:
    files = [(ROOT / "rollback_console" / name).read_text() for name in READERS]
    return {name for text in files for name in READS.findall(text)}


def documented() -> set[str]:
    page = (ROOT / "docs/settings.md").read_text()
    in_table = re.findall(r"^\| `([A-Z][A-Z0-9_]+)` \|", page, re.M)
    assert len(in_table) == len(set(in_table)), "a setting is documented twice"
    made_run = page.split("`make run` also reads", 1)[1].split("\n\n", 1)[0]
    return set(in_table) | set(re.findall(r"`([A-Z][A-Z0-9_]+)`", made_run))


def test_every_name_that_is_read_is_documented() -> None:
    assert len(read()) > 20
    assert read() - UNTOLD - documented() == set()


def test_every_name_that_is_documented_is_read() -> None:
    assert documented() - read() - ELSEWHERE == set()


def test_the_defaults_on_the_page_are_those_of_the_code() -> None:
    command = [sys.executable, str(ROOT / "scripts/settings_page.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, ""), "run scripts/settings_page.py"


def test_a_default_that_drifted_is_written_anew_and_words_stay() -> None:
    page = runpy.run_path(str(ROOT / "scripts/settings_page.py"))["page"]
    rows = "| `LEASE_SECONDS` | `99` | how long |\n| `SECRET_KEY` | made once | Django's |"
    assert page(rows) == rows.replace("99", "20")
    kept = "| `KEEP_LOGS_DAYS` | `7`: for good | days |"
    assert page(kept) == "| `KEEP_LOGS_DAYS` | `0`: for good | days |"
