"""What a step is once people have chosen and bound: its commands, its settings, its kind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rollback_console.common.spelling import did_you_mean
from rollback_console.documents.model import Command, Step, StepKind
from rollback_console.engine.snapshot import Snapshot

from ..document_cache import document
from ..models import Environment, Host, Revision

_OF_A_WAY = ("hosts", "cwd", "user")
SHELLS = frozenset({"", "bash", "sh", "shell", "console", "zsh"})


def chosen_commands(step: Step, index: int | None) -> list[Command]:
    """The shared commands and those of the chosen alternative."""
    chosen = step.alternatives[index].commands if index is not None else ()
    return [*step.commands, *chosen]


def with_way(step: Step, index: int | None) -> Step:
    """The step as the chosen alternative has it: its hosts, folder and account come first."""
    if index is None:
        return step
    own = step.alternatives[index].settings
    own_values = {name: value for name in _OF_A_WAY if (value := getattr(own, name))}
    return replace(step, settings=replace(step.settings, **own_values))


def step_setting(revision: Revision, step: Step, name: str) -> Any:
    """A step's setting: from its fence, else from what people bound it to."""
    own = getattr(step.settings, name, None)
    bound = revision.bindings.get("steps", {}).get(step.key, {}).get(name)
    return own or bound or ""


def is_manual(revision: Revision, step: Step) -> bool:
    """Whether a person does this step: by its kind, its language, or by decision."""
    if step.kind in {StepKind.MANUAL, StepKind.GATE} or not step.runs:
        return True
    if revision.bindings.get("steps", {}).get(step.key, {}).get("manual"):
        return True
    alternatives = [command for each in step.alternatives for command in each.commands]
    commands = [*step.commands, *alternatives]
    return any(command.language.casefold() not in SHELLS for command in commands)


def steps_left_out(revision: Revision, snapshot: Snapshot) -> list[Step]:
    """The steps of the procedure that was asked for which a person chose not to run."""
    kept = {step.source for step in snapshot.steps}
    return [
        step
        for procedure in document(revision).procedures
        if procedure.name == snapshot.procedure
        for step in procedure.steps
        if step.condition and f"{step.lines[0]}-{step.lines[1]}" not in kept
    ]


def hosts_named(environment: Environment, text: str) -> list[Host]:
    """Hosts of that name or in a group of that name; several names may be given."""
    names = _names_in(text)
    hosts = Host.objects.filter(environment=environment).select_related("credential", "jump")
    by_name = hosts.filter(name__in=names)
    by_group = hosts.filter(groups__name__in=names)
    return sorted({*by_name, *by_group}, key=lambda host: host.name)


def unknown_hosts(environment: Environment, text: str) -> list[str]:
    """A sentence for each name that is neither a host nor a group with hosts there.

    A list with one misspelled name would otherwise run on the others and succeed.
    """
    hosts = Host.objects.filter(environment=environment)
    known = {*hosts.values_list("name", flat=True), *hosts.values_list("groups__name", flat=True)}
    return [
        f"“{name}” is no host or group of {environment}.{did_you_mean(name, filter(None, known))}"
        for name in _names_in(text)
        if name not in known
    ]


def _names_in(text: str) -> list[str]:
    return text.replace(",", " ").split()
