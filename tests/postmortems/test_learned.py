"""What was learned goes into the plan's text, and nothing else of it changes."""

from __future__ import annotations

from datetime import date, timedelta
from difflib import ndiff
from pathlib import Path

import pytest

from rollback_console import documents
from rollback_console.documents.vocabulary.section_names import SectionKind
from rollback_console.postmortems.lessons.plan_edits import with_estimate, with_lessons
from rollback_console.postmortems.report import section_headings
from rollback_console.postmortems.trends.estimates import Range, measured, span

SEED = (Path(__file__).parents[1] / "documents" / "seed.md").read_text()
TOOK = Range(timedelta(minutes=7), timedelta(minutes=11), 5)
DAY = date(2026, 11, 25)


def changed(old: str, new: str) -> tuple[list[str], list[str]]:
    """Lines that went, and lines that came."""
    rows = list(ndiff(old.splitlines(keepends=True), new.splitlines(keepends=True)))
    return (
        [row[2:] for row in rows if row.startswith("- ")],
        [row[2:] for row in rows if row.startswith("+ ")],
    )


def lessons(source: str, **texts: str) -> str:
    return with_lessons(documents.read(source), texts, "rollback 12")


def test_a_slot_that_holds_a_placeholder_is_filled() -> None:
    new = lessons(SEED, what_went_wrong="A bad join", how_to_prevent="Rehearse\n\n- Review joins")
    gone, came = changed(SEED, new)
    assert gone == [
        "- [Document issue that caused rollback]\n",
        "- [Document preventive measures]\n",
    ]
    assert came == [
        "- A bad join (rollback 12)\n",
        "- Rehearse (rollback 12)\n",
        "- Review joins (rollback 12)\n",
    ]


def test_a_slot_that_holds_notes_grows_and_nothing_is_written_twice() -> None:
    once = lessons(SEED, what_went_wrong="A bad join")
    assert lessons(once, what_went_wrong="A bad join") == once
    gone, came = changed(once, lessons(once, what_went_wrong="A bad join\nNo index"))
    assert (gone, came) == ([], ["- No index (rollback 12)\n"])


def test_a_plan_without_the_section_gets_one_at_its_end() -> None:
    source = "# Rollback Plan\n\n## Steps\n\n### Step 1: Stop\n```bash\nstop\n```"
    new = lessons(source, how_to_prevent="Rehearse")
    assert new.startswith(source + "\n")
    assert new.endswith(
        "\n## Prevention for Next Deployment\n\n### How to Prevent\n- Rehearse (rollback 12)\n"
    )
    assert documents.read(new).prevention[0].text == "Rehearse (rollback 12)"


def test_a_section_of_lessons_gets_the_headings_it_lacks() -> None:
    source = "# Plan\n\n## Steps\n1. Stop\n\n# Lessons Learned\n\nNone yet.\n\n# Contacts\n- Sam\n"
    gone, came = changed(source, lessons(source, additional_testing="Load test"))
    assert gone == []
    assert "".join(came).strip() == "## Additional Testing\n- Load test (rollback 12)"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_documents_own_line_ends_are_kept(end: str) -> None:
    source = SEED.replace("\n", end)
    new = lessons(source, additional_testing="Load test")
    assert new == source.replace(
        f"- [Document additional tests needed]{end}", f"- Load test (rollback 12){end}"
    )


@pytest.mark.parametrize(
    "text",
    ["```bash\nrm -rf /\n```", "### Step 9: Remove\n    rm -rf /", "1. Stop\n2) `rm -rf /`", "---"],
)
def test_nothing_that_is_learned_becomes_a_step(text: str) -> None:
    old, new = documents.read(SEED), documents.read(lessons(SEED, how_to_prevent=text))
    assert [
        [command.text for step in each.steps for command in step.commands]
        for each in new.procedures
    ] == [
        [command.text for step in each.steps for command in step.commands]
        for each in old.procedures
    ]
    assert [note.text for note in new.data.losses] == [note.text for note in old.data.losses]


def test_a_measured_time_stands_beside_the_authors_own() -> None:
    new = with_estimate(documents.read(SEED), "Rollback Steps", TOOK, DAY)
    gone, came = changed(SEED, new)
    assert gone == []
    assert came == [
        "- **Measured, Rollback Steps**: 7-11 minutes (5 rollbacks, last on 2026-11-25)\n"
    ]
    read = documents.read(new).estimates[-1]
    assert (read.kind, read.low, read.high) == ("Measured, Rollback Steps", 7, 11)


def test_a_later_measure_replaces_the_one_before() -> None:
    once = with_estimate(documents.read(SEED), "Rollback Steps", TOOK, DAY)
    slower = Range(timedelta(minutes=8), timedelta(minutes=20), 6)
    twice = with_estimate(documents.read(once), "Rollback Steps", slower, DAY)
    gone, came = changed(once, twice)
    assert len(gone) == len(came) == 1
    assert "8-20 minutes (6 rollbacks" in came[0]


def test_a_plan_without_estimates_gets_a_section_for_them() -> None:
    source = "# Rollback Plan\n\n## Steps\n\n### Step 1: Stop\n```bash\nstop\n```\n"
    new = with_estimate(documents.read(source), "Steps", TOOK, DAY)
    assert new.startswith(source)
    assert "\n## Rollback Time Estimate\n\n- **Measured, Steps**: 7-11 minutes" in new


def test_a_plans_own_headings_are_used_and_a_step_is_none_of_them() -> None:
    assert section_headings.title_of(SEED, SectionKind.VERIFICATION, "") == "Rollback Verification"
    assert section_headings.title_of(SEED, SectionKind.STEPS, "") == "Rollback Steps"
    assert (
        section_headings.title_of("# Plan\n\n## Steps\n", SectionKind.DATA, "Data Loss")
        == "Data Loss"
    )


def test_short_rollbacks_are_told_in_seconds() -> None:
    assert str(measured([12, 40, 20, 31, 35])) == "31-40 seconds"
    assert span(timedelta(seconds=61), timedelta(seconds=700)) == "1-12 minutes"
    assert span(timedelta(0), timedelta(0)) == "0-1 seconds"
