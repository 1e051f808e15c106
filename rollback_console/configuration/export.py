"""The console's configuration as a document, in a fixed order and without a single secret."""

from __future__ import annotations

from typing import Any

import yaml
from django.contrib.auth.models import User

from rollback_console.plans.models import Credential, Environment, Host, Service

from .document import (
    Configuration,
    CredentialEntry,
    DeciderEntry,
    EnvironmentEntry,
    HostEntry,
    PersonEntry,
    SecretSource,
    ServiceEntry,
)

STORED = SecretSource(stored=True)
SECRET_PARTS = ("private_key", "passphrase", "password")
RULES = (
    "name", "is_production", "approvals_code", "approvals_data", "data_role", "request_expires",
    "start_expires", "escalate_after", "remind_before", "readiness_rule", "second_person",
    "second_admin", "database_servers", "page_hosts", "file_folders", "zone",
)  # fmt: skip
"""What of an environment is a plain value."""

_HEAD = """\
# The configuration of a Rollback Console. Change it and see what would happen:
#     manage.py config diff FILE
# Secrets are not here: "stored" keeps what the console has; for another console write
# {env: NAME} or {file: PATH}, read where `manage.py config apply` runs.
"""


def export_configuration() -> Configuration:
    """Everything that people configured, as it is now."""
    return Configuration(
        configuration=1,
        people={each.get_username(): _person(each) for each in _active_people()},
        services={each.slug: ServiceEntry(name=each.name) for each in Service.objects.all()},
        credentials={each.name: _credential(each) for each in Credential.objects.all()},
        environments={each.slug: _environment(each) for each in Environment.objects.all()},
        hosts={each.name: _host(each) for each in _hosts()},
    )


def write_document(configuration: Configuration) -> str:
    """The document as YAML; what has its usual value is left out."""
    values = configuration.model_dump(mode="json", exclude_defaults=True)
    body = {"configuration": 1} | {name: values[name] for name in values if values[name]}
    return _HEAD + yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=100)


def _active_people() -> Any:
    return User.objects.filter(is_active=True).prefetch_related("groups").order_by("username")


def _person(person: User) -> PersonEntry:
    return PersonEntry(
        first_name=person.first_name,
        last_name=person.last_name,
        email=person.email,
        groups=tuple(sorted(group.name for group in person.groups.all())),
    )


def _credential(row: Credential) -> CredentialEntry:
    secrets = {part: STORED for part in SECRET_PARTS if getattr(row, part)}
    return CredentialEntry(username=row.username, certificate=row.certificate, **secrets)


def _environment(row: Environment) -> EnvironmentEntry:
    makers = row.decision_makers.select_related("user").order_by("rung", "role", "user__username")
    return EnvironmentEntry(
        **{name: getattr(row, name) for name in RULES},
        rehearses=row.rehearses.slug if row.rehearses else None,
        host_groups=tuple(row.host_groups.order_by("name").values_list("name", flat=True)),
        secrets={each.name: STORED for each in row.secrets.order_by("name")},
        decision_makers=tuple(
            DeciderEntry(person=each.user.get_username(), role=each.role, level=each.rung)
            for each in makers
        ),
    )


def _hosts() -> Any:
    hosts = Host.objects.select_related("environment", "credential", "jump").order_by("name")
    return hosts.prefetch_related("groups", "keys")


def _host(row: Host) -> HostEntry:
    confirmed = [key for key in row.keys.all() if key.confirmed_at]
    return HostEntry(
        environment=row.environment.slug,
        address=row.address,
        port=row.port,
        credential=row.credential.name,
        jump=row.jump.name if row.jump else None,
        runner=row.runner,  # type: ignore[arg-type] # its choices are these
        older_algorithms=row.older_algorithms,
        groups=tuple(sorted(group.name for group in row.groups.all())),
        keys=tuple(sorted(f"{key.type} {key.key}" for key in confirmed)),
    )
