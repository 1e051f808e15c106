"""What the console knows at first: people, an environment, the host, its plan, a request."""

from __future__ import annotations

from pathlib import Path

from django.contrib.auth.models import Group, User
from django.db import transaction

from rollback_console.access.actions.people import add_person
from rollback_console.documents.canonical import tidied
from rollback_console.plans.actions import plans
from rollback_console.plans.actions.credentials import add_credential
from rollback_console.plans.actions.decision_makers import name_decision_maker
from rollback_console.plans.actions.environments import add_environment
from rollback_console.plans.actions.host_groups import add_host_group
from rollback_console.plans.actions.host_keys import confirm_key, note_keys
from rollback_console.plans.actions.host_questions import approve_host_question
from rollback_console.plans.actions.hosts import add_host
from rollback_console.plans.actions.services import add_service
from rollback_console.plans.approval import policy
from rollback_console.plans.models import Environment, Plan
from rollback_console.plans.readiness.host_questions import register_questions
from rollback_console.plans.snapshot.request_form import draw_request_form
from rollback_console.remote.protocol import HostKeyPin
from rollback_console.rollbacks.actions import requests
from rollback_console.rollbacks.execution.view import snapshot_of

from .layout import Layout
from .people import DemoAccount, ensure
from .repository import OLD
from .ssh import keys
from .state import State

SERVICE, PLACE, HOST, GROUP = "bookings", "staging", "bookings-1", "app"
LADDER = [("lee", "Deploy Lead", 1), ("sam", "DevOps Lead", 2), ("rio", "CTO", 2)]
_PLAN = Path(__file__).with_name("plan.md")


@transaction.atomic
def seed_demo(layout: Layout, state: State | None) -> None:
    """Make what is missing; without a host only the people. What people changed stays."""
    people = {person.name: _user(person) for person in ensure(layout)}
    if state is None or Plan.objects.filter(service__slug=SERVICE).exists():
        return
    environment = _environment(people)
    _host(layout, state, environment)
    _ask(layout, state, environment, people)


def _user(person: DemoAccount) -> User:
    return User.objects.filter(username=person.name).first() or add_person(
        by=None,
        username=person.name,
        password=person.password,
        first_name=person.name.capitalize(),
        last_name=person.family,
        groups=Group.objects.filter(name=person.group),
    )


def _environment(people: dict[str, User]) -> Environment:
    environment = add_environment(
        by=None, slug=PLACE, name="STAGING", approvals_data=1, request_expires=7 * 24 * 60
    )
    for person, role, rung in LADDER:
        if person in people:
            name_decision_maker(environment, by=None, user=people[person], role=role, rung=rung)
    policy.require(environment)
    return environment


def _host(layout: Layout, state: State, environment: Environment) -> None:
    credential = add_credential(
        by=None, name="Deploy key", username=state.username, private_key=keys.private(layout)
    )
    host = add_host(
        by=None,
        name=HOST,
        environment=environment,
        address="127.0.0.1",
        port=state.ssh_port,
        credential=credential,
        groups=[add_host_group(environment, by=None, name=GROUP)],
    )
    (key,) = note_keys(host, [HostKeyPin(*keys.host_key(layout))], by=None)
    confirm_key(key, by=None)


def _ask(layout: Layout, state: State, environment: Environment, people: dict[str, User]) -> None:
    service = add_service(by=None, slug=SERVICE, name="Bookings")
    text = _PLAN.read_text()
    places = {"/demo/app": layout.app, "/demo/backups": layout.backups}
    for mark, value in {**places, "@HEALTH@": f"{state.service_url}health"}.items():
        text = text.replace(mark, str(value))
    revision = plans.import_document(
        tidied(text).encode(), by=people["sam"], service=service, environment=environment
    )
    revision = plans.confirm_arrangement(revision, by=people["sam"])
    values = {"migration": "0001", "tag": OLD}
    form = draw_request_form(revision)
    rollback = requests.open_request(
        revision,
        by=people["dana"],
        trigger="Health page answers 500 after the deployment",
        reason="Since 1.5.0 the front desk cannot see a single booking.",
        choices={"parameters": {each.name: values[each.kind] for each in form.parameters}},
    )
    # The demo's host is the console's own, so that a visitor sees what would be lost at once.
    for question in register_questions(revision, snapshot_of(rollback.snapshot)):
        approve_host_question(question, by=people["lee"], sha256=question.sha256)
