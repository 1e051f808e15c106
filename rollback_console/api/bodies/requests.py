"""What may be sent. A field that does not exist is refused: a typing error must not pass."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from rollback_console.common.text import LONGEST_TEXT

Text = Annotated[str, Field(max_length=LONGEST_TEXT)]
Reason = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
Slug = Annotated[str, Field(min_length=1, max_length=120)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Value = Annotated[str, Field(max_length=4096)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Body(BaseModel):
    """Base of all."""

    model_config = ConfigDict(extra="forbid")


class Deployed(Body):
    """A deployment as its pipeline knows it; `dump` is a path on the host that restores it.

    `migrations_before` and `migrations_after` hold the newest applied migration of each app.
    """

    previous_commit: Annotated[str, Field(max_length=64)] = ""
    tag: Annotated[str, Field(max_length=250)] = ""
    dump: Value = ""
    migrations_before: Annotated[dict[str, Value], Field(max_length=500)] = Field(
        default_factory=dict
    )
    migrations_after: Annotated[dict[str, Value], Field(max_length=500)] = Field(
        default_factory=dict
    )


class NewPlan(Body):
    """A plan document, and what is known of the deployment it would undo.

    `deployment` fills the parameters that can mean nothing else; `facts` are parameter names
    with their values and come first. Both replace the facts of the revision before, all of them.
    """

    document: str
    service: Slug
    environment: Slug
    title: Annotated[str, Field(max_length=200)] = ""
    note: Annotated[str, Field(max_length=200)] = ""
    deployment: Deployed = Field(default_factory=Deployed)
    facts: Annotated[dict[Name, Value], Field(max_length=200)] = Field(default_factory=dict)


class NewAcknowledgement(Body):
    """The key of a finding, as the report of the revision has it, and why it may stay."""

    finding: Sha256
    reason: Reason


class HostQuestionApproval(Body):
    """The digest of the host question that was read."""

    sha256: Sha256


class Choices(Body):
    """What a plan leaves open; keys are those of the revision's `form`."""

    procedure: Annotated[str, Field(max_length=200)] = ""
    alternatives: dict[Name, Annotated[int, Field(ge=0, le=1000)]] = Field(default_factory=dict)
    conditions: dict[Name, Literal["run", "skip"]] = Field(default_factory=dict)
    parameters: dict[Name, Value] = Field(default_factory=dict)


class NewRollback(Body):
    """A request. Without `revision` the plan's newest one is frozen."""

    plan: Slug
    revision: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    reason: Reason
    trigger: Annotated[str, Field(max_length=300)] = ""
    choices: Choices = Field(default_factory=Choices)


class NewApproval(Body):
    """A yes to exactly the snapshot with that hash."""

    snapshot_sha256: Sha256
    note: Text = ""


class NewRejection(Body):
    """A no to the snapshot with that hash."""

    snapshot_sha256: Sha256
    reason: Reason


class Why(Body):
    """A reason, for the record."""

    reason: Reason


class NewSkip(Why):
    """Why a step is left out; `everywhere` leaves it out on hosts that wait their turn, too."""

    everywhere: bool = False


class NewRedaction(Why):
    """A text that slipped into logs or events, and why it is masked; it is kept nowhere."""

    text: Reason


class Exclusion(Why):
    """A host to leave out, and why."""

    host: Annotated[str, Field(min_length=1, max_length=100)]


class PerhapsWhy(Body):
    """A reason, where one may be left out."""

    reason: Text = ""


class NewQuestionOwner(Body):
    """That one takes care of what is asked; `over` is the `owner` that the question showed."""

    over: int | None = None


class NewNote(Body):
    """A line for the timeline; `seen_at` is when it was seen, where that was before."""

    text: Reason
    seen_at: AwareDatetime | None = None


class NewMessage(Body):
    """A message to others, to be put on record."""

    text: Reason
    recipients: Annotated[str, Field(max_length=2000)] = ""


class NewRestart(Body):
    """The step to go on from.

    `again` names the positions that have run, are not idempotent and will run anew: exactly
    those. Of a rollback that ended aborted or failed the rest is asked for, and `again` is empty;
    `parameters` then corrects values, by name.
    """

    position: Annotated[int, Field(ge=1, le=10_000)]
    reason: Reason
    again: Annotated[list[Annotated[int, Field(ge=1, le=10_000)]], Field(max_length=10_000)] = (
        Field(default_factory=list)
    )
    parameters: dict[str, Annotated[str, Field(max_length=4096)]] = Field(
        default_factory=dict, max_length=200
    )


class NewAnswer(Body):
    """What a person says about a step that waits for them.

    A gate takes `go`, and so does a time limit that passed (position 0); a manual step `done`
    or `failed`; a lost or unconfirmed one `continue`; an unreachable one `give_up`. All but
    `done` and the `go` of a gate need a note. Before a destructive step of a rollback that has
    no dump to go back to, `go` needs `without_dump` too.
    """

    answer: Literal["go", "done", "failed", "continue", "give_up"]
    note: Text = ""
    without_dump: bool = False


class NewCheckAnswer(Body):
    """How a verification item came out. What did not pass needs a note."""

    answer: Literal["pass", "fail", "not_applicable"]
    note: Text = ""


class NewPin(Body):
    """A version that must not be deployed again."""

    version: Name
    reason: Reason
    rollback: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None


class NewQuestion(Body):
    """A question about a request, for the timeline."""

    text: Reason


class NewBreakGlass(Body):
    """A start without approval of exactly the snapshot with that hash."""

    snapshot_sha256: Sha256
    reason: Annotated[str, Field(min_length=20, max_length=LONGEST_TEXT)]


class NewReview(Body):
    """What somebody else found about a start without approval."""

    finding: Annotated[str, Field(min_length=20, max_length=LONGEST_TEXT)]


class NewDelegation(Body):
    """Your right to decide in an environment, lent to `to` for so many hours from now."""

    to: Name
    hours: Annotated[float, Field(gt=0, le=60 * 24)]
    reason: Annotated[str, Field(max_length=200)] = ""


class Rung(Body):
    """One decision maker: rung 1 is asked first."""

    username: Name
    role: Annotated[str, Field(min_length=1, max_length=60)]
    rung: Annotated[int, Field(ge=1, le=99)] = 1


Minutes = Annotated[int, Field(ge=1, le=60 * 24 * 366)]


class NewPolicy(Body):
    """The rules of approval of an environment and its whole ladder; both replace what was."""

    approvals_code: Annotated[int, Field(ge=1, le=99)] = 1
    approvals_data: Annotated[int, Field(ge=1, le=99)] = 2
    data_role: Annotated[str, Field(max_length=60)] = ""
    request_expires: Minutes = 60
    start_expires: Minutes = 60
    escalate_after: Minutes = 10
    remind_before: Annotated[int, Field(ge=0, le=60 * 24)] = 15
    second_person: Literal["quorum", "always", "never"] = "quorum"
    ladder: Annotated[list[Rung], Field(min_length=1, max_length=100)]
    version: Annotated[
        str | None,
        Field(max_length=4000, description="as answered; refused when it was changed since"),
    ] = None
