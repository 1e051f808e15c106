"""The script of one step, and the values that it needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rollback_console.documents.model import Command, Step
from rollback_console.documents.shell.render import Script, Unrenderable, render_script

from .parameters import complaint, is_secret

if TYPE_CHECKING:
    from .freeze import Freezer

PLAIN = re.compile(r"[A-Za-z0-9._/:@+-]*")


def script_of(freezer: Freezer, step: Step, commands: list[Command]) -> tuple[str, set[str]]:
    """What the step's commands become, and the names of all variables that they read.

    Adds each value to `freezer.parameters`, and what is wrong with it to `freezer.problems`.
    """
    asked = {each.unit: each for each in freezer.document.placeholders if each.where == "command"}
    try:
        script = render_script(
            commands,
            {unit: each.name for unit, each in asked.items()},
            stop_on_error=False,  # the runner's shell does
        )
    except Unrenderable as error:
        freezer.problems.append(f"Step {step.number}, {step.title}: {error}")
        return "", set()
    kinds = {each.name: each for each in asked.values()}
    for name in sorted(set(script.environment_names) - freezer.secrets):
        _value(freezer, step, name, str(kinds[name].kind), kinds[name].text)
    free = set(script.variables) - set(freezer.revision.bindings.get("on_host", []))
    for name in sorted(free - freezer.secrets):
        _value(freezer, step, name, "text", f"${name}")
    _read_again(freezer, step, script)
    return script.text, {*script.environment_names, *free}


def _read_again(freezer: Freezer, step: Step, script: Script) -> None:
    for name in sorted(script.inner & freezer.parameters.keys()):
        if not PLAIN.fullmatch(freezer.parameters[name]):
            freezer.problems.append(
                f"Step {step.number}, {step.title}: {name} is read by a second program, so it "
                "may hold only letters, digits and . _ / : @ + -."
            )


def _value(freezer: Freezer, step: Step, name: str, kind: str, text: str) -> None:
    if is_secret(name, kind):
        freezer.problems.append(
            f"Step {step.number}, {step.title}: {text} is a password or a key, and what is typed "
            f"here can be read by everybody. An Admin writes it as a secret {name} of "
            f"{freezer.environment}."
        )
        return
    known = freezer.revision.bindings.get("facts", {}).get(name, "")
    value = str(freezer.choices.get("parameters", {}).get(name, "") or known)
    if wrong := complaint(kind, value):
        freezer.problems.append(f"Step {step.number}, {step.title}: {text} ({name}) {wrong}.")
    freezer.parameters[name] = value
