"""From a revision and a person's choices to the snapshot that is approved.

Everything that is missing is gathered and raised at once, as sentences.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from rollback_console.documents.model import PlanDocument, Procedure, Step
from rollback_console.documents.plan_config import read_plan_config
from rollback_console.engine.snapshot import CheckSpec, HostSpec, PolicySpec, Snapshot, StepSpec

from ..approval import policy
from ..document_cache import document
from ..errors import HostRefused, NotReady
from ..inventory.addresses import spec
from ..models import Environment, Host, Revision, Secret
from ..readiness.automated_checks import items
from .dump_steps import with_dump
from .scripts import script_of
from .step_settings import binding, chosen_commands, is_manual, named
from .undo_steps import undoing

DEFAULT_LIMIT = 900


def freeze(revision: Revision, choices: dict[str, Any]) -> Snapshot:
    """The snapshot that would run; with `choices["restores"]` what undoing.undoing says.

    `choices` is {"procedure": key, "alternatives": {step key: index}, "conditions": {step
    key: "run" | "skip"}, "parameters": {name: value}, "start_at": position, "continues": number
    of the rollback that did what is before it}. Raises NotReady.
    """
    freezer = Freezer.of(revision, choices)
    if "restores" in choices:
        return undoing(freezer)
    procedure = freezer.procedure()
    steps = freezer.steps(procedure) if procedure else []
    if not freezer.problems and not steps:
        freezer.problems.append("Nothing would run: every step of this procedure is skipped.")
    freezer.begins(steps)
    ready = freezer.snapshot(procedure, steps)
    if freezer.problems:
        raise NotReady(list(dict.fromkeys(freezer.problems)))
    return ready


@dataclass
class Freezer:
    """Gathers problems while it makes StepSpecs."""

    revision: Revision
    choices: dict[str, Any]
    document: PlanDocument
    environment: Environment
    secrets: set[str]
    problems: list[str] = field(default_factory=list)
    hosts: dict[str, HostSpec] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    undo: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, revision: Revision, choices: dict[str, Any]) -> Freezer:
        """Ready to freeze this revision in its plan's environment."""
        environment = revision.plan.environment
        names = Secret.objects.filter(environment=environment).values_list("name", flat=True)
        return cls(revision, choices, document(revision), environment, set(names))

    def procedure(self) -> Procedure | None:
        """The chosen procedure, or the only one."""
        procedures = {each.key: each for each in self.document.procedures}
        if not procedures:
            self.problems.append("This plan has no steps. Add a section with the steps to take.")
            return None
        if len(procedures) == 1:
            return next(iter(procedures.values()))
        chosen = procedures.get(str(self.choices.get("procedure", "")))
        if chosen is None:
            names = ", ".join(f"“{each.name}”" for each in procedures.values())
            self.problems.append(f"Choose one of the procedures: {names}.")
        return chosen

    def steps(self, procedure: Procedure) -> list[StepSpec]:
        """The steps that would run, numbered from 1."""
        wanted = [step for step in procedure.steps if self._wanted(step)]
        self._undone_by(wanted)
        if procedure.steps and all(is_manual(self.revision, step) for step in procedure.steps):
            self.problems.append(
                "Nothing here can be executed: no step has a shell fence. Write the commands in "
                "a ```bash fence under each step."
            )
        return self._kept([self._step(at, step) for at, step in enumerate(wanted, start=1)])

    def _kept(self, steps: list[StepSpec]) -> list[StepSpec]:
        """With a dump before anything is overwritten, where the plan says how."""
        keeping = read_plan_config(self.document).keeping
        risky = [step for step in steps if step.destructive and step.hosts]
        if keeping is None or not risky:
            return steps
        wanted = keeping.place.hosts or risky[0].hosts[0]
        hosts = [host for host in named(self.environment, wanted) if self.usable(host)]
        if not hosts:
            self.problems.append(f"The plan's database is on “{wanted}”, which is no host here.")
            return steps
        return with_dump(steps, keeping, hosts[0].name, self.revision.plan.slug)

    def _undone_by(self, wanted: list[Step]) -> None:
        """Which positions stand by to undo others, and for whom."""
        ids = {step.settings.id: at for at, step in enumerate(wanted, start=1) if step.settings.id}
        for step in wanted:
            if not step.settings.undo:
                continue
            if step.settings.undo in ids:
                self.undo[step.key] = ids[step.settings.undo]
            else:
                self.problems.append(
                    f"Step {step.number}, {step.title}, is undone by “{step.settings.undo}”, but "
                    "no step has that id."
                )

    def bound(self, step: Step) -> None:
        """Only look whether the step's hosts are known and usable."""
        self._hosts(step)

    def begins(self, steps: list[StepSpec]) -> None:
        """Only look whether the step it is to begin with is one of them."""
        wanted = self._start_at(steps)
        if steps and not any(each.position == wanted and not each.standby for each in steps):
            self.problems.append(f"There is no step {wanted} to begin with.")

    def snapshot(self, procedure: Procedure | None, steps: list[StepSpec]) -> Snapshot:
        """Everything together."""
        plan, checks = self.revision.plan, tuple(self._checks(steps))
        return Snapshot(
            plan=plan.slug,
            revision=self.revision.number,
            revision_sha256=self.revision.sha256,
            title=plan.title,
            service=plan.service.slug,
            environment=self.environment.slug,
            production=self.environment.is_production,
            procedure=procedure.name if procedure else "",
            steps=tuple(steps),
            hosts=tuple(self.hosts[name] for name in sorted(self.hosts)),
            parameters=dict(sorted(self.parameters.items())),
            checks=checks,
            settle=read_plan_config(self.document).settle,
            policy=self._policy(steps),
            time_limit=60 * int(self.revision.bindings.get("time_limit") or 0),
            start_at=self._start_at(steps),
            continues=int(self.choices.get("continues") or 0),
        )

    def _checks(self, steps: list[StepSpec]) -> Iterator[CheckSpec]:
        """Those that answer themselves look where the head says, else where the first step ran."""
        looks = read_plan_config(self.document).looks
        places = {look.target: look.place.hosts for look in looks}
        first = next((step.hosts for step in steps if step.hosts), ())
        for check in items(self.document.checks, looks):
            wanted = places.get(check.target, "") if check.look else ""
            found = [each for each in named(self.environment, wanted) if self.usable(each)]
            hosts = tuple(each.name for each in found) if wanted else first
            if check.look and not hosts:
                self.problems.append(f"The check “{check.text}” names no host here: {wanted}.")
            yield replace(check, hosts=hosts) if check.look else check

    def _wanted(self, step: Step) -> bool:
        if not step.condition:
            return True
        answer = self.choices.get("conditions", {}).get(step.key)
        if answer not in {"run", "skip"}:
            self.problems.append(
                f"Step {step.number}, {step.title}, is conditional ({step.condition}): "
                "choose to run or to skip it."
            )
        return bool(answer != "skip")

    def _step(self, position: int, step: Step) -> StepSpec:
        common = StepSpec(
            position=position,
            title=step.title,
            instructions="\n\n".join(step.instructions),
            gate=step.settings.gate or step.destructive,
            destructive=step.destructive,
            condition=step.condition,
            warnings=step.warnings,
            standby=position in self.undo.values(),
            idempotent=step.settings.idempotent,
            source=f"{step.lines[0]}-{step.lines[1]}",
        )
        return (
            self._manual(common, step)
            if is_manual(self.revision, step)
            else self._runs(common, step)
        )

    def _manual(self, common: StepSpec, step: Step) -> StepSpec:
        ways = [command for way in step.alternatives for command in way.commands]
        texts = [command.text for command in [*step.commands, *ways]]
        return replace(
            common,
            kind="manual",
            gate=False,
            instructions="\n\n".join([*step.instructions, *texts]) or step.title,
        )

    def _runs(self, common: StepSpec, step: Step) -> StepSpec:
        script, names = script_of(self, step, chosen_commands(step, self._alternative(step)))
        settings = step.settings
        return replace(
            common,
            script=script,
            hosts=tuple(self._hosts(step)),
            cwd=binding(self.revision, step, "cwd"),
            user=binding(self.revision, step, "user"),
            time_limit=int(binding(self.revision, step, "timeout") or DEFAULT_LIMIT),
            on_failure=settings.on_failure or "pause",
            retry=settings.retry or 0,
            rolling=settings.rolling or 0,
            canary=bool(getattr(settings, "canary", False)),
            undo=self.undo.get(step.key, 0),
            expect=settings.expect,
            environment=tuple(sorted(names - self.secrets)),
            secrets=tuple(sorted(names & self.secrets)),
        )

    def _alternative(self, step: Step) -> int | None:
        if not step.alternatives:
            return None
        chosen = self.choices.get("alternatives", {}).get(step.key)
        if str(chosen).isdigit() and int(chosen) < len(step.alternatives):
            return int(chosen)
        ways = " or ".join(f"“{way.label}”" for way in step.alternatives)
        self.problems.append(f"Step {step.number}, {step.title}, has several ways: choose {ways}.")
        return None

    def _hosts(self, step: Step) -> list[str]:
        wanted = binding(self.revision, step, "hosts") or self.revision.bindings.get("hosts", "")
        if not wanted:
            self.problems.append(
                f"Step {step.number}, {step.title}, names no host: bind it on the plan's page."
            )
            return []
        found = named(self.environment, str(wanted))
        if not found:
            self.problems.append(
                f"Step {step.number}, {step.title}, runs on “{wanted}”, but {self.environment} "
                "has no host or group of that name. Add it, or bind the step to another."
            )
        return [host.name for host in found if self.usable(host)]

    def usable(self, host: Host) -> bool:
        try:
            self.hosts[host.name] = spec(host)
        except HostRefused as error:
            self.problems.append(str(error))
        return host.name in self.hosts

    def _start_at(self, steps: list[StepSpec]) -> int:
        first = next((each.position for each in steps if not each.standby), 1)
        return int(self.choices.get("start_at") or first)

    def _policy(self, steps: list[StepSpec]) -> PolicySpec:
        return policy.spec(self.environment, risky=any(step.destructive for step in steps))
