"""One cast and one stage for every test."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.utils import timezone

from rollback_console import documents
from rollback_console.access.actions.tokens import create_token
from rollback_console.access.tokens import Token
from rollback_console.documents.canonical import is_canonical
from rollback_console.engine.snapshot import Snapshot
from rollback_console.plans.actions import host_questions as questions
from rollback_console.plans.actions import plans
from rollback_console.plans.models import (
    Asking,
    Credential,
    DecisionMaker,
    Environment,
    Host,
    HostKey,
    HostQuestion,
    Plan,
    Revision,
    Service,
)
from rollback_console.plans.readiness import queue
from rollback_console.plans.readiness.check import Readiness, check
from rollback_console.plans.readiness.host_questions import register_questions
from rollback_console.plans.snapshot.freeze import freeze_snapshot
from rollback_console.remote.protocol import HostAddress, RunnerKind
from rollback_console.rollbacks.actions import approvals, requests
from rollback_console.rollbacks.models import RightGrant, Rollback
from rollback_console.rollbacks.permissions import groups

PASSWORD = "correct horse battery staple"

# A well-formed Ed25519 public key that belongs to nobody.
KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

PLAN = """\
# Rollback Plan

**Feature**: Checkout 2
**Environment**: STAGING

## 1. Rollback Decision

### When to Rollback
- Health checks failing after deployment

## 2. Rollback Steps

### Step 1: Stop
```bash
echo stopping
```

### Step 2: Restore Code
```bash
echo restoring
```

### Step 3: Start
```bash
echo starting
```

## 4. Rollback Verification

### Critical Checks
- [ ] Application starts successfully
- [ ] User can log in

## 5. Post-rollback Actions

### Immediate Actions
- [ ] Notify team of rollback
"""


@dataclass(frozen=True)
class Cast:
    """dana asks, lee decides first, sam is the next rung, vic only looks, ada is admin."""

    dana: User
    lee: User
    sam: User
    vic: User
    ada: User


@dataclass(frozen=True)
class Stage:
    """An environment with its people, a service and a host."""

    cast: Cast
    environment: Environment
    service: Service
    host: Host


def person(name: str, group: str) -> User:
    user = new_person(name)
    user.save()
    user.groups.add(Group.objects.get(name=group))
    return user


def new_person(name: str) -> User:
    """Not saved yet."""
    return User(
        username=name,
        email=f"{name}@example.org",
        password=hashed_password(),
        first_name=name.capitalize(),
        last_name="Example",
    )


@cache
def hashed_password() -> str:
    return make_password(PASSWORD)


CAST = {
    "dana": groups.OPERATOR,
    "lee": groups.OPERATOR,
    "sam": groups.OPERATOR,
    "vic": groups.VIEWER,
    "ada": groups.ADMIN,
}


def cast() -> Cast:
    """All at once: most tests begin with them, and each would cost six queries."""
    users = User.objects.bulk_create(new_person(name) for name in CAST)
    ids = dict(Group.objects.values_list("name", "pk"))
    member = User.groups.through
    member.objects.bulk_create(
        member(user=user, group_id=ids[CAST[user.username]]) for user in users
    )
    return Cast(**{user.username: user for user in users})


def stage(*, production: bool = False, address: HostAddress | None = None) -> Stage:
    """The cast on an environment whose decision makers are lee (rung 1) and sam (rung 2)."""
    people = cast()
    slug = "production" if production else "staging"
    environment = Environment.objects.create(
        slug=slug, name=slug.upper(), is_production=production, approvals_data=1
    )
    DecisionMaker.objects.create(environment=environment, user=people.lee, role="Deploy Lead")
    DecisionMaker.objects.create(
        environment=environment, user=people.sam, role="DevOps Lead", rung=2
    )
    service = Service.objects.create(slug="checkout", name="Checkout")
    return Stage(people, environment, service, host(environment, "app-1", people.ada, address))


def host(environment: Environment, name: str, by: User, address: HostAddress | None = None) -> Host:
    """A host with one confirmed key; a made-up one without `address`."""
    login = address.login if address else None
    credential, _ = Credential.objects.get_or_create(
        name=f"key of {name}",
        defaults={
            "username": address.username if address else "deploy",
            "private_key": login.private_key if login else "",
            "password": login.password if login else "",
        },
    )
    made = Host.objects.create(
        name=name,
        environment=environment,
        address=address.address if address else "192.0.2.1",
        port=address.port if address else 22,
        credential=credential,
        runner=address.runner if address else RunnerKind.AUTO,
    )
    pins = [(pin.type, pin.key) for pin in address.host_keys] if address else [("ssh-ed25519", KEY)]
    for kind, key in pins:
        HostKey.objects.create(
            host=made, type=kind, key=key, confirmed_by=by, confirmed_at=timezone.now()
        )
    return made


@cache
def canonical(text: str) -> str:
    """A plan as a person would confirm it without changing a thing."""
    return text if is_canonical(text) else documents.write_canonical(documents.read(text))


def plan(made: Stage, text: str = PLAN, **bindings: Any) -> Revision:
    """A plan kept, bound to the stage's host and confirmed by ada, whom nothing else involves."""
    revision = plans.import_document(
        canonical(text).encode(),
        by=made.cast.ada,
        service=made.service,
        environment=made.environment,
    )
    revision = plans.bind_steps(
        revision, by=made.cast.ada, bindings={"hosts": made.host.name, **bindings}
    )
    return confirmed(revision, made.cast.ada)


def revised(before: Plan, text: str, by: User) -> Revision:
    """The plan's next revision, written and confirmed by the same person."""
    return confirmed(plans.revise(before, canonical(text).encode(), by=by), by)


def confirmed(revision: Revision, by: User) -> Revision:
    """The revision as that person confirms it, where nobody has yet."""
    if revision.confirmed_at is not None:
        return revision
    return plans.confirm_arrangement(revision, by=by)


def requested(made: Stage, text: str = PLAN, **choices: Any) -> Rollback:
    """A rollback that dana asked for."""
    revision = plan(made, text)
    return requests.open_request(
        revision, by=made.cast.dana, reason="Health page answers 500", choices=choices
    )


def approved(made: Stage, text: str = PLAN, **choices: Any) -> Rollback:
    """A rollback that dana asked for and lee approved; nothing drives it yet."""
    rollback = requested(made, text, **choices)
    approvals.approve(rollback, by=made.cast.lee, snapshot_sha256=rollback.snapshot_sha256)
    rollback.refresh_from_db()
    return rollback


def signed_in(user: User, *, minutes_ago: float = 0.0, how: str = "password") -> Client:
    """A browser in which that person signed in `minutes_ago`, by "password" or with "mfa"."""
    client = Client()
    client.force_login(user)
    session = client.session
    proved(session, user, minutes_ago=minutes_ago, how=how)
    session.save()
    return client


def proved(session: Any, user: User, *, minutes_ago: float = 0.0, how: str = "password") -> None:
    """Note in a session, as signing in does, when and how that person proved who they are."""
    at = time.time() - minutes_ago * 60
    session["account_authentication_methods"] = [{"method": how, "at": at}]
    session["account_authentication_methods_user"] = str(user.pk)


def host_questions_approved(by: User) -> None:
    """Everything that hosts are asked only with approval is approved."""
    for question in HostQuestion.objects.filter(state=HostQuestion.State.PENDING):
        questions.approve_host_question(question, by=by, sha256=question.sha256)


def checked(
    made: Stage, revision: Revision, choices: dict[str, Any] | None = None
) -> tuple[Readiness, Snapshot]:
    """What hosts answer about a revision once lee approved every question to them."""
    snapshot = freeze_snapshot(revision, choices or {})
    register_questions(revision, snapshot)
    host_questions_approved(made.cast.lee)
    return check(revision, snapshot), snapshot


def may_break_glass(user: User) -> User:
    """That person, with the right to break glass since before anything here was asked for."""
    user.user_permissions.add(Permission.objects.get(codename="break_glass"))
    RightGrant.objects.filter(user=user).update(granted_at=timezone.now() - timedelta(days=30))
    return user


def hosts_answer(approving: User | None = None) -> None:
    """What a worker does: every wish to ask the hosts is answered.

    Before that `approving` approves every question to them.
    """
    if approving:
        host_questions_approved(approving)
    for number in Asking.objects.filter(done_at=None).values_list("id", flat=True):
        queue.answer_asking(number)


def token(user: User, *, name: str, scopes: Sequence[str], days: int = 1) -> tuple[Token, str]:
    """A token that this person made for themselves, and its secret."""
    return create_token(user, by=user, name=name, scopes=scopes, days=days)
