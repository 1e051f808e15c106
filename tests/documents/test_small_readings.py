"""Small things an author writes beside the steps, and how they are read and written down."""

from __future__ import annotations

import pytest

from rollback_console.documents import read
from rollback_console.documents.canonical import read_canonical
from rollback_console.documents.canonical.layout import bare_condition
from rollback_console.documents.canonical.spelling import spell
from rollback_console.documents.model import Estimate, PlanDocument, Step
from rollback_console.documents.vocabulary.section_names import SectionKind, part_of

STEPS = "# Rollback plan\n## Rollback steps\n"


def only_step(title: str, above: str = "") -> Step:
    document = read(f"{STEPS}### Step 1: {title}\n{above}\n```bash\nsvc stop\n```\n")
    (step,) = document.procedures[0].steps
    return step


@pytest.mark.parametrize(
    "title",
    [
        "Stop the worker (only if it runs) (~2 min)",
        "Stop the worker - only if it runs (~2 min)",
        "Stop the worker (only if it runs)",
    ],
)
def test_the_time_a_step_takes_is_no_part_of_its_condition(title: str) -> None:
    assert only_step(title).condition == "only if it runs"


@pytest.mark.parametrize(
    ("heading", "part"),
    [
        ("Check that it worked", SectionKind.VERIFICATION),
        ("Tell people", SectionKind.COMMUNICATION),
        ("Who decides", SectionKind.DECISION),
        ("Wer entscheidet", SectionKind.DECISION),
        ("Quem decide", SectionKind.DECISION),
        ("Кто принимает решение", SectionKind.DECISION),
        ("Bescheid geben", SectionKind.COMMUNICATION),
        ("Beri tahu pengguna", SectionKind.COMMUNICATION),
        ("Time", SectionKind.TIME),
    ],
)
def test_plain_headings_say_what_they_are(heading: str, part: SectionKind) -> None:
    assert part_of(heading) is part


@pytest.mark.parametrize(
    "line",
    [
        "If not reachable within 10 minutes: CTO",
        "If she does not answer: CTO",
        "When nobody answers, CTO",
        "Wenn nicht erreichbar: CTO",
    ],
)
def test_who_decides_in_another_ones_absence_is_the_next_rung(line: str) -> None:
    decision = read(f"{STEPS}1. Stop it\n\n## Decision maker\n- Deploy Lead\n- {line}\n").decision
    assert (decision.primary, decision.escalate_to) == (("Deploy Lead",), ("CTO",))


@pytest.mark.parametrize(
    ("written", "bare"),
    [
        ("Use when: Use this if the code is bad", "the code is bad"),
        ("Only if: only if the schema changed", "the schema changed"),
        ("If and only if it runs", "it runs"),
        ("if needed", "needed"),
        ("during an outage", "during an outage"),
        ("Only if", "Only if"),
    ],
)
def test_a_condition_is_said_once(written: str, bare: str) -> None:
    assert bare_condition(written) == bare
    assert bare_condition(bare) == bare


def test_a_condition_under_its_label_is_written_once() -> None:
    step = only_step("Restore", "Only if: only if the schema changed\n")
    assert bare_condition(step.condition) == "the schema changed"
    text = spell(read(f"{STEPS}### Step 1: Stop (only if it runs)\n```bash\nsvc stop\n```\n"))
    assert "Only if: it runs\n" in text


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(2, 2, "2 minutes"), (1, 1, "1 minute"), (5, 10, "5-10 minutes"), (0.5, 1, "0.5-1 minutes")],
)
def test_a_time_that_is_no_span_is_one_number(low: float, high: float, text: str) -> None:
    written = spell(PlanDocument("", estimates=(Estimate(text, "Code", low, high, 1),)))
    assert f"- **Code**: {text}\n" in written
    (again,) = read_canonical(written).estimates
    assert (again.low, again.high) == (low, high)
