"""Hosts, credentials, environments and their secrets: read, and written by Admins.

What is secret is written and never answered.
"""

from __future__ import annotations

from typing import Annotated

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest
from ninja import Query, Router, Status
from pydantic import BaseModel, Field

from rollback_console.plans.actions import credentials, host_groups, hosts, secrets
from rollback_console.plans.models import Credential, Environment, Host
from rollback_console.plans.permission import ADMINISTER
from rollback_console.rollbacks.queries import lists

from ... import lookup, pagination
from ...authentication import ADMIN, READ, person
from ...bodies.requests import Body, Slug, Value
from ...errors.problems import Problem
from ...pagination import Cursor, Limit, Next
from ...responses.base import Time

router = Router(tags=["inventory"])

Text = Annotated[str, Query(max_length=200)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Secret = Annotated[str, Field(max_length=20_000)]


class HostKeyOut(BaseModel):
    """A key that the host showed; it counts once `confirmed_at` says when a person compared it."""

    type: str
    fingerprint: str
    confirmed_at: Time | None


class HostOut(BaseModel):
    """A host; `credential` and `jump` are names."""

    name: str
    environment: str
    address: str
    port: int
    credential: str
    jump: str | None
    groups: list[str]
    keys: list[HostKeyOut]


class HostPage(BaseModel):
    """By name."""

    items: list[HostOut]
    next: Next


class NewHost(Body):
    """A host; a group that the environment lacks is added. People confirm its key afterwards."""

    name: Name
    environment: Slug
    address: Annotated[str, Field(min_length=1, max_length=255)]
    port: Annotated[int, Field(ge=1, le=65535)] = 22
    credential: Name
    jump: Name | None = None
    groups: Annotated[
        list[Annotated[str, Field(pattern=r"^[-a-zA-Z0-9_]{1,50}$")]], Field(max_length=50)
    ] = Field(default_factory=list)


class RemovedOut(BaseModel):
    """The name of what is no longer there."""

    removed: str


class CredentialOut(BaseModel):
    """How the console signs in; of what is secret only whether it is there."""

    name: str
    username: str
    has_private_key: bool
    has_password: bool
    hosts: int


class CredentialList(BaseModel):
    """By name."""

    items: list[CredentialOut]


class NewCredential(Body):
    """A credential; `private_key`, `passphrase` and `password` are never answered."""

    name: Name
    username: Annotated[str, Field(min_length=1, max_length=64)]
    private_key: Secret = ""
    passphrase: Value = ""
    password: Value = ""
    certificate: Secret = ""


class EnvironmentOut(BaseModel):
    """An environment in short; its rules and ladder are at `policies`."""

    slug: str
    name: str
    is_production: bool
    zone: str
    hosts: int
    groups: list[str]
    secrets: list[str]


class EnvironmentList(BaseModel):
    """Production first."""

    items: list[EnvironmentOut]


class NewSecret(Body):
    """A secret of an environment, written or replaced."""

    name: Name
    value: Annotated[str, Field(min_length=6, max_length=20_000)]


class SecretOut(BaseModel):
    """Its name alone."""

    name: str


@router.get("/hosts", auth=READ, response=HostPage)
def list_hosts(
    request: HttpRequest,
    environment: Text = "",
    text: Text = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> HostPage:
    """Hosts with their keys, by name; for Admins."""
    _require_admin(request)
    rows = lookup.within_limit(_hosts(), environment="environment__slug", service=None)
    if environment:
        rows = rows.filter(environment__slug=environment)
    if text:
        rows = rows.filter(name__contains=text)
    if last := pagination.after(cursor):
        rows = rows.filter(name__gt=last)
    page, following = pagination.cut(
        rows.order_by("name")[: limit + 1], limit, lambda row: row.name
    )
    return HostPage(items=[host_out(row) for row in page], next=following)


@router.post("/hosts", auth=ADMIN, response={201: HostOut})
def add_host(request: HttpRequest, body: NewHost) -> Status[HostOut]:
    """Add a host; its key is confirmed by a person, on its page."""
    _require_admin(request)
    environment = lookup.environment(body.environment)
    lookup.require_whole(environment)
    by = person(request)
    with transaction.atomic():
        groups = [host_groups.add_host_group(environment, by=by, name=name) for name in body.groups]
        host = hosts.add_host(
            by=by,
            name=body.name,
            environment=environment,
            address=body.address,
            port=body.port,
            credential=_credential(body.credential),
            jump=_jump(body.jump) if body.jump else None,
            groups=groups,
        )
    return Status(201, host_out(_host(host.name)))


@router.post("/hosts/{str:name}/removals", auth=ADMIN, response={201: RemovedOut})
def remove_host(request: HttpRequest, name: str) -> Status[RemovedOut]:
    """Remove a host that nothing which is not over needs."""
    _require_admin(request)
    host = _host(name)
    lookup.require_whole(host.environment)
    if needing := lists.needing(host):
        numbers = ", ".join(map(str, needing))
        raise Problem("refused", f"{host} is needed by what is not over yet: rollback {numbers}.")
    hosts.remove_host(host, by=person(request))
    return Status(201, RemovedOut(removed=name))


@router.get("/credentials", auth=ADMIN, response=CredentialList)
def list_credentials(request: HttpRequest) -> CredentialList:
    """Every credential, without what is secret."""
    _require_everywhere(request)
    rows = Credential.objects.annotate(host_count=Count("hosts")).order_by("name")
    return CredentialList(items=[credential_out(row, row.host_count) for row in rows])


@router.post("/credentials", auth=ADMIN, response={201: CredentialOut})
def add_credential(request: HttpRequest, body: NewCredential) -> Status[CredentialOut]:
    """Add a credential."""
    _require_everywhere(request)
    made = credentials.add_credential(by=person(request), **body.model_dump())
    return Status(201, credential_out(made, 0))


@router.get("/environments", auth=READ, response=EnvironmentList)
def list_environments(request: HttpRequest) -> EnvironmentList:
    """Every environment that the token reaches, with the names of its groups and secrets."""
    _require_admin(request)
    rows = Environment.objects.annotate(host_count=Count("hosts"))
    rows = lookup.within_limit(rows, environment="slug", service=None)
    rows = rows.prefetch_related("host_groups", "secrets").order_by("-is_production", "slug")
    return EnvironmentList(items=[environment_out(row, row.host_count) for row in rows])


@router.post("/environments/{slug:slug}/secrets", auth=ADMIN, response={201: SecretOut})
def set_secret(request: HttpRequest, slug: str, body: NewSecret) -> Status[SecretOut]:
    """Write or replace a secret; nobody can read it back."""
    _require_admin(request)
    environment = lookup.environment(slug)
    lookup.require_whole(environment)
    row = secrets.set_secret(environment, by=person(request), name=body.name, value=body.value)
    return Status(201, SecretOut(name=row.name))


@router.post(
    "/environments/{slug:slug}/secrets/{str:name}/removals",
    auth=ADMIN,
    response={201: RemovedOut},
)
def remove_secret(request: HttpRequest, slug: str, name: str) -> Status[RemovedOut]:
    """Remove a secret for good."""
    _require_admin(request)
    environment = lookup.environment(slug)
    lookup.require_whole(environment)
    row = environment.secrets.filter(name=name).first()
    if row is None:
        raise Http404(f"{environment} has no secret {name}.")
    secrets.remove_secret(row, by=person(request))
    return Status(201, RemovedOut(removed=name))


def host_out(row: Host) -> HostOut:
    """A host as the API answers it."""
    return HostOut(
        name=row.name,
        environment=row.environment.slug,
        address=row.address,
        port=row.port,
        credential=row.credential.name,
        jump=row.jump.name if row.jump else None,
        groups=sorted(group.name for group in row.groups.all()),
        keys=[
            HostKeyOut(type=key.type, fingerprint=key.fingerprint, confirmed_at=key.confirmed_at)
            for key in row.keys.all()
        ],
    )


def credential_out(row: Credential, host_count: int) -> CredentialOut:
    """A credential without what is secret."""
    return CredentialOut(
        name=row.name,
        username=row.username,
        has_private_key=bool(row.private_key),
        has_password=bool(row.password),
        hosts=host_count,
    )


def environment_out(row: Environment, host_count: int) -> EnvironmentOut:
    """An environment in short."""
    return EnvironmentOut(
        slug=row.slug,
        name=row.name,
        is_production=row.is_production,
        zone=row.zone,
        hosts=host_count,
        groups=[group.name for group in row.host_groups.all()],
        secrets=[secret.name for secret in row.secrets.all()],
    )


def _hosts() -> QuerySet[Host]:
    rows = Host.objects.select_related("environment", "jump")
    return rows.prefetch_related("credential", "groups", "keys")


def _host(name: str) -> Host:
    row = _hosts().filter(name=name).first()
    if row is None:
        raise Http404(f"There is no host {name}.")
    return row


def _credential(name: str) -> Credential:
    row = Credential.objects.filter(name=name).first()
    if row is None:
        raise Problem("refused", f"There is no credential {name}.")
    rows = Host.objects.filter(credential=row)
    within = lookup.within_limit(rows, environment="environment__slug", service=None)
    if not within.exists() or within.count() != rows.count():
        lookup.require_unlimited()  # it opens hosts that a limited token does not reach
    return row


def _jump(name: str) -> Host:
    row = _host(name)
    lookup.require_whole(row.environment)
    return row


def _require_admin(request: HttpRequest) -> None:
    if not person(request).has_perm(ADMINISTER):
        raise PermissionDenied("You may not read or change hosts and secrets. Ask an Admin.")


def _require_everywhere(request: HttpRequest) -> None:
    lookup.require_unlimited()
    _require_admin(request)
