"""Arranging a proposal: no command is ever lost or doubled, and everything can be taken back."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollback_console.documents import read, read_canonical, write_canonical
from rollback_console.documents.arrange import OPERATIONS, arrange, begin, list_commands
from rollback_console.documents.errors import ArrangementError, Unwritable
from rollback_console.documents.model import PlanDocument, StepKind

HERE = Path(__file__).parent
SEED = read((HERE / "seed.md").read_bytes())
ORDINARY = read((HERE / "ordinary.md").read_bytes())
MOST_ACTIONS = 15
PLAN = read("""\
# Rollback Plan

## Prerequisites
- The dump is there

## Rollback Steps

### Step 1: Stop
```bash hosts=app
systemctl stop shop
systemctl stop mail
```

### Step 2: From git
```bash
git checkout v1
```

### Step 3: From the archive
```bash
tar xf shop.tar
```

### Step 4: Start
```bash
systemctl start shop
```

## Verification
```bash
curl -f localhost
```

## How to deploy
```bash
pip install shop
```
""")


def titles(document: PlanDocument) -> list[str]:
    return [f"{step.number} {step.title}" for step in document.procedures[0].steps]


def test_the_seed_asks_at_most_three_questions() -> None:
    assert len(begin(SEED).questions) <= 3


def test_an_ordinary_plan_takes_few_actions_until_it_is_as_its_author_meant_it() -> None:
    changes = [
        {"do": "answer", "question": "role-cache", "value": "step"},
        {"do": "follow", "way": "p2"},
        {"do": "move", "step": "s7", "to": "p1", "before": "s6"},
        {"do": "kind", "step": "s7", "kind": "command"},
        {"do": "answer", "question": "role-search-index", "value": "left-out"},
    ]
    arranged = arrange(ORDINARY, changes)
    assert [step.title for step in arranged.procedures[0].steps] == [
        "Stop taking orders",
        "Drain the queue (only if the consumer is alive)",
        "Put the code back",
        "Put the database back",
        "Restart",
        "Cache",
        "Take orders again",
    ]
    assert len(arranged.procedures) == 1
    assert not arranged.questions
    assert len(changes) + len(("confirm",)) <= MOST_ACTIONS
    assert len(ORDINARY.findings) <= 10


def test_every_part_is_named_by_its_place() -> None:
    arranged = begin(PLAN)
    assert [step.key for step in arranged.procedures[0].steps] == ["s1", "s2", "s3", "s4"]
    assert arranged.procedures[0].key == "p1"
    assert [one.key for one in arranged.checks] == ["c1"]
    assert [one.text for one in arranged.commands] == ["pip install shop"]


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ({"do": "role", "block": "s2", "role": "left-out", "reason": "no"}, ["1 Stop", "3 From the archive", "4 Start"]),
        ({"do": "role", "block": "s4", "role": "check"}, ["1 Stop", "2 From git", "3 From the archive"]),
        ({"do": "role", "block": "c1", "role": "step"}, ["1 Stop", "2 From git", "3 From the archive", "4 Start", "5 curl -f localhost"]),
        ({"do": "role", "block": "x1", "role": "step"}, ["1 Stop", "2 From git", "3 From the archive", "4 Start", "5 pip install shop"]),
        ({"do": "move", "step": "s4", "to": "p1", "before": "s2"}, ["1 Stop", "2 Start", "3 From git", "4 From the archive"]),
        ({"do": "move", "step": "s1", "to": "p1"}, ["1 From git", "2 From the archive", "3 Start", "4 Stop"]),
        ({"do": "split", "step": "s1", "at": "2"}, ["1 Stop", "2 Stop, continued", "3 From git", "4 From the archive", "5 Start"]),
        ({"do": "join", "step": "s2"}, ["1 Stop", "2 From git", "4 Start"]),
        ({"do": "choice", "step": "s2"}, ["1 Stop", "2 From git", "4 Start"]),
        ({"do": "part", "step": "s3", "name": "Other"}, ["1 Stop", "2 From git"]),
        ({"do": "add", "title": "Wait", "after": "s1"}, ["1 Stop", "2 Wait", "3 From git", "4 From the archive", "5 Start"]),
        ({"do": "title", "of": "s1", "text": "Halt"}, ["1 Halt", "2 From git", "3 From the archive", "4 Start"]),
    ],
)  # fmt: skip
def test_a_change_does_what_its_name_says(operation: dict[str, str], expected: list[str]) -> None:
    assert titles(arrange(PLAN, [operation])) == expected


def test_steps_become_ways_of_one_step_and_follow_each_other_again() -> None:
    ways = arrange(PLAN, [{"do": "choice", "step": "s2"}])
    step = ways.procedures[0].steps[1]
    assert [one.label for one in step.alternatives] == ["From git", "From the archive"]
    row = arrange(PLAN, [{"do": "choice", "step": "s2"}, {"do": "sequence", "step": "s2"}])
    assert [step.title for step in row.procedures[0].steps][1:3] == ["From git", "From the archive"]


def test_what_alternatives_share_is_split_from_them_and_joined_again() -> None:
    code = begin(SEED).procedures[0].steps[1]
    assert (len(code.commands), len(code.alternatives)) == (1, 2)
    split = arrange(SEED, [{"do": "split", "step": code.key, "at": "2"}])
    shared, choice = split.procedures[0].steps[1:3]
    assert (shared.commands, shared.alternatives) == (code.commands, ())
    assert (choice.commands, choice.alternatives) == ((), code.alternatives)
    joined = arrange(
        SEED,
        [{"do": "split", "step": code.key, "at": "2"}, {"do": "join", "step": shared.key}],
    )
    again = joined.procedures[0].steps[1]
    assert (again.commands, again.alternatives) == (code.commands, code.alternatives)


def test_a_part_that_became_a_way_follows_again() -> None:
    apart = [{"do": "part", "step": "s3", "name": "Other"}]
    assert len(arrange(PLAN, apart).procedures) == 2
    again = arrange(PLAN, [*apart, {"do": "follow", "way": "n1"}])
    assert titles(again) == titles(begin(PLAN))


def test_conditions_warnings_kinds_and_settings_are_set() -> None:
    (stop, *_) = (
        arrange(
            PLAN,
            [
                {"do": "condition", "of": "s1", "text": "it runs"},
                {"do": "warnings", "of": "s1", "text": "Orders are lost\nTwice"},
                {"do": "kind", "step": "s1", "kind": "manual"},
                {"do": "settings", "step": "s1", "text": "hosts=db gate"},
            ],
        )
        .procedures[0]
        .steps
    )
    assert (stop.condition, stop.warnings) == ("it runs", ("Orders are lost", "Twice"))
    assert stop.kind is StepKind.MANUAL
    assert (stop.settings.hosts, stop.settings.gate) == ("db", True)


def test_a_plan_is_written_from_nothing() -> None:
    empty = read("# Checkout\n")
    arranged = arrange(
        empty,
        [
            {"do": "add", "title": "Stop", "commands": "systemctl stop shop\n# Then\nsync"},
            {"do": "add", "title": "Start", "commands": "systemctl start shop", "way": ""},
            {"do": "item", "kind": "check", "text": "User can log in"},
            {"do": "item", "kind": "trigger", "text": "It is down"},
            {"do": "condition", "of": "n1w", "text": "the code alone is broken"},
        ],
    )
    text = write_canonical(arranged)
    document = read_canonical(text)
    assert [step.title for step in document.procedures[0].steps] == ["Stop", "Start"]
    assert len(document.procedures[0].steps[0].commands) == 2
    assert document.checks[0].text == "User can log in"


@pytest.mark.parametrize(
    ("operation", "why"),
    [
        ({"do": "nothing"}, "no change"),
        ({"do": "role", "block": "s9", "role": "check"}, "not there any more"),
        ({"do": "role", "block": "s1", "role": "king"}, "A block is one of"),
        ({"do": "role", "block": "s1", "role": "left-out"}, "Say why"),
        ({"do": "role", "block": "s1"}, "Say the role first"),
        ({"do": "split", "step": "s1", "at": "1"}, "second or later"),
        ({"do": "join", "step": "s4"}, "no step behind"),
        ({"do": "kind", "step": "s1", "kind": "gone"}, "A step is one of"),
        ({"do": "settings", "step": "s1", "text": "gaet"}, "Did you mean gate"),
        ({"do": "follow", "way": "p1"}, "no way before"),
        ({"do": "part", "step": "s1", "name": "Other"}, "begin it with the second"),
        ({"do": "add", "title": "Open", "commands": "echo 'open"}, "not complete"),
        ({"do": "answer", "question": "x", "value": "ways"}, "answered already"),
    ],
)
def test_a_change_that_does_not_fit_is_refused_with_a_sentence(
    operation: dict[str, str], why: str
) -> None:
    with pytest.raises(ArrangementError, match=why):
        arrange(PLAN, [operation])


KEYS = st.sampled_from(
    ["", *(f"s{n}" for n in range(1, 8)), "p1", "p2", "c1", "c2", "r1", "a1", "x1", "x2"]
    + [f"n{n}" for n in range(1, 9)]
)
ARRANGED = st.fixed_dictionaries(
    {
        "do": st.sampled_from(sorted(OPERATIONS.keys() - {"add", "item", "answer"})),
        "step": KEYS,
        "block": KEYS,
        "role": st.sampled_from(["step", "check", "precondition", "action", "left-out"]),
        "reason": st.just("it is not"),
        "to": KEYS,
        "before": KEYS,
        "way": KEYS,
        "of": KEYS,
        "at": st.sampled_from(["2", "3"]),
        "name": st.just("Other way"),
        "text": st.sampled_from(["", "it is down"]),
        "kind": st.sampled_from([kind.value for kind in StepKind]),
    }
)


@settings(max_examples=200, deadline=None)
@given(
    proposal=st.sampled_from([SEED, PLAN]), operations=st.lists(ARRANGED, min_size=1, max_size=8)
)
def test_no_command_is_lost_or_doubled_by_any_changes(
    proposal: PlanDocument, operations: list[dict[str, Any]]
) -> None:
    before = Counter(list_commands(begin(proposal)))
    done: list[dict[str, Any]] = []
    for operation in operations:
        try:
            arranged = arrange(proposal, [*done, operation])
        except ArrangementError:
            continue
        done.append(operation)
        assert Counter(list_commands(arranged)) == before, operation
        for way in arranged.procedures:
            numbers = [step.number for step in way.steps]
            assert numbers == sorted(set(numbers)) and numbers[0] > 0
    try:
        text = write_canonical(arrange(proposal, done))
    except Unwritable as error:
        raise AssertionError(done) from error
    assert write_canonical(read_canonical(text)) == text


def test_every_document_of_the_corpus_keeps_its_commands_when_it_is_begun() -> None:
    for path in sorted((HERE / "corpus").glob("*.md")):
        document = read(path.read_bytes())
        kept = " ".join("\n".join(list_commands(begin(document))).split())
        words = " ".join(check.text for check in (*document.checks, *document.preconditions))
        for one in document.commands:
            text = " ".join(one.text.split())
            assert text in kept or text in words, (path.name, one.text)
