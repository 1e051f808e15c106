"""The plan document as values: what the author wrote, and what each part means.

Every `line` is 1-based and every `lines` pair `(first, last)` is 1-based and inclusive, in
the source text. Times are minutes in estimates and seconds in steps. Nothing here is
mutable, so a document can be cached, compared and shared between threads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Lines = tuple[int, int]


class StepKind(StrEnum):
    """What a step asks for.

    `command`: shell text runs on hosts. `verify`: the same, but it only looks. `manual`: a
    person does it and says so. `gate`: nothing is done, a person says go on.
    """

    COMMAND = "command"
    VERIFY = "verify"
    MANUAL = "manual"
    GATE = "gate"


class PlaceholderKind(StrEnum):
    """What sort of value fills a placeholder; decides its pattern and its host-side probe."""

    COMMIT = "commit"
    TAG = "tag"
    VERSION = "version"
    FILE = "file"
    DIRECTORY = "directory"
    DATABASE = "database"
    MIGRATION = "migration"
    APP = "app"
    UNIT = "unit"
    URL = "url"
    HOST = "host"
    NUMBER = "number"
    TIMESTAMP = "timestamp"
    SECRET = "secret"  # noqa: S105 - the name of a kind, not a password
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Command:
    """One complete shell command (a compound or here-document stays whole).

    `text` is the author's, without the prompt; `label` is the comment just above it;
    `fence` is the first line of the fence it stands in.
    """

    text: str
    lines: Lines
    language: str = "bash"
    label: str = ""
    fence: int = 0


@dataclass(frozen=True, slots=True)
class StepSettings:
    """What a machine needs to know, from the fence's info string or the front matter.

    `timeout` is seconds, `rolling` hosts at a time, `retry` extra attempts, `undo` the `id`
    of another step, `role` whether a step that undoes another runs only then
    (`undo`) or in its turn too (`both`), `expect` text the output must hold. `canary`: one host first, then a
    person is asked. `strict` is "no" for a step whose shell goes on past unset variables and early ends
    of pipes; `login`: its shell first reads what a login reads. Empty or None: not said yet.
    """

    id: str = ""
    hosts: str = ""
    cwd: str = ""
    timeout: int | None = None
    user: str = ""
    on_failure: str = ""
    rolling: int | None = None
    retry: int | None = None
    gate: bool = False
    idempotent: bool = False
    canary: bool = False
    expect: str = ""
    undo: str = ""
    role: str = ""
    strict: str = ""
    login: bool = False


NO_SETTINGS = StepSettings()


@dataclass(frozen=True, slots=True)
class Alternative:
    """One of several ways to do a step; exactly one is chosen by a person.

    `fallback`: the author means it for when the first way failed. `preferred`: the author
    says to take this one. `settings` may name hosts, folder and account of its own; what it
    leaves open is the step's.
    """

    label: str
    commands: tuple[Command, ...]
    condition: str = ""
    preferred: bool = False
    fallback: bool = False
    settings: StepSettings = NO_SETTINGS


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `commands` run first, then those of the chosen alternative.

    `key` is unique in the document and stable while the title is; a derived procedure
    shares the steps of the one it comes from. `lines` spans the
    step's source. `fence` is the first line of its first command fence, 0 without one:
    where attributes are written. `condition` is the author's "only if ...", or empty.
    `instructions` is what a person reads: prose, and fences that do not run.
    `environment` holds names an author carried over from another step.
    """

    number: int
    key: str
    title: str
    kind: StepKind
    lines: Lines
    commands: tuple[Command, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    condition: str = ""
    destructive: bool = False
    warnings: tuple[str, ...] = ()
    instructions: tuple[str, ...] = ()
    estimate: str = ""
    expected: str = ""
    group: str = ""
    fence: int = 0
    settings: StepSettings = NO_SETTINGS

    @property
    def runs(self) -> bool:
        """Whether the console runs it; a manual step may hold commands that it only shows."""
        return self.kind in {StepKind.COMMAND, StepKind.VERIFY}


@dataclass(frozen=True, slots=True)
class Procedure:
    """One of several alternative ways to roll back.

    `condition` is when to take it. `derived`: made from another by leaving steps out.
    `ordered`: the author counted the steps.
    """

    key: str
    name: str
    steps: tuple[Step, ...]
    line: int
    condition: str = ""
    derived: bool = False
    ordered: bool = False
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """Something that must hold afterwards. `commands` may show it."""

    key: str
    text: str
    line: int
    group: str = ""
    commands: tuple[Command, ...] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do after the rollback. `when` is `immediate` or `follow_up`. `commands`
    are shown to who does it; the console runs none of them."""

    key: str
    text: str
    line: int
    when: str
    commands: tuple[Command, ...] = ()


@dataclass(frozen=True, slots=True)
class Note:
    """A line that says something and asks for nothing."""

    text: str
    line: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long `kind` of a rollback takes, in minutes; None where the author gave no number."""

    text: str
    kind: str
    low: float | None
    high: float | None
    line: int


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides. `escalate_to` is an ordered ladder that a person confirms."""

    primary: tuple[str, ...] = ()
    escalate_to: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class DataNotes:
    """What the author says about the database: `classes` of migrations, and what is lost."""

    classes: tuple[Note, ...] = ()
    losses: tuple[Note, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """A message to send. `slots` are the placeholder texts in it, in order, each once."""

    name: str
    text: str
    slots: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Placeholder:
    """Something to fill in.

    `text` is what the author wrote; `unit` is the text a value replaces, which is the whole
    shell word where that word is one thing (`backup_YYYYMMDD.sql` is one file, `text`
    being the moment in it) and `text` otherwise. `name` is the parameter's and the
    environment variable's name. One parameter per `name`; `lines` are all its places.
    `where` is `command`, `message`, `field` or `text`; `step` is the key of the first step.
    """

    text: str
    kind: PlaceholderKind
    line: int
    name: str
    unit: str
    where: str
    step: str = ""
    lines: tuple[int, ...] = ()

    @property
    def for_steps(self) -> bool:
        """Whether a step needs its value, or names it for whoever does the step by hand."""
        return self.where in {"command", "text"}


@dataclass(frozen=True, slots=True)
class MappedLines:
    """Lines that were understood, as `kind`; `ref` is the key of what they became."""

    kind: str
    lines: Lines
    ref: str = ""


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The YAML head of a document. `lines` is None when there is none."""

    values: Mapping[str, Any] = field(default_factory=dict)
    lines: Lines | None = None
    error: str = ""


class Severity(StrEnum):
    """`error`: run as written it does harm or nothing. `warning`: read it. `note`: good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Edit:
    """Lines `first` to `last` of the source become `rows`; `last` one less than `first` inserts."""

    first: int
    last: int
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits of the source that answer a finding; they do not overlap. `label` is the button's."""

    label: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a person should know before this plan runs. `code` is stable.

    `places` are the findings that this one joins, each with the place it was said of; empty for
    a single place.
    """

    severity: Severity
    code: str
    line: int
    message: str
    step: str = ""
    fix: Fix | None = None
    places: tuple[Finding, ...] = ()


class Role(StrEnum):
    """What a command-like line of a document is for; only the first three ever run."""

    STEP = "step"
    PRECONDITION = "precondition"
    CHECK = "check"
    ACTION = "action"
    MESSAGE = "message"
    LEFT_OUT = "left-out"


class Certainty(StrEnum):
    """How sure the reader is. What is `unsure` is asked before the plan can be confirmed."""

    SURE = "sure"
    LIKELY = "likely"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class PlacedCommand:
    """One command-like line (or a compound one, whole) and the one place it was given.

    `procedure` and `step` are keys where the role has them (`step` is a check's key for
    checks and preconditions); `reason` says in words why it was left out, empty otherwise.
    `evidence` names the heading, words or position that decided, the strongest first.
    """

    text: str
    lines: Lines
    role: Role
    procedure: str = ""
    step: str = ""
    reason: str = ""
    evidence: tuple[str, ...] = ()
    certainty: Certainty = Certainty.SURE


class RelationKind(StrEnum):
    """How parts that stand beside each other relate. `unknown` is a question, never a guess."""

    ORDER = "order"
    WAYS = "ways"
    CONDITION = "condition"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Relation:
    """`members` are keys of procedures (ways, unknown) or of steps (order, condition)."""

    kind: RelationKind
    members: tuple[str, ...]
    lines: Lines
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadingQuestion:
    """Something only a person can say. `answers` are pairs of a value and its label.

    `kind` is `relation` (answers `ways` and `order`; `members` are procedures, which stand
    apart until it is answered) or `role` (answers are values of Role; `members` is the key
    of the step, which is done by hand until then).
    """

    key: str
    kind: str
    text: str
    lines: Lines
    members: tuple[str, ...]
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PlanDocument:
    """All of a plan. `source` is the author's text; `encoding` says how to write it back;
    `unread` is the first line that was too much to read, 0 when all was read."""

    source: str
    encoding: str = "utf-8"
    title: str = ""
    service: str = ""
    environment: str = ""
    date: str = ""
    lead: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    front_matter: FrontMatter = FrontMatter()
    procedures: tuple[Procedure, ...] = ()
    triggers: tuple[Note, ...] = ()
    no_go: tuple[Note, ...] = ()
    decision: Decision = Decision()
    preconditions: tuple[Check, ...] = ()
    checks: tuple[Check, ...] = ()
    actions: tuple[Action, ...] = ()
    estimates: tuple[Estimate, ...] = ()
    notify: tuple[Note, ...] = ()
    contacts: tuple[Note, ...] = ()
    messages: tuple[MessageTemplate, ...] = ()
    prevention: tuple[Note, ...] = ()
    data: DataNotes = DataNotes()
    placeholders: tuple[Placeholder, ...] = ()
    findings: tuple[Finding, ...] = ()
    mapped: tuple[MappedLines, ...] = ()
    unmapped: tuple[Lines, ...] = ()
    unread: int = 0
    commands: tuple[PlacedCommand, ...] = ()
    relations: tuple[Relation, ...] = ()
    questions: tuple[ReadingQuestion, ...] = ()
