"""What is known of a snapshot while it is made, and every problem met on the way."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from rollback_console.documents.model import PlanDocument
from rollback_console.documents.plan_config import read_plan_config
from rollback_console.engine.snapshot import CheckSpec, HostSpec, Snapshot, StepSpec

from ..approval import policy
from ..document_cache import document
from ..errors import HostRefused
from ..inventory.digests import digest_secrets
from ..inventory.host_specs import host_spec
from ..models import Environment, Host, Revision, Secret
from ..readiness.automated_checks import build_checklist
from .step_settings import hosts_named, unknown_hosts


@dataclass
class SnapshotDraft:
    """A revision and a person's choices, with what they resolve to.

    `secrets` are the names that the environment has a secret for. Whoever reads the draft adds
    sentences to `problems`, and hosts and parameter values as steps need them.
    """

    revision: Revision
    choices: dict[str, Any]
    document: PlanDocument
    environment: Environment
    secrets: set[str]
    problems: list[str] = field(default_factory=list)
    hosts: dict[str, HostSpec] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    approved: Container[str] = ()
    hosts_by_names: dict[str, list[Host]] = field(default_factory=dict)
    unknown_by_names: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def begin(
        cls,
        revision: Revision,
        choices: dict[str, Any],
        approved: Container[str] = (),
        *,
        beside: SnapshotDraft | None = None,
    ) -> SnapshotDraft:
        """A draft for the environment of the revision's plan.

        Digests of `approved` that still hold are kept, whatever key they were made with. What
        was read for the draft `beside`, of the same plan, is not read again.
        """
        text = document(revision)
        if beside is not None:
            return replace(
                beside,
                revision=revision,
                choices=choices,
                document=text,
                problems=[],
                parameters={},
            )
        environment = revision.plan.environment
        names = Secret.objects.filter(environment=environment).values_list("name", flat=True)
        return cls(revision, choices, text, environment, set(names), approved=approved)

    def find_hosts(self, names: str) -> list[Host]:
        """The hosts and groups of these names, read once."""
        if names not in self.hosts_by_names:
            self.hosts_by_names[names] = hosts_named(self.environment, names)
        return self.hosts_by_names[names]

    def unknown_hosts(self, names: str) -> list[str]:
        """A sentence for each of these names that nobody knows, read once."""
        if names not in self.unknown_by_names:
            self.unknown_by_names[names] = unknown_hosts(self.environment, names)
        return self.unknown_by_names[names]

    def usable_hosts(self, names: str, what: str) -> list[Host]:
        """The hosts and groups of these names; a name nobody knows, or a host that cannot be
        used, is a problem of `what`."""
        unknown = self.unknown_hosts(names)
        self.problems += [f"{what} is on {names}: {each}" for each in unknown]
        return [host for host in self.find_hosts(names) if self.use_host(host)]

    def use_host(self, host: Host) -> bool:
        """Whether the host can be frozen; what keeps it from that is a problem."""
        if host.name in self.hosts:
            return True
        try:
            self.hosts[host.name] = host_spec(host, self.approved)
        except HostRefused as error:
            self.problems.append(str(error))
        return host.name in self.hosts

    def start_position(self, steps: Sequence[StepSpec]) -> int:
        """The position to begin with: the chosen one, or the first step that is to run."""
        first = next((each.position for each in steps if not each.standby), 1)
        return int(self.choices.get("start_at") or first)

    def assemble(self, steps: Sequence[StepSpec], procedure: str) -> Snapshot:
        """Everything together. Problems are still in `problems`, not raised."""
        plan, checks = self.revision.plan, tuple(self._checks(steps))
        risky = any(step.destructive for step in steps)
        return Snapshot(
            plan=plan.slug,
            revision=self.revision.number,
            revision_sha256=self.revision.sha256,
            title=plan.title,
            service=plan.service.slug,
            environment=self.environment.slug,
            production=self.environment.is_production,
            procedure=procedure,
            steps=tuple(steps),
            hosts=tuple(self.hosts[name] for name in sorted(self.hosts)),
            parameters=dict(sorted(self.parameters.items())),
            checks=checks,
            settle=read_plan_config(self.document).settle,
            policy=policy.spec(self.environment, risky=risky),
            time_limit=60 * int(self.revision.bindings.get("time_limit") or 0),
            start_at=self.start_position(steps),
            continues=int(self.choices.get("continues") or 0),
            secrets=self._digests(steps),
        )

    def _digests(self, steps: Sequence[StepSpec]) -> dict[str, str]:
        names = {name for step in steps for name in step.secrets}
        return digest_secrets(self.environment, names, self.approved) if names else {}

    def _checks(self, steps: Sequence[StepSpec]) -> Iterator[CheckSpec]:
        """Automated checks run where the head says, else where the first step runs."""
        checks = read_plan_config(self.document).checks
        names = {each.target: each.runs_on.hosts for each in checks}
        first = next((step.hosts for step in steps if step.hosts), ())
        for check in build_checklist(self.document.checks, checks):
            yield self._check(check, names.get(check.target, ""), first) if check.look else check

    def _check(self, check: CheckSpec, names: str, first: tuple[str, ...]) -> CheckSpec:
        title = f"The check “{check.text}”"
        hosts = tuple(host.name for host in self.usable_hosts(names, title)) if names else first
        if not (hosts or names):
            self.problems.append(f"{title} needs a host: write hosts: in it.")
        return replace(check, hosts=hosts)
