"""What a configuration document holds, and reading one: every mistake with its line.

The JSON Schema for editors is made from these models (`manage.py config schema`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from rollback_console.plans.errors import PlanError
from rollback_console.plans.inventory.typed_hosts import read_host_address
from rollback_console.remote.keys import read_host_keys

LONGEST = 2 * 1024 * 1024
_MOST_MISTAKES = 50
_HINTS = {
    "extra_forbidden": "is unknown here",
    "missing": "is missing",
}

Slug = Annotated[str, Field(pattern=r"^[-a-zA-Z0-9_]+$", max_length=50)]
Minutes = Annotated[int, Field(ge=1, le=100_000)]


class ConfigurationError(Exception):
    """`problems` are sentences, each with the line it is about where there is one."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SecretSource(_Entry):
    """Where a secret comes from when it is applied: exactly one of these.

    `stored` keeps what the console has. `env` and `file` are read where `manage.py config apply`
    runs; through the API only `value` is taken.
    """

    stored: Literal[True] | None = None
    env: str | None = None
    file: str | None = None
    value: str | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> SecretSource:
        if len(self.model_fields_set) != 1:
            raise ValueError("write exactly one of stored, env, file and value")
        return self


class ServiceEntry(_Entry):
    """A service, by its word in addresses."""

    name: str = Field(min_length=1, max_length=100)


class CredentialEntry(_Entry):
    """How the console signs in to hosts, by the credential's name."""

    username: str = Field(min_length=1, max_length=64)
    certificate: str = ""
    private_key: SecretSource | None = None
    passphrase: SecretSource | None = None
    password: SecretSource | None = None


class PersonEntry(_Entry):
    """A person, by the name to sign in with. A new one chooses a password behind an invitation."""

    first_name: str = Field("", max_length=150)
    last_name: str = Field("", max_length=150)
    email: str = ""
    groups: tuple[str, ...] = ()


class DeciderEntry(_Entry):
    """One decision maker of an environment; level 1 is asked first."""

    person: str
    role: str = Field("Deploy Lead", min_length=1, max_length=60)
    level: int = Field(1, ge=1, le=99)


class EnvironmentEntry(_Entry):
    """An environment with its rules, secrets, groups and decision makers, by its short name."""

    name: str = Field(min_length=1, max_length=100)
    is_production: bool = False
    approvals_code: int = Field(1, ge=1, le=20)
    approvals_data: int = Field(2, ge=1, le=20)
    data_role: str = ""
    request_expires: Minutes = 60
    start_expires: Minutes = 60
    escalate_after: Minutes = 10
    remind_before: Minutes = 15
    readiness_rule: Literal["warn", "block"] = "warn"
    second_person: Literal["quorum", "always", "never"] = "quorum"
    second_admin: bool = False
    database_servers: str = ""
    page_hosts: str = ""
    file_folders: str = ""
    zone: str = ""
    rehearses: Slug | None = None
    host_groups: tuple[Slug, ...] = ()
    secrets: dict[str, SecretSource] = {}
    decision_makers: tuple[DeciderEntry, ...] = ()


class HostEntry(_Entry):
    """A host, by its name. `keys` are the public host keys to trust, compared by whoever wrote
    this; without `keys` those that people confirmed stay."""

    environment: Slug
    address: str
    port: int = Field(22, ge=1, le=65535)
    credential: str
    jump: str | None = None
    runner: Literal["auto", "python", "shell"] = "auto"
    older_algorithms: bool = False
    groups: tuple[Slug, ...] = ()
    keys: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _bare_address(self) -> HostEntry:
        try:
            bare = read_host_address(self.address, self.port)
        except PlanError as error:
            raise ValueError(str(error)) from error
        if bare != (self.address, self.port):
            raise ValueError(f"write address: {bare[0]} and port: {bare[1]}")
        return self

    @field_validator("keys")
    @classmethod
    def _only_keys(cls, keys: tuple[str, ...] | None) -> tuple[str, ...] | None:
        """Without comments and names, in order. Raises ValueError for what is no key."""
        if not keys:
            return keys
        return tuple(sorted(f"{pin.type} {pin.key}" for pin in read_host_keys("\n".join(keys))))


class Configuration(_Entry):
    """The whole document. What a part does not name stays, unless it is pruned."""

    configuration: Literal[1]
    people: dict[str, PersonEntry] = {}
    services: dict[Slug, ServiceEntry] = {}
    credentials: dict[str, CredentialEntry] = {}
    environments: dict[Slug, EnvironmentEntry] = {}
    hosts: dict[str, HostEntry] = {}


def read_document(text: str) -> Configuration:
    """The document of a YAML text. Raises ConfigurationError with the first 50 mistakes."""
    if len(text) > LONGEST:
        raise ConfigurationError(["The document is longer than 2 MB."])
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"Line {mark.line + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or "it cannot be read"
        raise ConfigurationError([f"{where}this is no YAML: {problem}."]) from error
    try:
        return Configuration.model_validate(values)
    except ValidationError as error:
        mistakes = error.errors()
        sentences = [_sentence(each, tree) for each in mistakes[:_MOST_MISTAKES]]
        if len(mistakes) > _MOST_MISTAKES:
            sentences.append(f"There are {len(mistakes) - _MOST_MISTAKES} more mistakes.")
        raise ConfigurationError(sentences) from error


def _sentence(error: Any, tree: yaml.nodes.Node | None) -> str:
    path = [part for part in error["loc"] if part != "[key]"]
    name = ".".join(map(str, path)) or "the document"
    why = _HINTS.get(error["type"], error["msg"].removeprefix("Value error, ").lower())
    return f"Line {_line(tree, path)}: {name}: {why}."


def _line(node: yaml.nodes.Node | None, path: Sequence[Any]) -> int:
    """The line of the deepest part of the path that the document has, counted from 1."""
    if node is None:
        return 1
    line = node.start_mark.line + 1
    for part in path:
        if isinstance(node, yaml.nodes.MappingNode):
            pairs = [pair for pair in node.value if pair[0].value == str(part)]
        elif isinstance(node, yaml.nodes.SequenceNode) and isinstance(part, int):
            pairs = [(each, each) for each in node.value[part : part + 1]]
        else:
            pairs = []
        if not pairs:
            return int(line)
        line, node = pairs[0][0].start_mark.line + 1, pairs[0][1]
    return int(line)
