"""Characters that nobody sees, in what a plan would run: removed or confirmed one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from rollback_console.documents.model import PlanDocument, Step
from rollback_console.documents.placeholders.collect import commands_of
from rollback_console.documents.plan_config import read_plan_config
from rollback_console.documents.shell.hidden_characters import (
    HiddenCharacter,
    confirmation_key,
    find_hidden,
    show_hidden,
)

from ..document_cache import document
from ..models import Revision

HEAD = "The head of the plan"


@dataclass(frozen=True, slots=True)
class HiddenPlace:
    """One such character: where it stands, in which `text`, and the `key` that confirms it.

    `line` is the 1-based line of the source, 1 for what stands in the head or in a binding.
    """

    where: str
    line: int
    text: str
    hidden: HiddenCharacter

    @property
    def key(self) -> str:
        """What `Revision.bindings["confirmed_characters"]` holds once it is confirmed."""
        return confirmation_key(self.text, self.hidden)

    @property
    def shown(self) -> str:
        """The text with every such character as a mark."""
        return show_hidden(self.text)

    @property
    def sentence(self) -> str:
        """What is wrong, and what to do."""
        return (
            f"{self.where} holds a character that nobody sees, {self.hidden.mark}"
            f" ({self.hidden.name}), on line {self.line}: remove it, or confirm it on the plan's"
            " bindings page."
        )


def list_hidden(revision: Revision) -> list[HiddenPlace]:
    """Every such character of what could run, each once, confirmed or not."""
    places = {
        (where, line + hidden.line, confirmation_key(text, hidden)): HiddenPlace(
            where, line + hidden.line, text, hidden
        )
        for where, line, text in _texts(revision, document(revision))
        for hidden in find_hidden(text)
    }
    return list(places.values())


def list_hidden_problems(revision: Revision) -> list[str]:
    """A sentence for each that nobody has confirmed; they keep a request from being opened."""
    confirmed = set(revision.bindings.get("confirmed_characters", []))
    return [each.sentence for each in list_hidden(revision) if each.key not in confirmed]


def _texts(revision: Revision, plan: PlanDocument) -> Iterator[tuple[str, int, str]]:
    bound = revision.bindings.get("steps", {})
    for procedure in plan.procedures:
        for step in procedure.steps:
            where = f"Step {step.number}, {step.title},"
            for command in commands_of(step):
                yield where, command.lines[0], command.text
            for text in _settings(step, bound.get(step.key, {})):
                yield where, step.fence or step.lines[0], text
    for text in _strings(asdict(read_plan_config(plan))):
        yield HEAD, 1, text


def _settings(step: Step, bound: dict[str, object]) -> Iterator[str]:
    for settings in (step.settings, *(each.settings for each in step.alternatives)):
        yield from _strings(asdict(settings))
    yield from _strings(bound)


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)
    elif isinstance(value, str):
        yield value
