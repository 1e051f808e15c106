"""docs/settings.md and what the code reads from its environment: the same names, both ways."""

from __future__ import annotations

import re

from rollback_console.local.options import ROOT

READS = re.compile(r"""\b(?!get\b)[a-z_]+(?:\.(?!get\b)[a-z_]+)*\(\s*"([A-Z][A-Z0-9_]+)\"""")
READERS = ["settings.py", "identity.py", "local/options.py"]
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
