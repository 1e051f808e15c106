"""Every question that a rollback asks a person, declared once.

Pages, messages, the postmortem, the API and the actions that take the answers read it from
here. Who may answer is `ANSWERERS`. Imports nothing of Django.
"""

from __future__ import annotations

from dataclasses import dataclass

from rollback_console.engine.decide import QuestionKind

ANSWERERS = "rollbacks.operate_rollback"
"""The permission of those who may answer."""


@dataclass(frozen=True, slots=True)
class AnswerChoice:
    """One button under a question. `url` names the address that takes it; `value` the answer.

    `without_note` is the refusal when an answer that needs a note comes without one.
    """

    label: str
    value: str = ""
    url: str = "answers"
    style: str = ""
    without_note: str = ""


@dataclass(frozen=True, slots=True)
class QuestionText:
    """One kind of question.

    `sentence` stands within a sentence, `heading` above the question and `explanation` below.
    `prompt` is the label of the note. `answered` is what the timeline says of the answer.
    `eyewitness`: the answer is what a person saw, because the console cannot know.
    `undoable`: it is about runs that ended badly, which can be tried again, undone, or whose
    host can be left out. `skippable`: the step may be left out. `instructs`: the step's own
    text is what the person has to read.
    """

    sentence: str
    heading: str
    explanation: str = ""
    prompt: str = "Reason, for the record"
    choices: tuple[AnswerChoice, ...] = ()
    icon: str = "waiting"
    answered: str = "answered “{answer}” about step {step}"
    eyewitness: bool = False
    undoable: bool = False
    skippable: bool = False
    instructs: bool = False

    def __post_init__(self) -> None:
        if not (self.sentence and self.heading):
            raise ValueError("A question needs a sentence and a heading.")

    def choice(self, value: str) -> AnswerChoice | None:
        """The answer of that name; None when the question takes no such answer."""
        return next((each for each in self.choices if each.value and each.value == value), None)

    @property
    def answers(self) -> tuple[str, ...]:
        """The names of the answers it takes."""
        return tuple(each.value for each in self.choices if each.value)


_SAW = "Say what you saw: it goes on record."
_OPTIONAL = "A word for the record (optional for go)"
_ON_HOST = "What you saw on the host"
_GO = AnswerChoice("Go", "go", style="btn-go")

QUESTIONS: dict[QuestionKind, QuestionText] = {
    QuestionKind.GATE: QuestionText(
        sentence="step {step} waits for somebody to say go",
        heading="Step {position} waits for a go: {title}",
        prompt=_OPTIONAL,
        choices=(_GO,),
        skippable=True,
        instructs=True,
    ),
    QuestionKind.CANARY: QuestionText(
        sentence="step {step} ended on its first host: look, then say go for the others",
        heading="Step {position} ended on its first host and waits for a go: {title}",
        explanation="The others of its hosts begin once somebody says go. Look at the first one "
        "before.",
        prompt=_OPTIONAL,
        choices=(_GO,),
    ),
    QuestionKind.MANUAL: QuestionText(
        sentence="step {step} is done by a person, who says how it went",
        heading="Step {position} is for a person to do: {title}",
        choices=(
            AnswerChoice("It is done", "done", style="btn-go"),
            AnswerChoice("It did not work", "failed", without_note=_SAW),
        ),
        skippable=True,
        instructs=True,
    ),
    QuestionKind.FAILED: QuestionText(
        sentence="step {step} failed: retry, skip or abort",
        heading="Step {position} failed: {title}",
        choices=(AnswerChoice("Retry", url="retries", style="btn-main"),),
        icon="failed",
        undoable=True,
        skippable=True,
    ),
    QuestionKind.LOST: QuestionText(
        sentence="nobody can tell how step {step} ended: look at the host",
        heading="Nobody can tell how step {position} ended: look at the host",
        explanation="It was started and its end is not known. It is never run again by itself.",
        prompt=_ON_HOST,
        choices=(
            AnswerChoice("It finished: go on", "continue", without_note=_SAW),
            AnswerChoice("Run it again", url="retries"),
        ),
        icon="lost",
        eyewitness=True,
        undoable=True,
        skippable=True,
    ),
    QuestionKind.UNREACHABLE: QuestionText(
        sentence="a host of step {step} does not answer",
        heading="A host of step {position} does not answer",
        explanation="What was started there may still run. It is asked again and again; once you "
        "stop waiting, it counts as lost.",
        prompt=_ON_HOST,
        choices=(AnswerChoice("Stop waiting for it", "give_up", without_note=_SAW),),
        icon="lost",
        eyewitness=True,
    ),
    QuestionKind.PAUSED: QuestionText(
        sentence="paused before step {step}",
        heading="Paused before step {position}: {title}",
        prompt="A word for the record (optional for resume)",
        choices=(AnswerChoice("Resume", url="resumptions", style="btn-main"),),
    ),
    QuestionKind.OVERTIME: QuestionText(
        sentence="the time for the whole rollback has passed: allow more, or abort",
        heading="The time for the whole rollback has passed: nothing more starts",
        explanation="The plan gives it {limit}. What runs goes on and is followed. Allow as much "
        "time again, or abort.",
        choices=(
            AnswerChoice(
                "Allow {limit} more",
                "go",
                style="btn-go",
                without_note="Say why it may take longer: it goes on record.",
            ),
        ),
        answered="allowed more time",
    ),
    QuestionKind.CHECKS: QuestionText(
        sentence="the checks wait for answers",
        heading="Every step is done: the checks wait for answers",
        explanation="The rollback cannot be called succeeded before each is answered.",
    ),
    QuestionKind.ABORT_UNCONFIRMED: QuestionText(
        sentence="something may still run after the abort: look at the host",
        heading="Something may still run after the abort: look at the host",
        prompt=_ON_HOST,
        choices=(
            AnswerChoice(
                "I looked: nothing runs any more",
                "continue",
                style="btn-main",
                without_note=_SAW,
            ),
        ),
        icon="lost",
        eyewitness=True,
    ),
}
"""By what the engine asks."""

if missing := set(QuestionKind) - set(QUESTIONS):
    raise ValueError(f"Questions without an entry: {', '.join(sorted(missing))}.")


def question_kind(name: str) -> QuestionText | None:
    """The kind of that name; None for one that this console does not know, or for "" ."""
    return QUESTIONS[QuestionKind(name)] if name in set(QuestionKind) else None


def question_sentence(name: str, step: object) -> str:
    """The question as a sentence; `step` is a position, with or without its title."""
    kind = question_kind(name)
    if kind is None:
        return f"A person is asked about step {step}: {name}"
    text = kind.sentence.format(step=step)
    return text[0].upper() + text[1:]


def answered(name: str, answer: str, step: object) -> str:
    """What somebody did by answering it, to follow their name."""
    kind = question_kind(name)
    pattern = kind.answered if kind else "answered “{answer}” about step {step}"
    return pattern.format(answer=answer, step=step)
