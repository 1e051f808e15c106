"""Every question that a rollback asks a person, declared once.

Pages, messages, the postmortem, the API and the actions that take the answers read it from
here. Who may answer is `ANSWERERS`. Imports nothing of Django.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rollback_console.engine.decide import QuestionKind

ANSWERERS = "rollbacks.operate_rollback"
"""The permission of those who may answer."""


@dataclass(frozen=True, slots=True)
class AnswerChoice:
    """One button under a question. `url` names the address that takes it; `value` the answer.

    `without_note` is the refusal when an answer that needs a note comes without one;
    `confirmation` what the page says of its effect.
    """

    label: str
    value: str = ""
    url: str = "answers"
    style: str = ""
    without_note: str = ""
    confirmation: str = "Answer recorded."


@dataclass(frozen=True, slots=True)
class QuestionText:
    """One kind of question.

    `sentence` stands within a sentence, `heading` above the question and `explanation` below.
    `prompt` is the label of the note. `answered` is what the timeline says of the answer.
    `eyewitness`: the answer is what a person saw, because the console cannot know.
    `undoable`: it is about runs that ended badly, which can be tried again, undone, or whose
    host can be left out. `skippable`: the step may be left out. `instructs`: the step's own
    text is what the person has to read. `state` and `state_word`: how lists show a rollback that
    asks this, where waiting alone would hide that something went wrong.
    """

    sentence: str
    heading: str
    explanation: str = ""
    prompt: str = "Reason (recorded in the audit log)"
    choices: tuple[AnswerChoice, ...] = ()
    icon: str = "waiting"
    answered: str = "answered “{answer}” about step {step}"
    eyewitness: bool = False
    undoable: bool = False
    skippable: bool = False
    instructs: bool = False
    state: str = ""
    state_word: str = ""

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


_SAW = "Say what you saw: it is recorded in the timeline."
_OPTIONAL = "Comment (optional to continue; required to skip)"
_ON_HOST = "What you saw on the host"

QUESTIONS: dict[QuestionKind, QuestionText] = {
    QuestionKind.GATE: QuestionText(
        sentence="step {step} needs confirmation",
        heading="Step {step} needs confirmation: {title}",
        explanation="Run step {step} starts exactly this on its hosts. "
        "Skip continues with the next step.",
        prompt=_OPTIONAL,
        choices=(
            AnswerChoice(
                "Run step {step}",
                "go",
                style="btn-go",
                confirmation="Step {step} is starting.",
            ),
        ),
        skippable=True,
        instructs=True,
    ),
    QuestionKind.CANARY: QuestionText(
        sentence="step {step} finished on its canary host: check it, then continue on the others",
        heading="Step {step} (canary) finished on {host}. Continue on {others}?",
        explanation="The remaining hosts start after you confirm. Check the canary host first.",
        prompt=_OPTIONAL,
        choices=(
            AnswerChoice(
                "Continue on {others}",
                "go",
                style="btn-go",
                confirmation="Step {step} continues on the remaining hosts.",
            ),
        ),
    ),
    QuestionKind.MANUAL: QuestionText(
        sentence="step {step} is manual: do it, then say how it went",
        heading="Manual step {step}: {title}",
        explanation="Do this yourself. Mark as done continues with the next step; mark as failed "
        "stops and asks what to do.",
        choices=(
            AnswerChoice(
                "Mark as done",
                "done",
                style="btn-go",
                confirmation="Step {step} is marked as done.",
            ),
            AnswerChoice(
                "Mark as failed",
                "failed",
                without_note=_SAW,
                confirmation="Step {step} is marked as failed.",
            ),
        ),
        skippable=True,
        instructs=True,
    ),
    QuestionKind.FAILED: QuestionText(
        sentence="step {step} failed: retry, skip or abort",
        heading="Step {step} failed: {title}",
        explanation="Retry runs the command again where it failed. Skip continues with the next "
        "step, and the record says that this one failed. Nothing else runs until you answer.",
        choices=(AnswerChoice("Retry step {step}", url="retries", style="btn-main"),),
        icon="failed",
        state="failed",
        state_word="step {step} failed",
        prompt="Comment (optional to retry; required otherwise)",
        undoable=True,
        skippable=True,
    ),
    QuestionKind.LOST: QuestionText(
        sentence="the outcome of step {step} is unknown: check the host",
        heading="The outcome of step {step} is unknown: check the host",
        explanation="The command was started but its outcome is unknown. It will not be retried "
        "automatically.",
        prompt=_ON_HOST,
        choices=(
            AnswerChoice(
                "Mark as succeeded and continue",
                "continue",
                without_note=_SAW,
                confirmation="Step {step} is marked as succeeded; the rollback continues.",
            ),
            AnswerChoice("Run step {step} again", url="retries"),
        ),
        icon="lost",
        state="lost",
        state_word="step {step} lost",
        eyewitness=True,
        undoable=True,
        skippable=True,
    ),
    QuestionKind.UNREACHABLE: QuestionText(
        sentence="a host of step {step} does not answer",
        heading="A host of step {step} does not answer",
        explanation="The command may still be running there. The console keeps trying to reach the "
        "host; once you stop waiting, the step counts as lost.",
        prompt=_ON_HOST,
        choices=(
            AnswerChoice(
                "Stop waiting (mark as lost)",
                "give_up",
                without_note=_SAW,
                confirmation="Stopped waiting for step {step}: it is marked as lost.",
            ),
        ),
        icon="lost",
        state="lost",
        state_word="step {step} unreachable",
        eyewitness=True,
    ),
    QuestionKind.PAUSED: QuestionText(
        sentence="paused before step {step}",
        heading="Paused before step {step}: {title}",
        explanation="Resume continues with this step.",
        state="waiting",
        state_word="paused",
        prompt="Comment (optional to resume)",
        choices=(AnswerChoice("Resume rollback", url="resumptions", style="btn-main"),),
    ),
    QuestionKind.OVERTIME: QuestionText(
        sentence="the rollback has reached its time limit: extend it, or abort",
        heading="Time limit reached: no further step starts",
        explanation="The plan allows {limit} for the whole rollback. Running commands continue. "
        "Extend the limit by the same time, or abort.",
        choices=(
            AnswerChoice(
                "Extend by {limit}",
                "go",
                style="btn-go",
                without_note="Say why it may take longer: it is recorded in the timeline.",
                confirmation="The time limit is extended.",
            ),
        ),
        answered="extended the time limit",
    ),
    QuestionKind.CHECKS: QuestionText(
        sentence="the checks need answers",
        heading="All steps are done. Answer the checks.",
        explanation="The rollback succeeds only after every check has been answered.",
    ),
    QuestionKind.ABORT_UNCONFIRMED: QuestionText(
        sentence="a command may still be running after the abort: check the host",
        heading="A command may still be running after the abort: check the host",
        prompt=_ON_HOST,
        choices=(
            AnswerChoice(
                "Confirm: checked on the host, nothing is running",
                "continue",
                style="btn-main",
                without_note=_SAW,
                confirmation="Confirmed: nothing is running any more.",
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


def question_sentence(name: str, step: object, translate: Callable[[str], str] = str) -> str:
    """The question as a sentence; `step` is a position, with or without its title."""
    kind = question_kind(name)
    if kind is None:
        return translate("A person is asked about step {step}: {name}").format(step=step, name=name)
    text = translate(kind.sentence).format(step=step)
    return text[0].upper() + text[1:]


def answered(name: str, answer: str, step: object, translate: Callable[[str], str] = str) -> str:
    """What somebody did by answering it, to follow their name."""
    kind = question_kind(name)
    pattern = kind.answered if kind else "answered “{answer}” about step {step}"
    return translate(pattern).format(answer=answer, step=step)
