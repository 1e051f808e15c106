"""What a request has to ask a person, drawn from a revision."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rollback_console.documents.model import Procedure, Step
from rollback_console.documents.shell.variables import free_variables

from ..confirmation import misread_guards
from ..document_cache import document
from ..errors import NotConfirmed
from ..models import Revision, Secret
from .draft import SnapshotDraft
from .freeze import choose_procedure
from .hidden_characters import list_hidden_problems
from .parameters import is_secret
from .step_settings import chosen_commands, is_manual, with_way
from .steps import resolve_hosts


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value to fill in: `text` as the author wrote it, `value` known from the deployment.

    Without an `optional` one nothing runs differently: only what a person reads names it.
    """

    name: str
    kind: str
    text: str
    value: str
    steps: tuple[str, ...]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class RequestForm:
    """Everything to choose: `alternatives` and `conditions` are steps to choose for, each once.

    `secrets` are those that the environment still lacks; nobody types them into a request.
    `missing` lists what the plan's page has to bind first, as sentences.
    """

    procedures: tuple[Procedure, ...]
    alternatives: tuple[Step, ...]
    conditions: tuple[Step, ...]
    parameters: tuple[Parameter, ...]
    secrets: tuple[Parameter, ...]
    missing: tuple[str, ...]


def draw_request_form(revision: Revision) -> RequestForm:
    """What a request of this revision asks for."""
    plan = document(revision)
    steps = {step.key: step for procedure in plan.procedures for step in procedure.steps}
    runnable = [step for step in steps.values() if not is_manual(revision, step)]
    by_hand = [step for step in steps.values() if is_manual(revision, step)]
    parameters = [
        *(needed := _parameters(revision, runnable)),
        *_only_read(_parameters(revision, by_hand), needed),
    ]
    return RequestForm(
        procedures=plan.procedures,
        alternatives=tuple(step for step in runnable if step.alternatives),
        conditions=tuple(step for step in steps.values() if step.condition),
        parameters=tuple(each for each in parameters if not is_secret(each.name, each.kind)),
        secrets=tuple(each for each in needed if is_secret(each.name, each.kind)),
        missing=tuple(list_missing(revision)),
    )


def list_missing(revision: Revision) -> list[str]:
    """What keeps any request of this revision from being opened, whatever is chosen."""
    draft = SnapshotDraft.begin(revision, {})
    if revision.confirmed_at is None:
        draft.problems += NotConfirmed(revision.plan, revision.number).problems
    for procedure in draft.document.procedures:
        for step in procedure.steps:
            if not is_manual(revision, step):
                for index in range(len(step.alternatives)) or [None]:
                    resolve_hosts(draft, with_way(step, index))
    if not draft.document.procedures:
        choose_procedure(draft)
    draft.problems += [*misread_guards(draft.document), *list_hidden_problems(revision)]
    return list(dict.fromkeys(draft.problems))


def _parameters(revision: Revision, steps: list[Step]) -> list[Parameter]:
    facts = revision.bindings.get("facts", {})
    parameters: dict[str, Parameter] = {}
    for name, kind, text, step in [*_placeholders(revision, steps), *_variables(revision, steps)]:
        before = parameters[name].steps if name in parameters else ()
        titles = before if step.title in before else (*before, step.title)
        parameters[name] = Parameter(name, kind, text, str(facts.get(name, "")), titles)
    return list(parameters.values())


def _only_read(by_hand: list[Parameter], needed: list[Parameter]) -> list[Parameter]:
    """What stands in manual steps alone; a blank line is filled in while the step is done."""
    names = {each.name for each in needed}
    return [
        replace(each, optional=True)
        for each in by_hand
        if each.name not in names and each.text.strip("_")
    ]


def _placeholders(revision: Revision, steps: list[Step]) -> list[tuple[str, str, str, Step]]:
    secrets = _secrets(revision)
    return [
        (each.name, str(each.kind), each.unit or each.text, step)
        for each in document(revision).placeholders
        if each.for_steps and each.name not in secrets
        for step in steps
        if any(step.lines[0] <= line <= step.lines[1] for line in (each.line, *each.lines))
    ]


def _variables(revision: Revision, steps: list[Step]) -> list[tuple[str, str, str, Step]]:
    known = _secrets(revision) | set(revision.bindings.get("on_host", []))
    return [
        (name, "text", f"${name}", step)
        for step in steps
        for index in range(max(len(step.alternatives), 1))
        for name in sorted(_free(step, index) - known)
    ]


def _secrets(revision: Revision) -> set[str]:
    environment = revision.plan.environment
    return set(Secret.objects.filter(environment=environment).values_list("name", flat=True))


def _free(step: Step, index: int) -> set[str]:
    commands = chosen_commands(step, index if step.alternatives else None)
    return set(free_variables("\n".join(command.text for command in commands)))
