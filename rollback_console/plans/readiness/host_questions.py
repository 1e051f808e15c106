"""Questions to hosts that need a person's approval before anything of them is asked.

A host question runs a program, opens a connection or reads a file that the plan's text names. It
is approved by the digest of everything that decides what happens: the commands word for word,
the account, the folder, the server, and the host with its address, login, route and keys. When
any of these changes, the digest does, and the question is pending again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models.functions import Now

from rollback_console.engine.snapshot import HostSpec, Snapshot

from ..data_loss import counting
from ..data_loss.cost import CostQuestions, measure_command
from ..data_loss.cost_queries import cost_queries
from ..data_loss.migrations import MigrationQuestion
from ..document_cache import document
from ..errors import HostRefused
from ..inventory.host_specs import host_spec
from ..models import Host, HostQuestion, Plan, ReadinessEvent, Revision
from .database_logins import database_probes
from .probes import Probe, probes
from .targets import targets_of

NOT_APPROVED = "Not asked: it needs approval on the plan's page."
"""What is said of a host question that nobody approved."""


@dataclass(frozen=True, slots=True)
class ProposedQuestion:
    """What a host would be asked. `account` is who runs it there, never ""."""

    host: HostSpec
    kind: str
    subject: str
    account: str
    folder: str
    server: str
    commands: tuple[tuple[str, ...], ...]

    @property
    def sha256(self) -> str:
        """The digest that an approval is bound to."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def address(self) -> str:
        """The host as people read it: account, address, port and the way there."""
        route = f" through {self.host.jump}" if self.host.jump else ""
        return f"{self.host.username}@{self.host.address}:{self.host.port}{route}"


@dataclass(frozen=True, slots=True)
class HostQueries:
    """Everything that one host is asked: `plain` and what of the rest a person approved.

    `withheld` and `withheld_costs` are what nobody approved, `refused` what is never asked.
    """

    host: str
    plain: tuple[Probe, ...]
    approved: tuple[Probe, ...]
    withheld: tuple[Probe, ...]
    refused: tuple[Probe, ...]
    costs: CostQuestions
    withheld_costs: CostQuestions
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Raised:
    """What a snapshot raises about its hosts, before anybody looked what is approved."""

    specs: Mapping[str, HostSpec]
    probes: Mapping[str, list[Probe]]
    costs: Mapping[str, CostQuestions]


def propose_questions(revision: Revision, snapshot: Snapshot) -> list[ProposedQuestion]:
    """Every host question that this snapshot raises, none twice."""
    raised = _raise(revision, snapshot)
    by_digest = {each.sha256: each for name in raised.specs for each, _ in _of_host(raised, name)}
    return list(by_digest.values())


def register_questions(revision: Revision, snapshot: Snapshot) -> list[HostQuestion]:
    """Put what this snapshot raises before people: new questions are pending."""
    plan = revision.plan
    proposed = {each.sha256: each for each in propose_questions(revision, snapshot)}
    known = plan.host_questions.filter(sha256__in=proposed)
    known.filter(revision__lt=revision).update(revision=revision)
    missing = proposed.keys() - set(known.values_list("sha256", flat=True))
    rows = [_row(revision, proposed[digest]) for digest in proposed if digest in missing]
    HostQuestion.objects.bulk_create(rows, ignore_conflicts=True)
    return list(plan.host_questions.filter(sha256__in=proposed))


def questions_of_snapshot(revision: Revision, snapshot: Snapshot) -> list[HostQuestion]:
    """The registered questions that this snapshot raises."""
    digests = [each.sha256 for each in propose_questions(revision, snapshot)]
    return list(
        revision.plan.host_questions.filter(sha256__in=digests).select_related("decided_by")
    )


def questions_of_revision(revision: Revision) -> list[HostQuestion]:
    """The registered questions that this revision, and no newer one, needs."""
    return list(revision.host_questions.select_related("decided_by"))


def queries_by_host(revision: Revision, snapshot: Snapshot) -> list[HostQueries]:
    """What each host may be asked now, and what of it waits for approval."""
    raised = _raise(revision, snapshot)
    digests = {each.sha256 for name in raised.specs for each, _ in _of_host(raised, name)}
    approved = set(
        revision.plan.host_questions.filter(
            sha256__in=digests, state=HostQuestion.State.APPROVED
        ).values_list("sha256", flat=True)
    )
    return [_queries(raised, name, approved) for name in raised.probes]


def record_asking(
    revision: Revision, queries: Iterable[HostQueries], *, why: str, by: User | None
) -> None:
    """Put on record what each host is about to be asked, and by whose act."""
    ReadinessEvent.objects.bulk_create(
        ReadinessEvent(
            plan=revision.plan,
            revision=revision,
            host=each.host,
            why=why,
            by=by,
            facts={
                "plain": [[one.kind, one.subject[:500], one.account] for one in each.plain],
                "approved": list(each.digests),
            },
            at=Now(),
        )
        for each in queries
    )


def decision_facts(question: HostQuestion) -> dict[str, Any]:
    """What the record keeps of a question that somebody decided: every word of it."""
    return {
        "plan": question.plan.slug,
        "question": question.kind,
        "what": question.subject,
        "host": question.host,
        "host_address": question.address,
        "account": question.account,
        "folder": question.folder,
        "server": question.server,
        "commands": question.commands,
        "digest": question.sha256,
    }


def events_of(plan: Plan) -> list[ReadinessEvent]:
    """The newest records of a plan: who had which host asked what."""
    return list(plan.readiness_events.select_related("by", "revision")[:30])


def _raise(revision: Revision, snapshot: Snapshot) -> _Raised:
    targets = targets_of(revision.plan.environment)
    kinds = {each.name: str(each.kind) for each in document(revision).placeholders}
    costs = cost_queries(revision, snapshot)
    by_host: dict[str, list[Probe]] = {name: [] for name in _names(snapshot, costs)}
    every = [*probes(snapshot, kinds, targets), *database_probes(snapshot, costs, targets)]
    for probe in every:
        by_host[probe.host].append(probe)
    return _Raised(_specs(snapshot, by_host), by_host, costs)


def _names(snapshot: Snapshot, costs: Mapping[str, CostQuestions]) -> list[str]:
    return list(dict.fromkeys([*(host.name for host in snapshot.hosts), *costs]))


def _specs(snapshot: Snapshot, names: Iterable[str]) -> dict[str, HostSpec]:
    """Those of the snapshot, and of other hosts as they are now; without those nobody proved."""
    specs = {host.name: host for host in snapshot.hosts}
    others = Host.objects.filter(name__in=set(names) - specs.keys())
    for host in others.select_related("credential", "jump").prefetch_related("keys"):
        try:
            specs[host.name] = host_spec(host)
        except HostRefused:
            continue
    return {name: specs[name] for name in names if name in specs}


def _of_host(
    raised: _Raised, name: str
) -> Iterator[tuple[ProposedQuestion, Probe | MigrationQuestion | object]]:
    """Each host question of one host, with what it was made of."""
    host = raised.specs[name]
    for probe in raised.probes.get(name, []):
        if probe.needs_approval and not probe.refusal:
            yield _of_probe(host, probe), probe
    costs = raised.costs.get(name, CostQuestions())
    for question in costs.questions:
        yield _of_reversal(host, question), question
    for measure in costs.measures:
        argv = tuple(measure_command(measure))
        account, folder = measure.runs_on.user or host.username, measure.runs_on.cwd
        yield (
            ProposedQuestion(host, "measure", measure.what, account, folder, "", (argv,)),
            measure,
        )


def _of_probe(host: HostSpec, probe: Probe) -> ProposedQuestion:
    account = probe.account or _account(probe.argv) or host.username
    return ProposedQuestion(
        host, probe.kind, probe.subject, account, probe.folder, probe.server, (probe.argv,)
    )


def _of_reversal(host: HostSpec, question: MigrationQuestion) -> ProposedQuestion:
    """With the counting that follows where the service's own code can count."""
    account = _account(question.argv) or host.username
    commands = [question.argv]
    if question.python:
        commands.append(tuple(counting.counting(question, [])))
    return ProposedQuestion(
        host, "reversal", question.subject, account, question.cwd, "", tuple(commands)
    )


def _account(argv: tuple[str, ...]) -> str:
    """The account that an argument list takes by sudo; "" for none."""
    at = next((at for at, word in enumerate(argv) if word == "sudo"), None)
    return argv[at + 3] if at is not None and argv[at + 1 : at + 3] == ("-n", "-u") else ""


def _queries(raised: _Raised, name: str, approved: set[str]) -> HostQueries:
    every = raised.probes[name]
    granted: list[object] = []
    digests: list[str] = []
    for question, source in _of_host(raised, name) if name in raised.specs else ():
        if question.sha256 in approved:
            granted.append(source)
            digests.append(question.sha256)
    gated = [each for each in every if each.needs_approval and not each.refusal]
    costs = raised.costs.get(name, CostQuestions())
    return HostQueries(
        host=name,
        plain=tuple(each for each in every if not each.needs_approval and not each.refusal),
        approved=tuple(each for each in gated if each in granted),
        withheld=tuple(each for each in gated if each not in granted),
        refused=tuple(each for each in every if each.refusal),
        costs=_part(costs, granted, approved=True),
        withheld_costs=_part(costs, granted, approved=False),
        digests=tuple(digests),
    )


def _part(costs: CostQuestions, granted: list[object], *, approved: bool) -> CostQuestions:
    return CostQuestions(
        tuple(each for each in costs.questions if (each in granted) is approved),
        tuple(each for each in costs.measures if (each in granted) is approved),
    )


def _row(revision: Revision, question: ProposedQuestion) -> HostQuestion:
    return HostQuestion(
        plan=revision.plan,
        revision=revision,
        sha256=question.sha256,
        kind=question.kind,
        subject=question.subject[:500],
        host=question.host.name,
        address=question.address[:400],
        account=question.account[:100],
        folder=question.folder[:500],
        server=question.server[:300],
        commands=[list(each) for each in question.commands],
        at=Now(),
    )
