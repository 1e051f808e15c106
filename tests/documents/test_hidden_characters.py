"""What nobody sees in a command is found, shown as a mark, and taken out on request."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollback_console.documents import read
from rollback_console.documents.edit.writer import apply_fix
from rollback_console.documents.model import Severity
from rollback_console.documents.shell.hidden_characters import (
    confirmation_key,
    find_hidden,
    show_hidden,
    show_hidden_in_output,
    without_hidden,
)

PLAN = "# Rollback Plan\n\n## Rollback Steps\n\n### Step 1: Do it\n\n```bash\n{}\n```\n"
RIGHT_TO_LEFT = "\N{RIGHT-TO-LEFT OVERRIDE}"


@pytest.mark.parametrize(
    "name",
    [
        "RIGHT-TO-LEFT OVERRIDE",
        "OBJECT REPLACEMENT CHARACTER",
        "MUSICAL SYMBOL NULL NOTEHEAD",
        "KHITAN SMALL SCRIPT FILLER",
        "LEFT-TO-RIGHT ISOLATE",
        "POP DIRECTIONAL ISOLATE",
        "RIGHT-TO-LEFT MARK",
        "ARABIC LETTER MARK",
        "ZERO WIDTH SPACE",
        "ZERO WIDTH JOINER",
        "ZERO WIDTH NO-BREAK SPACE",
        "WORD JOINER",
        "SOFT HYPHEN",
        "INVISIBLE SEPARATOR",
        "COMBINING GRAPHEME JOINER",
        "HANGUL FILLER",
        "HALFWIDTH HANGUL FILLER",
        "HANGUL CHOSEONG FILLER",
        "BRAILLE PATTERN BLANK",
        "VARIATION SELECTOR-16",
        "VARIATION SELECTOR-256",
        "MONGOLIAN FREE VARIATION SELECTOR ONE",
        "TAG LATIN SMALL LETTER A",
        "NO-BREAK SPACE",
        "EN QUAD",
        "IDEOGRAPHIC SPACE",
        "LINE SEPARATOR",
        "PARAGRAPH SEPARATOR",
    ],
)
def test_each_kind_of_unseen_character_becomes_a_mark(name: str) -> None:
    character = unicodedata.lookup(name)
    assert show_hidden(f"rm{character} -rf") == f"rm⟨U+{ord(character):04X}⟩ -rf"
    (hidden,) = find_hidden(f"ls\nrm{character} -rf")
    assert (hidden.at, hidden.line, hidden.name) == (5, 1, name.lower())


@pytest.mark.parametrize(
    "character", ["\r", "\x1b", "\x00", "\x7f", "\x85", "\x9b", "\x0b", "\ue000"]
)
def test_control_and_private_characters_become_marks(character: str) -> None:
    assert show_hidden(f"a{character}b") == f"a⟨U+{ord(character):04X}⟩b"


@pytest.mark.parametrize("text", ["ls\t-l\nrm x", "écho 'größe'", "恢复 代码", "الكود", "echo ✔ →"])
def test_what_everybody_sees_stays(text: str) -> None:
    assert show_hidden(text) == text


def test_in_output_wide_spaces_emoji_and_joined_letters_are_only_text() -> None:
    text = "1\u00a0234\u3000✔\ufe0f \U0001f468\u200d\U0001f469 می\u200cروم"
    assert show_hidden_in_output(text) == text
    assert show_hidden_in_output(f"ab\u200c{RIGHT_TO_LEFT}") == "ab⟨U+200C⟩⟨U+202E⟩"


@given(st.text())
def test_nothing_hidden_is_left_once_it_is_shown_or_taken_out(text: str) -> None:
    assert find_hidden(show_hidden(text)) == ()
    assert find_hidden(without_hidden(text)) == ()


def test_a_confirmation_holds_for_one_character_of_one_text() -> None:
    text = f"a{RIGHT_TO_LEFT}b{RIGHT_TO_LEFT}"
    first, second = find_hidden(text)
    keys = {confirmation_key(text, first), confirmation_key(text, second)}
    changed = text + " "
    keys |= {confirmation_key(changed, each) for each in find_hidden(changed)}
    assert len(keys) == 4


def test_a_plan_that_holds_one_has_an_error_there_and_a_fix() -> None:
    plan = read(PLAN.format(f"ls\nrm -rf /srv/old{RIGHT_TO_LEFT}\u00a0x"))
    hidden = [each for each in plan.findings if each.code == "hidden-character"]
    assert [(each.severity, each.line) for each in hidden] == [(Severity.ERROR, 9)] * 2
    assert "⟨U+202E⟩, right-to-left override" in hidden[0].message
    repaired = read(apply_fix(plan, hidden[0]))
    assert "hidden-character" not in {each.code for each in repaired.findings}
    assert "rm -rf /srv/old x" in repaired.source
