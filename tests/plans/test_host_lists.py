"""Lists of hosts in every form become rows, and what is not understood becomes a sentence."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from rollback_console.plans.errors import PlanError
from rollback_console.plans.inventory.host_lists import HostRow, read_host_list
from rollback_console.plans.models import Host
from tests.make import Stage

APP = HostRow("app-1", "10.0.0.1", 2222, "deploy", ("app",))

ANSIBLE = json.dumps(
    {
        "_meta": {
            "hostvars": {
                "app-1": {
                    "ansible_host": "10.0.0.1",
                    "ansible_port": 2222,
                    "ansible_user": "deploy",
                },
                "build": {"ansible_connection": "local"},
            }
        },
        "all": {"children": ["ungrouped", "site"]},
        "site": {"children": ["app"]},
        "app": {"hosts": ["app-1"]},
        "ungrouped": {"hosts": ["db-1"]},
    }
)
CLIENT = """
Host app-1
    HostName 10.0.0.1
    User deploy
Host db-1 db-2
    ProxyJump ops@gate:22
Host *
    Port 2222
    User root
"""


def test_an_ansible_inventory_gives_hosts_with_their_groups_and_those_above() -> None:
    listed = read_host_list(ANSIBLE)
    assert listed.rows == (
        HostRow("app-1", "10.0.0.1", 2222, "deploy", ("app", "site")),
        HostRow("db-1", "db-1"),
    )
    assert listed.problems == ("build: it is not reached over SSH, so it is left out.",)


def test_a_client_configuration_gives_named_hosts_with_the_first_value_of_a_keyword() -> None:
    assert read_host_list(CLIENT).rows == (
        HostRow("app-1", "10.0.0.1", 2222, "deploy"),
        HostRow("db-1", "db-1", 2222, "root", jump="gate"),
        HostRow("db-2", "db-2", 2222, "root", jump="gate"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "name,address,port,account,groups\napp-1,10.0.0.1,2222,deploy,app\n",
        "Name;Address;User;Group\napp-1;10.0.0.1:2222;deploy;app\n",
        "# our hosts\napp-1 deploy@10.0.0.1:2222 app  # the first\n",
        "app-1 ssh://deploy@10.0.0.1:2222 app\n",
    ],
)
def test_csv_and_typed_lines_say_the_same(text: str) -> None:
    assert read_host_list(text).rows == (APP,)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("app 1 x\napp-1 10.0.0.300 x", "is no address"),
        ("app-1 10.0.0.1\napp-1 10.0.0.2", "twice, and differs"),
        ("Host app-1\n  Port 22\nMatch host x\n  User y", "Match is not followed"),
        ('{"_meta": {"hostvars": {"app-1": {"ansible_port": "x"}}}}', "Port 0 does not exist"),
    ],
)
def test_what_is_not_understood_is_said_and_the_rest_is_read(text: str, says: str) -> None:
    assert any(says in problem for problem in read_host_list(text).problems)


@pytest.mark.parametrize("text", ["", "# nothing", "{", '{"_meta": {}}'])
def test_a_text_without_hosts_is_refused(text: str) -> None:
    with pytest.raises(PlanError):
        read_host_list(text)


@given(st.text() | st.from_regex(r"(Host|name,address|\{)[^x]*", fullmatch=True))
def test_whatever_is_pasted_is_a_list_or_a_sentence(text: str) -> None:
    try:
        listed = read_host_list(text)
    except PlanError as error:
        assert str(error).endswith(".")
    else:
        assert listed.rows or listed.problems


def import_by_command(path: Path, *options: str) -> str:
    """What the command prints for the list, or says when it refuses."""
    output = io.StringIO()
    try:
        call_command("import_hosts", str(path), *options, stdout=output)
    except CommandError as error:
        return f"{output.getvalue()}{error}"
    return output.getvalue()


def test_the_command_shows_a_list_and_imports_it_only_when_told_to(
    stage: Stage, tmp_path: Path
) -> None:
    path = tmp_path / "hosts"
    path.write_text("app-7 192.0.2.7 app\n")
    options = (
        f"--environment={stage.environment.slug}",
        f"--credential={stage.host.credential.name}",
    )
    assert "new      app-7 192.0.2.7:22" in import_by_command(path, *options)
    assert not Host.objects.filter(name="app-7").exists()
    import_by_command(path, *options, "--yes")
    assert Host.objects.get(name="app-7").groups.get().name == "app"
    assert "2 hosts" not in import_by_command(path, *options)
    path.write_text("app-8 192.0.2.8\napp 9 x")
    assert "Nothing was imported." in import_by_command(path, *options, "--yes")
    assert not Host.objects.filter(name="app-8").exists()


def test_the_command_names_what_it_does_not_know(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    assert "Known are:" in import_by_command(path, "--environment=moon")
    missing = import_by_command(path, f"--environment={stage.environment.slug}")
    assert "Name a readable file." in missing


@pytest.mark.parametrize(
    "text",
    [
        "Host app-1\n  HostName 10.0.0.1\n  ProxyCommand ssh gate -W %h:%p\n",
        "Host app-1\n  HostName 10.0.0.1\n  ProxyJump gate,inner\n",
        ANSIBLE.replace(
            '"ansible_port": 2222', '"ansible_ssh_common_args": "-o ProxyCommand=\\"ssh gate\\""'
        ),
        ANSIBLE.replace('"ansible_port": 2222', '"ansible_ssh_extra_args": "-J gate"'),
    ],
)
def test_a_way_that_is_not_followed_is_named(text: str) -> None:
    problems = read_host_list(text).problems
    assert any("app-1" in each and "is not followed" in each for each in problems)


def test_a_way_that_is_none_is_no_problem() -> None:
    text = "Host app-1\n  HostName 10.0.0.1\n  User deploy\n  ProxyCommand none\n"
    assert not read_host_list(text).problems
