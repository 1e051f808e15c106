"""From the steps of a procedure to those that would run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from string import ascii_lowercase

from rollback_console.documents.lint.undo_steps import runs_in_turn, undo_problem
from rollback_console.documents.model import Procedure, Step
from rollback_console.documents.plan_config import read_plan_config
from rollback_console.engine.snapshot import StepSpec

from .draft import SnapshotDraft
from .dump_steps import with_dump
from .scripts import fill_instructions, render_step_script
from .step_settings import chosen_commands, is_manual, step_setting, with_way

DEFAULT_LIMIT = 900


def build_steps(draft: SnapshotDraft, procedure: Procedure) -> list[StepSpec]:
    """The steps that would run, with a dump before what destroys."""
    chosen = [step for step in procedure.steps if _is_chosen(draft, step)]
    undo = _undo_targets(draft, chosen)
    if procedure.steps and all(is_manual(draft.revision, step) for step in procedure.steps):
        draft.problems.append(
            "Nothing here can be executed: no step has a shell fence. Write the commands in "
            "a ```bash fence under each step."
        )
    builder = _StepBuilder(draft)
    steps = [builder.build(position, step) for position, step in enumerate(chosen, start=1)]
    return _numbered(_with_dump(draft, _with_undos(steps, chosen, undo)))


def _numbered(steps: Sequence[StepSpec]) -> list[StepSpec]:
    """With a number for each: the author's, and `3a` for what the console put behind step 3."""
    numbered: list[StepSpec] = []
    last, letters = "0", iter(ascii_lowercase)
    for step in steps:
        if step.label:
            last, letters = step.label, iter(ascii_lowercase)
        numbered.append(step if step.label else replace(step, label=last + next(letters, "z")))
    return numbered


def resolve_hosts(draft: SnapshotDraft, step: Step) -> tuple[str, ...]:
    """The names of the hosts that a step runs on; none, or unknown ones, are a problem."""
    bindings = draft.revision.bindings
    names = str(step_setting(draft.revision, step, "hosts") or bindings.get("hosts", ""))
    if not names:
        draft.problems.append(
            f"Step {step.number}, {step.title}, names no host: bind it on the plan's page."
        )
        return ()
    draft.problems += [
        f"Step {step.number}, {step.title}: {unknown} Add it, or bind the step to another."
        for unknown in draft.unknown_hosts(names)
    ]
    return tuple(host.name for host in draft.find_hosts(names) if draft.use_host(host))


def _is_chosen(draft: SnapshotDraft, step: Step) -> bool:
    if not step.condition:
        return True
    answer = draft.choices.get("conditions", {}).get(step.key)
    if answer not in {"run", "skip"}:
        draft.problems.append(
            f"Step {step.number}, {step.title}, is conditional ({step.condition}): "
            "choose to run or to skip it."
        )
    return bool(answer != "skip")


def _with_undos(
    steps: list[StepSpec], chosen: Sequence[Step], targets: Mapping[int, int]
) -> list[StepSpec]:
    """With what undoes each step standing by.

    A step that others need runs in its turn too: a copy of it stands by at the end.
    """
    stand_by: dict[int, int] = {}
    for target in dict.fromkeys(targets.values()):
        undone = [chosen[at - 1] for at, undoes in targets.items() if undoes == target]
        waiting = replace(steps[target - 1], standby=True)
        if any(runs_in_turn(chosen[target - 1], each) for each in undone):
            title = f"{waiting.title}, as an undo"
            waiting = replace(waiting, position=len(steps) + 1, title=title, label="")
            steps.append(waiting)
        else:
            steps[target - 1] = waiting
        stand_by[target] = waiting.position
    for position, target in targets.items():
        steps[position - 1] = replace(steps[position - 1], undo=stand_by[target])
    return steps


def _undo_targets(draft: SnapshotDraft, steps: Sequence[Step]) -> dict[int, int]:
    """By position of a step, the position of the step that undoes it."""
    ids = {step.settings.id: at for at, step in enumerate(steps, start=1) if step.settings.id}
    for step in steps:
        if step.settings.undo and step.settings.undo not in ids:
            draft.problems.append(
                f"Step {step.number}, {step.title}, is undone by “{step.settings.undo}”, but "
                "no step has that id."
            )
        if why := undo_problem(step, steps):
            draft.problems.append(f"Step {step.number}, {step.title}: {why}")
    return {
        at: ids[step.settings.undo]
        for at, step in enumerate(steps, start=1)
        if step.settings.undo in ids and not is_manual(draft.revision, step)
    }


def _with_dump(draft: SnapshotDraft, steps: list[StepSpec]) -> list[StepSpec]:
    """With a dump before anything is overwritten, where the plan says how."""
    config = read_plan_config(draft.document).dump
    risky = [step for step in steps if step.destructive and step.hosts]
    if config is None or not risky:
        return steps
    names = config.runs_on.hosts or risky[0].hosts[0]
    if not (hosts := draft.usable_hosts(names, "The plan's database")):
        return steps
    return with_dump(steps, config, hosts[0].name, draft.revision.plan.slug)


@dataclass(frozen=True, slots=True)
class _StepBuilder:
    draft: SnapshotDraft

    def build(self, position: int, step: Step) -> StepSpec:
        """One step; whatever it lacks is a problem of the draft."""
        common = StepSpec(
            position=position,
            title=step.title,
            gate=step.settings.gate or step.destructive,
            destructive=step.destructive,
            condition=step.condition,
            warnings=step.warnings,
            idempotent=step.settings.idempotent,
            source=f"{step.lines[0]}-{step.lines[1]}",
            label=str(step.number),
        )
        manual = is_manual(self.draft.revision, step)
        return self._manual(common, step) if manual else self._command(common, step)

    def _command(self, common: StepSpec, step: Step) -> StepSpec:
        draft, index = self.draft, self._alternative(step)
        commands = chosen_commands(step, index)
        step = with_way(step, index)
        settings = step.settings
        script, names = render_step_script(draft, step, commands)
        return replace(
            common,
            script=script,
            instructions=fill_instructions(draft, step, step.instructions).text,
            hosts=resolve_hosts(draft, step),
            cwd=step_setting(draft.revision, step, "cwd"),
            user=step_setting(draft.revision, step, "user"),
            time_limit=int(step_setting(draft.revision, step, "timeout") or DEFAULT_LIMIT),
            on_failure=settings.on_failure or "pause",
            retry=settings.retry or 0,
            rolling=settings.rolling or 0,
            canary=bool(getattr(settings, "canary", False)),
            expect=settings.expect,
            strict=settings.strict != "no",
            login=settings.login,
            environment=tuple(sorted(names - draft.secrets)),
            secrets=tuple(sorted(names & draft.secrets)),
        )

    def _manual(self, common: StepSpec, step: Step) -> StepSpec:
        alternatives = [command for each in step.alternatives for command in each.commands]
        texts = [command.text for command in [*step.commands, *alternatives]]
        filled = fill_instructions(self.draft, step, [*step.instructions, *texts])
        return replace(
            common,
            kind="manual",
            gate=False,
            instructions=filled.text or step.title,
            environment=filled.names,
        )

    def _alternative(self, step: Step) -> int | None:
        if not step.alternatives:
            return None
        chosen = self.draft.choices.get("alternatives", {}).get(step.key)
        if str(chosen) in map(str, range(len(step.alternatives))):
            return int(chosen)
        labels = " or ".join(f"“{each.label}”" for each in step.alternatives)
        self.draft.problems.append(
            f"Step {step.number}, {step.title}, has several ways: choose {labels}."
        )
        return None
