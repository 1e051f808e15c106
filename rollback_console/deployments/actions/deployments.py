"""Deployments: recording one, its end, and whether it has to be taken back.

Each act is one row and one configuration event in one transaction. All raise
`rollbacks.errors.Refused` with a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from rollback_console.audit import kinds
from rollback_console.audit.integrity.row_ledger import added, changed
from rollback_console.audit.record import record_change
from rollback_console.common.permission import may_do
from rollback_console.plans.models import Environment, Plan, Service
from rollback_console.plans.snapshot.deployment_facts import DeploymentFacts
from rollback_console.rollbacks.actions import requests
from rollback_console.rollbacks.errors import Refused
from rollback_console.rollbacks.models import Rollback

from ..models import Deployment
from ..running import running_version

OUTCOMES = ("succeeded", "failed")


@transaction.atomic
def record_deployment(
    *,
    by: User,
    service: Service,
    environment: Environment,
    version: str,
    facts: DeploymentFacts,
    plan: Plan | None = None,
    commit: str = "",
    deployed_by: str = "",
    link: str = "",
    external_id: str | None = None,
    committed_at: datetime | None = None,
) -> Deployment:
    """A deployment that begins now. What ran before it is noted, where the console knows it."""
    made = Deployment(service=service, environment=environment, version=version.strip())
    _permit(by, "plans.add_plan", made, "record deployments of")
    if not made.version:
        raise Refused("Name the version that is deployed.")
    _refuse_hidden(made.version, commit, deployed_by, link, *asdict(facts).values())
    if plan is not None:
        _refuse_other_target(made, plan)
    before = running_version(service, environment)
    made.previous_version = before.version if before else ""
    made.facts, made.plan = asdict(facts), plan or _only_plan(service, environment)
    made.commit, made.deployed_by, made.link = commit, deployed_by, link
    made.external_id, made.committed_at = external_id, committed_at
    made.recorded_by, made.started_at = by, Now()
    made.save(force_insert=True)
    _record(kinds.DEPLOYMENT_RECORDED, made, by, rows=[added(made)], version=made.version)
    made.refresh_from_db()
    return made


def _refuse_hidden(*values: Any) -> None:
    """People decide by these words; what turns a line around would show them another version."""
    if not all(value.isprintable() for value in values if isinstance(value, str)):
        raise Refused("Leave out characters that nobody sees: they may turn a line around.")


@transaction.atomic
def finish_deployment(deployment: Deployment, *, by: User, outcome: str) -> Deployment:
    """It ended, `succeeded` or `failed`. Said twice alike it is said once."""
    _permit(by, "plans.add_plan", deployment, "record deployments of")
    if outcome not in OUTCOMES:
        raise Refused("A deployment ends `succeeded` or `failed`.")
    running = Deployment.objects.filter(pk=deployment.pk, state="running")
    if not running.update(state=outcome, finished_at=Now()):
        deployment.refresh_from_db()
        if deployment.state == outcome:
            return deployment
        raise Refused(f"This deployment {deployment.state} already. Record the next one anew.")
    rows = [changed(deployment, "state", "finished_at")]
    _record(kinds.DEPLOYMENT_FINISHED, deployment, by, rows=rows, outcome=outcome)
    deployment.refresh_from_db()
    return deployment


@transaction.atomic
def close_deployment(deployment: Deployment, *, by: User, reason: str) -> Deployment:
    """No rollback is needed, and why. The first decision counts."""
    _permit(by, "rollbacks.request_rollback", deployment, "decide about deployments of")
    if not reason.strip():
        raise Refused("Say what you saw that tells you no rollback is needed.")
    _decide(deployment, by, decision="no", reason=reason.strip())
    return deployment


@transaction.atomic
def request_rollback(deployment: Deployment, *, by: User, **request: Any) -> Rollback:
    """A rollback is needed: `request` is what rollbacks' open_request takes.

    It stands like any other request: whoever makes it may not approve it.
    """
    _permit(by, "rollbacks.request_rollback", deployment, "decide about deployments of")
    _refuse_other_target(deployment, request["revision"].plan)
    made = requests.open_request(by=by, **request)
    _decide(deployment, by, decision="yes", reason=made.reason, rollback=made)
    return made


def facts_of(deployment: Deployment) -> DeploymentFacts:
    """What the pipeline knew, as values of parameters are matched with."""
    known = DeploymentFacts.__dataclass_fields__
    return DeploymentFacts(**{key: each for key, each in deployment.facts.items() if key in known})


def _refuse_other_target(deployment: Deployment, plan: Plan) -> None:
    if (plan.service_id, plan.environment_id) != (
        deployment.service_id,
        deployment.environment_id,
    ):
        raise Refused(
            f"{plan.title} is a plan for {plan.service} in {plan.environment}. "
            f"Choose one for {deployment.service} in {deployment.environment}."
        )


def _only_plan(service: Service, environment: Environment) -> Plan | None:
    """The plan that takes it back, where no other could be meant."""
    plans = list(Plan.objects.filter(service=service, environment=environment)[:2])
    return plans[0] if len(plans) == 1 else None


def _decide(deployment: Deployment, by: User, **fields: Any) -> None:
    undecided = Deployment.objects.filter(pk=deployment.pk, decision="")
    if not undecided.update(decided_by=by, decided_at=Now(), **fields):
        raise Refused("Somebody decided about this deployment already. Reload the page.")
    rows = [changed(deployment, "decided_by", "decided_at", *fields)]
    words: Mapping[str, str] = dict(Deployment.DECISIONS)
    facts = {"decision": words[fields["decision"]], "reason": fields["reason"]}
    _record(kinds.DEPLOYMENT_DECIDED, deployment, by, rows=rows, **facts)
    deployment.refresh_from_db()


def _record(kind: str, deployment: Deployment, by: User, **facts: Any) -> None:
    record_change(kind, by=by, subject=deployment, **facts)


def _permit(by: User, right: str, over: Deployment, what: str) -> None:
    if not may_do(by, right, over):
        raise Refused(f"You may not {what} {over.service} in {over.environment}. Ask an operator.")
