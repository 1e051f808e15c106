"""Every word of the table does what its row says, in every language."""

from __future__ import annotations

import pytest

from rollback_console.documents.vocabulary.languages import CODES, WORDS, Meaning
from rollback_console.documents.vocabulary.left_out import why_label_leaves_out
from rollback_console.documents.vocabulary.remarks import is_condition, is_or, is_warning
from rollback_console.documents.vocabulary.section_names import (
    SectionKind,
    part_of,
    speaks_of_going_back,
    speaks_of_going_forward,
)
from rollback_console.documents.vocabulary.step_headings import (
    is_phase_heading,
    is_step_heading,
    is_way_heading,
)

HOLDS = {
    Meaning.STEP: lambda word: is_step_heading(f"{word} 1: x"),
    Meaning.OPTION: lambda word: is_way_heading(f"{word} 1: x"),
    Meaning.PHASE: lambda word: is_phase_heading(f"{word} 1: x"),
    Meaning.OR: lambda word: is_or(f"{word}:") or is_or(f"{word}使用"),
    Meaning.CONDITION: is_condition,
    Meaning.WARNING: lambda word: is_warning(f"{word}: x"),
    Meaning.BEFORE: lambda word: part_of(word) is SectionKind.PRECONDITIONS,
    Meaning.AFTER: lambda word: part_of(word) is SectionKind.AFTER,
    Meaning.EXAMPLE: lambda word: why_label_leaves_out(f"{word}:") == "an example",
    Meaning.OUTPUT: lambda word: why_label_leaves_out(f"{word}:") == "expected output",
    Meaning.GOING_BACK: speaks_of_going_back,
    Meaning.CHECKING: lambda word: part_of(word) is SectionKind.VERIFICATION,
    Meaning.WHEN: lambda word: part_of(word) is SectionKind.TRIGGERS,
    Meaning.STEPS: lambda word: part_of(word) is SectionKind.STEPS,
    Meaning.DEPLOYING: speaks_of_going_forward,
    Meaning.TELLING: lambda word: part_of(word) is SectionKind.COMMUNICATION,
    Meaning.DECIDING: lambda word: part_of(word) is SectionKind.DECISION,
}


def test_the_table_holds_nineteen_languages_and_each_row_all_of_them() -> None:
    assert len(CODES) == 19
    assert all(set(row) == set(CODES) for row in WORDS.values())


@pytest.mark.parametrize("meaning", Meaning, ids=lambda meaning: meaning.value)
def test_each_word_of_a_row_is_read_as_its_meaning(meaning: Meaning) -> None:
    words = {code: [w.rstrip("*") for w in WORDS[meaning][code].split("|")] for code in CODES}
    unread = [
        f"{code}: {word}" for code in CODES for word in words[code] if not HOLDS[meaning](word)
    ]
    assert unread == []
