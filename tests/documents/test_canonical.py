"""The canonical form: written and read exactly, and nothing else accepted."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollback_console.documents import read, read_canonical, write_canonical
from rollback_console.documents.canonical import keep_all_lines, tidy_canonical
from rollback_console.documents.canonical.writer import runnable
from rollback_console.documents.errors import NotCanonical, Unwritable
from rollback_console.documents.model import (
    Action,
    Alternative,
    Check,
    Command,
    Decision,
    Estimate,
    MessageTemplate,
    Note,
    PlacedCommand,
    PlanDocument,
    Procedure,
    Role,
    Step,
    StepKind,
    StepSettings,
)
from rollback_console.documents.placeholders.find import scanned

from .test_properties import TEXTS

HERE = Path(__file__).parent
SEED = (HERE / "seed.md").read_bytes()
SCHEMA = HERE.parents[1] / "docs" / "plan-head.schema.json"

PLAN = """\
---
plan: 1
database: {kind: mariadb, name: shop, folder: /var/backups}
settle: 2m
---

# Checkout 2

**Service**: checkout
**Rollback Lead**: _________

## Before You Start

### Preconditions

- [ ] The dump is there

```bash
ls -l /var/backups/shop.sql
```

## Procedure: Back to the release before

Use when: the code alone is broken

### Step 1: Stop

Undo: start

```bash hosts=app timeout=1m
# Stop it
systemctl stop shop
```

### Step 2: Put the data back

Only if: migrations ran

Warning: Orders since the deployment are lost

Do: Tell support before.

Settings: id=data timeout=1h30m expect="rows: 3" gate destructive

#### One of: The dump

Choose: first

```bash hosts=db cwd=/srv/db user=dba
mysql shop < backup_YYYYMMDD.sql
```

#### One of: The migrations

Only if: the dump is broken

```bash hosts=app
cd /srv/app
python manage.py migrate shop <number>
```

### Step 5: Start

Kind: verify

```bash id=start
systemctl start shop
```

```text expected
active
```

## Left Out

<details>

<summary>belongs to the deployment</summary>

```text
pip install -r requirements.txt
```

</details>
"""


def test_a_canonical_plan_reads_as_exactly_what_it_says() -> None:
    document = read(PLAN)
    (procedure,) = document.procedures
    stop, data, start = procedure.steps
    assert procedure.condition == "the code alone is broken"
    assert [step.number for step in procedure.steps] == [1, 2, 5]
    assert stop.settings == StepSettings(hosts="app", timeout=60, undo="start")
    assert stop.commands[0].text == "systemctl stop shop"
    assert data.condition == "migrations ran"
    assert data.destructive
    assert data.settings.expect == "rows: 3"
    assert [way.settings.hosts for way in data.alternatives] == ["db", "app"]
    assert data.alternatives[0].preferred
    assert len(data.alternatives[1].commands) == 2
    assert start.kind is StepKind.VERIFY
    assert start.expected == "active"
    assert [one.name for one in document.placeholders if one.where == "command"]
    assert [one.reason for one in document.commands if one.role is Role.LEFT_OUT] == [
        "belongs to the deployment"
    ]
    assert write_canonical(document) == PLAN


def test_the_seed_in_canonical_form_runs_the_same_and_leaves_nothing_to_guess() -> None:
    document = read(SEED)
    text = write_canonical(document)
    again = read(text)
    assert runnable(again) == runnable(document)
    assert write_canonical(again) == text
    assert [step.key for one in again.procedures for step in one.steps] == [
        step.key for one in document.procedures for step in one.steps
    ]
    assert {one.text for one in again.checks} == {one.text for one in document.checks}
    assert again.estimates[0].low == document.estimates[0].low
    assert again.messages[0].text == document.messages[0].text


@pytest.mark.parametrize(
    ("old", "new", "line", "why"),
    [
        ("plan: 1\n", "plan: 2\n", 1, "plan: 1"),
        ("settle: 2m\n", "settles: 2m\n", 1, "settles"),
        ("# Checkout 2\n", "# Checkout 2\n\nSome words.\n", 9, "Some words."),
        ("## Before You Start", "## Before we start", 12, "no section"),
        ("Use when: the", "When: the", 24, "When"),
        ("### Step 1: Stop", "### Stop", 26, "Step 1: TITLE"),
        ("### Step 5: Start", "### Step 2: Start", 62, "count up"),
        ("hosts=app timeout=1m", "timeout=1m hosts=app", 30, "hosts=app timeout=1m"),
        ("timeout=1m\n", "timeout=soon\n", 30, "not a time"),
        ("# Stop it\n", "# Stop it\n# now\n", 31, "has “# now” here"),
        ("systemctl stop shop\n", "echo 'stop\n", 30, "never ends"),
        ("systemctl stop shop\n```\n", "systemctl stop shop\n", 30, "never"),
        ("\n### Step 5", "\n\n### Step 5", 62, "blank line"),
        ("Kind: verify", "Kind: looks", 62, "Kind: looks"),
        ("cwd=/srv/db user=dba", "timeout=1m", 49, "the rest is said of the step"),
        ("</details>\n", "</details>", 84, "line break"),
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_line_and_reason(
    old: str, new: str, line: int, why: str
) -> None:
    with pytest.raises(NotCanonical) as refusal:
        read(PLAN.replace(old, new, 1))
    assert why in refusal.value.reason
    assert refusal.value.line == line


def test_a_text_with_other_blank_lines_can_be_tidied() -> None:
    assert (
        tidy_canonical(PLAN.replace("\n\n", "\n\n\n").replace("\n\n\n### St", "\n### St")) == PLAN
    )


@pytest.mark.parametrize("language", ["sql", "python", "powershell", "text now"])
def test_what_no_shell_runs_never_becomes_a_shell_command(language: str) -> None:
    text = PLAN.replace("```bash hosts=app timeout=1m\n", f"```{language}\n")
    assert text != PLAN
    for reading in (read, tidy_canonical):
        with pytest.raises(NotCanonical):
            reading(text)


def test_what_destroys_is_a_point_of_no_return_though_nobody_marked_it() -> None:
    unmarked = PLAN.replace("systemctl stop shop", "rm -rf /srv/shop")
    document = read(unmarked)
    assert document.procedures[0].steps[0].destructive
    assert "timeout=1m destructive\n" in write_canonical(document)


def test_a_document_of_other_encoding_or_line_ends_is_no_canonical_one() -> None:
    for data in (PLAN.replace("\n", "\r\n").encode(), b"\xef\xbb\xbf" + PLAN.encode()):
        with pytest.raises(NotCanonical, match="UTF-8"):
            read(data)


def test_a_plan_whose_head_says_plan_in_words_is_a_proposal_like_any_other() -> None:
    assert read("---\nplan: checkout\n---\n# Rollback\n").title == "Rollback"


def test_a_command_that_would_read_differently_is_not_written() -> None:
    commands = (Command("echo 'open", (1, 1)), Command("rm -r x'", (2, 2)))
    step = Step(1, "x", "X", StepKind.COMMAND, (1, 2), commands=commands)
    with pytest.raises(Unwritable, match="not complete by itself"):
        write_canonical(PlanDocument("", procedures=(Procedure("p", "P", (step,), 1),)))


def test_the_head_of_a_canonical_plan_keeps_to_its_schema() -> None:
    schema = json.loads(SCHEMA.read_text())
    jsonschema_rs.validate(schema, dict(read(PLAN).front_matter.values))
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(schema, {"plan": 1, "setle": "2m"})


@settings(max_examples=150, deadline=None)
@given(text=TEXTS)
def test_whatever_a_proposal_says_runs_the_same_in_canonical_form(text: str) -> None:
    try:
        document = read(text)
    except NotCanonical:
        return
    try:
        written = write_canonical(document)
    except Unwritable:
        return
    again = read_canonical(written)
    assert runnable(again) == runnable(document)
    assert write_canonical(again) == written


# Documents made from values.

WORDS = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\r\n", exclude_categories=("Cs", "Zl", "Zp", "Cc")),
    max_size=20,
)  # fmt: skip
FILLED = WORDS.filter(lambda text: bool(text.split()))
COMMANDS = st.one_of(
    st.sampled_from(
        ["ls -l", "rm -rf /srv/x", "cat <<EOF\n# x\n```\nEOF", "git checkout <tag>", "a \\\n  b", "echo 'a\nb'"]
    ),
    FILLED.map(lambda text: f"echo {text}"),
).filter(lambda text: scanned(text + "\n").complete
    and scanned(text + "\n").ends == (len(text),)
    and text == text.strip())  # fmt: skip
ROWS = st.lists(
    st.builds(Command, COMMANDS, st.just((1, 1)), label=WORDS), min_size=1, max_size=3
).map(tuple)
NAMES = st.sampled_from(["", "app", "db-1", "a b", "it's"])
SETTINGS = st.builds(
    StepSettings,
    hosts=NAMES,
    cwd=NAMES,
    timeout=st.one_of(st.none(), st.integers(1, 100_000)),
    user=NAMES,
    on_failure=st.sampled_from(["", "pause", "abort"]),
    retry=st.one_of(st.none(), st.integers(0, 9)),
    gate=st.booleans(),
    canary=st.booleans(),
    expect=NAMES,
    undo=st.sampled_from(["", "other"]),
)
WAYS = st.builds(
    Alternative,
    WORDS,
    ROWS,
    WORDS,
    preferred=st.booleans(),
    fallback=st.booleans(),
    settings=st.builds(StepSettings, hosts=NAMES, cwd=NAMES, user=NAMES),
)
STEPS = st.builds(
    Step,
    number=st.just(1),
    key=st.just("x"),
    title=FILLED,
    kind=st.sampled_from([StepKind.COMMAND, StepKind.VERIFY]),
    lines=st.just((1, 1)),
    commands=ROWS,
    alternatives=st.lists(WAYS, max_size=2).map(tuple),
    condition=WORDS,
    destructive=st.just(True),
    warnings=st.lists(WORDS, max_size=2).map(tuple),
    instructions=st.lists(st.text(st.sampled_from("a b\n`#")), max_size=2).map(tuple),
    estimate=WORDS,
    expected=st.text(st.sampled_from("a b\n`")),
    group=WORDS,
    settings=SETTINGS,
)
NOTES = st.lists(st.builds(Note, WORDS, st.just(1), WORDS), max_size=2).map(tuple)
DOCUMENTS = st.builds(
    PlanDocument,
    source=st.just(""),
    title=WORDS,
    service=WORDS,
    fields=st.dictionaries(WORDS, WORDS, max_size=2),
    procedures=st.lists(
        st.builds(
            Procedure, st.just("p"), FILLED, STEPS.map(lambda step: (step,)), st.just(1), WORDS
        ),
        max_size=2,
    ).map(tuple),
    triggers=NOTES,
    decision=st.builds(Decision, st.tuples(WORDS), st.tuples(WORDS), NOTES),
    checks=st.lists(
        st.builds(Check, st.just("c"), WORDS, st.just(1), WORDS, ROWS), max_size=2
    ).map(tuple),
    actions=st.lists(
        st.builds(
            Action, st.just("a"), WORDS, st.just(1), st.sampled_from(["immediate", "follow_up"])
        ),
        max_size=2,
    ).map(tuple),
    estimates=st.lists(
        st.builds(
            Estimate, WORDS, WORDS, st.one_of(st.none(), st.floats(0, 90)), st.just(90.0), st.just(1)
        ),
        max_size=1,
    ).map(tuple),
    messages=st.lists(
        st.builds(MessageTemplate, WORDS, st.text(st.sampled_from("a`\n")), st.just(()), st.just(1)),
        max_size=1,
    ).map(tuple),
    commands=st.lists(
        st.builds(
            PlacedCommand, COMMANDS, st.just((1, 1)), st.just(Role.LEFT_OUT), reason=WORDS
        ),
        max_size=2,
    ).map(tuple),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(document=DOCUMENTS)
def test_every_document_reads_as_it_was_written(document: PlanDocument) -> None:
    text = write_canonical(document)
    again = read_canonical(text)
    assert runnable(again) == runnable(document)
    assert write_canonical(again) == text


def test_every_proposal_of_the_corpus_has_a_canonical_form() -> None:
    for path in sorted((HERE / "corpus").glob("*.md")):
        document = read(path.read_bytes())
        assert runnable(read(write_canonical(document))) == runnable(document), path.name


ORDINARY = """\
# Rollback of the bookings release

Don't roll back for a wrong translation.

## Rollback steps

### Step 1: Old code
```bash
git checkout v1
```

## See whether all is well
- [ ] Check-ins are possible

## Let people know
> Bookings were rolled back.
"""


def test_what_the_reader_made_nothing_of_is_kept_under_left_out() -> None:
    text = write_canonical(keep_all_lines(read(ORDINARY)))
    folded = text.split("## Left Out")[1]
    for line in ("wrong translation", "Check-ins are possible", "Bookings were rolled back"):
        assert line in text
    assert "## Let people know" in folded
    assert runnable(read(text)) == runnable(read(ORDINARY))


def test_no_line_of_the_corpus_is_lost_in_canonical_form() -> None:
    for path in sorted((HERE / "corpus").glob("*.md")):
        document = read(path.read_bytes())
        kept = keep_all_lines(document)
        assert keep_all_lines(kept) == kept, path.name
        text, rows = write_canonical(kept), document.source.splitlines()
        checks = [row for row in rows if row.lstrip().startswith("- [ ]")]
        assert all(bare(row) in bare(text) for row in checks), path.name


def bare(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def test_the_example_of_the_manual_is_canonical() -> None:
    manual = (HERE.parents[1] / "docs" / "plans.md").read_text()
    example = manual.split("````markdown\n")[1].split("````")[0]
    assert write_canonical(read_canonical(example)) == example
