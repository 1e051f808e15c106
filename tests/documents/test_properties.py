"""What holds for any text at all."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from rollback_console.documents import choices, read, report, write
from rollback_console.documents.edit.writer import apply_fix, write_bytes
from rollback_console.documents.markdown.blocks import BlockKind, parse
from rollback_console.documents.markdown.front_matter import read_front_matter
from rollback_console.documents.markdown.source import split_lines
from rollback_console.documents.model import PlanDocument, Role, Step
from rollback_console.documents.parse.commands.fences import is_ellipsis, read_fence
from rollback_console.documents.placeholders.collect import commands_of
from rollback_console.documents.shell.scanner import scan

LINES = st.sampled_from(
    [
        "# Rollback Plan", "## Rollback Steps", "### Step 1: Stop", "### Option A: Helm", "## Verification",
        "## 2. Database", "- [ ] check", "- item", "1. **Bold** `git checkout <x>`", "   ```bash", "```", "```bash",
        "```sql", "~~~", "    indented", "git checkout <sha>", "# Or use the tag", "# 1. First", "# 2. Second",
        "cat <<EOF", "EOF", "echo 'open", "| a | Command |", "|---|---|", "| x | `ls -l` |", "> quote", "---", "===",
        "**Environment**: staging", "**Lead**: ____", "<!-- note", "-->", "WARNING: data loss", "Only if needed:",
        "mysql -p$PW db < backup_YYYYMMDD.sql", "cd x", "$ ls", "...", "\\", "\t- deep", "if x; then", "fi", "",
        "title: x", "a: [", "## Notify", "[describe reason]", "**Steps:**", "kubectl rollout undo deploy/x",
    ]
)  # fmt: skip
TEXTS = st.one_of(
    st.lists(LINES, max_size=40).map("\n".join),
    st.lists(LINES, max_size=25).map("\r\n".join),
    st.lists(st.one_of(LINES, st.text(max_size=30)), max_size=25).map("\n".join),
    st.text(max_size=400),
    st.lists(LINES, max_size=20).map(lambda lines: "---\n" + "\n".join(lines) + "\n---\n# x\n"),
).filter(lambda text: "\0" not in text)


def lines_of(document: PlanDocument) -> list[int]:
    """Every line number that has a meaning or is listed as having none."""
    spans = [span.lines for span in document.mapped] + list(document.unmapped)
    return [number for first, last in spans for number in range(first, last + 1)]


@settings(max_examples=400, deadline=None)
@given(text=TEXTS)
@example(text="")
@example(text="\ufeff# Rollback\n")
@example(text="---\na: &x [*x]\n---\n")
@example(text="```bash\n")
@example(text="\x0b\x0c\u2028 - [ ] x")
def test_any_text_is_read_and_written_back_unchanged(text: str) -> None:
    document = read(text)
    assert write(document) == text
    assert read(write(document)) == document
    json.dumps(report(document))
    choices(document)


@settings(max_examples=400, deadline=None)
@given(text=TEXTS)
def test_every_line_that_says_something_has_exactly_one_meaning_or_none(text: str) -> None:
    filled = [at for at, line in enumerate(split_lines(text), 1) if line.strip()]
    covered = lines_of(read(text))
    assert len(covered) == len(set(covered))
    assert set(filled) <= set(covered)


@settings(max_examples=300, deadline=None)
@given(text=TEXTS)
@example(text="| a | Command |\n|---|---|")
def test_keys_are_unique_and_lines_lie_inside_the_text(text: str) -> None:
    document = read(text)
    count = len(split_lines(text))
    own = [one for one in document.procedures if not one.derived]
    keys = [step.key for one in own for step in one.steps]
    assert len(keys) == len(set(keys))
    assert len({one.name for one in document.placeholders}) == len(document.placeholders)
    for step in (step for one in own for step in one.steps):
        for command in [*step.commands, *(c for way in step.alternatives for c in way.commands)]:
            assert step.lines[0] <= command.lines[0] <= command.lines[1] <= step.lines[1] <= count
    assert all(1 <= finding.line <= count for finding in document.findings)


@settings(max_examples=300, deadline=None)
@given(text=TEXTS)
def test_a_command_is_always_the_authors_own_text(text: str) -> None:
    flat = "".join(text.split())
    for procedure in read(text).procedures:
        for step in procedure.steps:
            for command in step.commands:
                for line in command.text.split("\n"):
                    assert "".join(line.split()) in flat


CORPUS = [plan.read_text() for plan in sorted(Path(__file__).parent.rglob("*.md"))]


def steps_of(document: PlanDocument) -> list[Step]:
    return [step for one in document.procedures if not one.derived for step in one.steps]


def commands_of_fences(text: str) -> set[tuple[tuple[int, int], str]]:
    """What the fences of a text hold, read without any sense of where they stand."""
    lines = split_lines(text)
    head = read_front_matter(lines)
    end = head.lines[1] if head.lines else 0
    fences = [b for b in parse([""] * end + lines[end:]) if b.kind is BlockKind.FENCE]
    commands = [command for block in fences for command in read_fence(block).commands]
    return {(one.lines, one.text) for one in commands if not is_ellipsis(one.text)}


def test_each_command_of_the_corpus_is_placed_exactly_once() -> None:
    for text in CORPUS:
        check_places(text)


@settings(max_examples=300, deadline=None)
@given(text=TEXTS)
def test_each_command_is_placed_exactly_once(text: str) -> None:
    check_places(text)


def check_places(text: str) -> None:
    document = read(text)
    places = [(one.lines, one.text) for one in document.commands]
    assert len(places) == len(set(places))
    assert commands_of_fences(text) <= set(places)
    roles = {(one.lines, one.text): one.role for one in document.commands}
    for step in steps_of(document):
        for command in commands_of(step):
            role = roles[command.lines, command.text]
            assert role is Role.STEP or not step.runs
    for check in (*document.checks, *document.preconditions):
        for command in check.commands:
            assert roles[command.lines, command.text] in {Role.CHECK, Role.PRECONDITION}


def test_what_is_asked_about_runs_nowhere() -> None:
    for text in CORPUS:
        document = read(text)
        role_keys = {key for one in document.questions if one.kind == "role" for key in one.members}
        assert not any(step.runs for step in steps_of(document) if step.key in role_keys)


CONDITIONS = {
    "none": ("### {}\n", "```bash\n{}\n```\n"),
    "aside": ("### {} (only if needed)\n", "```bash\n{}\n```\n"),
    "end": ("### {} if needed\n", "```bash\n{}\n```\n"),
    "sentence": ("### {}\nOnly if the schema has changed.\n\n", "```bash\n{}\n```\n"),
    "remark": ("### {}\n", "```bash\n# ONLY if the schema has changed\n{}\n```\n"),
    "warning": ("### {}\n**CRITICAL:** Only run if all else is lost.\n\n", "```bash\n{}\n```\n"),
}


@settings(max_examples=150, deadline=None)
@given(kinds=st.lists(st.sampled_from(sorted(CONDITIONS)), min_size=1, max_size=6))
def test_a_condition_holds_for_what_stands_under_it_and_nothing_else(kinds: list[str]) -> None:
    names = ("Alpha", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot")
    parts = [
        CONDITIONS[kind][0].format(f"{at}. {name}")
        + CONDITIONS[kind][1].format(f"kubectl do {name}")
        for at, (kind, name) in enumerate(zip(kinds, names, strict=False), 1)
    ]
    document = read("# Rollback\n## Rollback steps\n" + "".join(parts))
    conditions = [bool(step.condition) for step in steps_of(document)]
    assert conditions == [kind != "none" for kind in kinds]
    assert not any(procedure.condition for procedure in document.procedures)


@settings(max_examples=150, deadline=None)
@given(text=TEXTS)
def test_every_fix_gives_a_text_that_can_be_read(text: str) -> None:
    document = read(text)
    for finding in document.findings:
        if finding.fix:
            assert read(apply_fix(document, finding)).source != text


@settings(max_examples=300, deadline=None)
@given(text=st.one_of(TEXTS, st.text(alphabet="'\"`$(){}\\<>|&;#\n aEOF=-", max_size=80)))
def test_the_shell_is_read_to_the_end_without_gaps(text: str) -> None:
    read_shell = scan(text)
    at = 0
    for segment in read_shell.segments:
        assert (segment.start, segment.start < segment.end) == (at, True)
        at = segment.end
    assert at == len(text)


@given(text=st.text(max_size=200).filter(lambda text: "\0" not in text))
def test_bytes_in_each_encoding_come_back_as_they_were(text: str) -> None:
    plain = text.removeprefix("\ufeff").encode("utf-8", "surrogatepass").decode("utf-8", "ignore")
    for mark, encoding in ((b"", "utf-8"), (b"\xef\xbb\xbf", "utf-8")):
        data = mark + plain.encode(encoding)
        assert write_bytes(read(data)) == data
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        data = mark + plain.encode(encoding)
        assert write_bytes(read(data)) == data
