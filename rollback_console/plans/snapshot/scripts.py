"""The script of one step, and the values that it needs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rollback_console.documents.errors import Unrenderable
from rollback_console.documents.model import Command, Placeholder, Step
from rollback_console.documents.placeholders.find import find_mentions
from rollback_console.documents.shell.render import Script, render_script
from rollback_console.documents.shell.reserved_names import reserved_reason

from .draft import SnapshotDraft
from .parameters import complaint, is_secret


@dataclass(frozen=True, slots=True)
class Filled:
    """A text with its values, and the `names` of the parameters that were put in."""

    text: str
    names: tuple[str, ...]


_NUMBER = re.compile(r"-[0-9]+(?:\.[0-9]+)?")
_PLAIN = re.compile(r"[A-Za-z0-9._/:@+-]*")


def render_step_script(
    draft: SnapshotDraft, step: Step, commands: list[Command]
) -> tuple[str, set[str]]:
    """What the step's commands become, and the names of all variables that they read.

    Adds each value to `draft.parameters`, and what is wrong with it to `draft.problems`.
    """
    placeholders = {each.unit: each for each in draft.document.placeholders if each.for_steps}
    try:
        script = render_script(
            commands,
            {unit: each.name for unit, each in placeholders.items()},
            stop_on_error=False,  # the runner's shell does
        )
    except Unrenderable as error:
        draft.problems.append(f"Step {step.number}, {step.title}: {error}")
        return "", set()
    free = set(script.variables) - set(draft.revision.bindings.get("on_host", []))
    names = {*script.environment_names, *free}
    draft.problems += [
        f"Step {step.number}, {step.title}: {reason}"
        for name in sorted(names)
        if (reason := reserved_reason(name))
    ]
    kinds = {each.name: each for each in placeholders.values()}
    for name in sorted(set(script.environment_names) - draft.secrets):
        _resolve_value(draft, step, name, str(kinds[name].kind), kinds[name].text)
    for name in sorted(free - draft.secrets):
        _resolve_value(draft, step, name, "text", f"${name}")
    _check_read_again(draft, step, script)
    _check_options(draft, step, {name: str(kinds[name].kind) for name in script.words})
    return script.text, names


def fill_instructions(draft: SnapshotDraft, step: Step, texts: Sequence[str]) -> Filled:
    """What a person reads of a step, with the values that are known in their places.

    A value that nobody gave stays open, as its author wrote it; so does a secret. Adds the others
    to `draft.parameters`.
    """
    placeholders = {each.unit: each for each in draft.document.placeholders if each.for_steps}
    names: set[str] = set()
    filled = [_fill(draft, step, text, placeholders, names) for text in texts]
    return Filled("\n\n".join(filled), tuple(sorted(names)))


def _fill(
    draft: SnapshotDraft,
    step: Step,
    text: str,
    placeholders: Mapping[str, Placeholder],
    names: set[str],
) -> str:
    pieces: list[str] = []
    done = 0
    for use in find_mentions(text):
        placeholder = placeholders.get(use.unit)
        value = _given_value(draft, placeholder.name) if placeholder else ""
        if placeholder and value and not _stays_secret(draft, placeholder):
            _resolve_value(draft, step, placeholder.name, str(placeholder.kind), placeholder.unit)
            names.add(placeholder.name)
            pieces += [text[done : use.start], value]
            done = use.end
    return "".join([*pieces, text[done:]])


def _stays_secret(draft: SnapshotDraft, placeholder: Placeholder) -> bool:
    name = placeholder.name
    return name in draft.secrets or is_secret(name, str(placeholder.kind))


def _given_value(draft: SnapshotDraft, name: str) -> str:
    known = draft.revision.bindings.get("facts", {}).get(name, "")
    return str(draft.choices.get("parameters", {}).get(name, "") or known)


def _check_read_again(draft: SnapshotDraft, step: Step, script: Script) -> None:
    for name in sorted(script.inner & draft.parameters.keys()):
        if not _PLAIN.fullmatch(draft.parameters[name]):
            draft.problems.append(
                f"Step {step.number}, {step.title}: {name} is read by a second program, so it "
                "may hold only letters, digits and . _ / : @ + -."
            )


def _check_options(draft: SnapshotDraft, step: Step, kinds: dict[str, str]) -> None:
    """`kinds` are those of the parameters that begin a word of a command, by name."""
    for name in sorted(kinds.keys() & draft.parameters.keys()):
        value = draft.parameters[name]
        is_option = value.startswith("-") and not _NUMBER.fullmatch(value)
        if is_option and not complaint(kinds[name], value):
            draft.problems.append(
                f"Step {step.number}, {step.title}: {name} must not begin with a dash: the command "
                "would read it as an option. Write options in the plan."
            )


def _resolve_value(draft: SnapshotDraft, step: Step, name: str, kind: str, text: str) -> None:
    if is_secret(name, kind):
        draft.problems.append(
            f"Step {step.number}, {step.title}: {text} is a password or a key, and what is typed "
            f"here can be read by everybody. An Admin writes it as a secret {name} of "
            f"{draft.environment}."
        )
        return
    value = _given_value(draft, name)
    if wrong := complaint(kind, value):
        draft.problems.append(f"Step {step.number}, {step.title}: {text} ({name}) {wrong}.")
    draft.parameters[name] = value
