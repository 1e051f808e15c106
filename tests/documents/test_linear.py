"""Twice the text costs about twice the work, whatever the text is made of.

Work is counted in calls of Python functions, which is the same on every machine.
"""

from __future__ import annotations

import subprocess
import sys
from types import FrameType

import pytest

from rollback_console.documents import read
from rollback_console.documents.markdown.source import LIMIT
from rollback_console.documents.placeholders.find import find_placeholders
from rollback_console.documents.shell.scanner import scan

STEPS = "# Rollback\n## Rollback steps\n"
FENCE = f"{STEPS}```bash\n"
SHAPES = {
    "items": (STEPS, "1. a\n"),
    "inline commands": (STEPS, "- `git checkout <x>`\n"),
    "step headings": (STEPS, "### Step 1: a\n```sh\nls <x>\n```\n"),
    "counted chapters": ("# Rollback\n", "## 1. a\n```sh\nls\n```\n"),
    "options": (STEPS, "### Option A\n```sh\nls\n```\n"),
    "headings": ("# Rollback\n", "## a\n"),
    "quotes": ("", "> "),
    "commands": (FENCE, "echo $A\n"),
    "alternatives": (FENCE, "a b\n# or\n"),
    "conditions": (FENCE, "# if needed\nls\n"),
    "here-documents": (FENCE, "cat <<EOF\n"),
    "one long line": (FENCE, "tail x "),
    "dates in a word": (FENCE, "x-YYYYMMDD-"),
    "placeholders": (FENCE, "run <a> [b c] {d}\n"),
    "open brackets": ("# Rollback\n", "[a"),
    "open angles": ("# Rollback\n", "<a "),
    "drops": (FENCE, "DROP TABLE x; "),
    "directories": (FENCE, "cd x\nnpm i\n"),
    "a session": (f"{STEPS}```console\n", "$ echo 'x\n"),
    "sql": (f"{STEPS}```sql\n", "a\n"),
    "a table": (f"{STEPS}|Step|Command|\n|-|-|\n", "|a|`ls x`|\n"),
    "checks": ("# Rollback\n## Verification\n", "- [ ] a\n"),
    "bold labels": ("# Rollback\n", "**Rollback steps:**\n- a\n"),
    "words": ("# Rollback\n", "a "),
}


def calls(text: str) -> int:
    """How many Python calls reading a text takes that was not read just before."""
    count = 0

    def seen(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(seen)
    try:
        read(text)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("shape", SHAPES)
def test_work_grows_with_the_text_and_no_faster(shape: str) -> None:
    head, piece = SHAPES[shape]
    small = (head + piece * (3_000 // len(piece)))[:3_000]
    large = (head + piece * (12_000 // len(piece)))[:12_000]
    calls(f"{small}x")
    assert calls(large) < 6 * calls(small) + 2_000


@pytest.mark.parametrize("shape", ["items", "inline commands", "checks", "bold labels", "a table"])
def test_no_document_is_more_work_than_the_budget_allows(shape: str) -> None:
    head, piece = SHAPES[shape]
    text = (head + piece * (LIMIT // len(piece)))[:LIMIT]
    assert calls(text) < 2_500_000


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_the_largest_strange_document_is_kept_whole(shape: str) -> None:
    head, piece = SHAPES[shape]
    text = (head + piece * (LIMIT // len(piece)))[:LIMIT]
    assert read(text).source == text


@pytest.mark.parametrize(
    "piece", ["(", "$(", "${", '"$(', "`", "'", "if ", "case x in ", "<<a\n", "{ "]
)
def test_the_shell_is_read_in_one_pass_however_much_is_left_open(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    assert scan(text).segments[-1].end == len(text)


@pytest.mark.parametrize(
    "piece", ["<", "[", "{", "_", "X", "YYYY", "path/to/", "your-", "<a", "x."]
)
def test_looking_for_placeholders_never_looks_back_far(piece: str) -> None:
    find_placeholders(piece * (200_000 // len(piece)))


SEARCHES = """
import re, resource, sys
from rollback_console.documents.edit.fence_attributes import parse_info
from rollback_console.documents.markdown.folded_text import bare_title
from rollback_console.documents.parse.details import _SPLIT
from rollback_console.documents.parse.header_fields import _pieces
from rollback_console.documents.shell.render import needs_bash
from rollback_console.documents.vocabulary.step_headings import TIMED
calls = {
    "bash": lambda text: needs_bash(text),
    "attributes": lambda text: parse_info("bash " + text),
    "title": lambda text: bare_title(text),
    "ladder": lambda text: _SPLIT.split(text),
    "fields": lambda text: _pieces(text),
    "timed": lambda text: TIMED.search(text),
}
for case in sys.argv[1:]:
    name, piece, size = case.split("|")
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + 20
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
    calls[name](piece[:1] + piece * (int(size) // len(piece)) + "!")
    print(case, flush=True)
"""

SEARCHED = {
    "bash": ("a", "a="),
    "attributes": ("a", "a-"),
    "title": (" ",),
    "ladder": (" ", " o"),
    "fields": (" ",),
    "timed": ("( ", " "),
}


def test_each_search_is_over_before_its_processor_time_is_used_up() -> None:
    """What grows with the square of the text would take minutes of the 20 seconds it has.

    The process ends where one does not come to its end: the first case that is missing.
    """
    cases = [
        f"{name}|{piece}|{size}"
        for name, pieces in SEARCHED.items()
        for piece in pieces
        for size in (200_000, 400_000)
    ]
    argv = [sys.executable, "-c", SEARCHES, *cases]
    done = subprocess.run(argv, check=False, stdout=subprocess.PIPE, text=True)
    assert done.stdout.splitlines() == cases
    assert done.returncode == 0
