"""A company begins: an empty console up to a finished rollback, and fifty hosts of an inventory.

Every press of a mouse button counts, and every choice in a list; what is typed or pasted does not.
How many each part took is left in tests/output/clicks, which git ignores.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.acceptance.test_journey import PATIENCE, SEED
from tests.local.console import KEPT, Console
from tests.remote.sshd import Sshd

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PASSWORDS = {"ada": "seven quiet unrelated lamps", "lee": "four unrelated words here"}
VALUES = {
    "PREVIOUS_COMMIT_SHA": "0123456789abcdef0123456789abcdef01234567",
    "PRE_DEPLOY_TAG": "pre-deploy-20251112-011044",
    "BACKUP_FILE": "backup_20251112_011044.sql",
    "APP_NAME": "users",
    "PREVIOUS_MIGRATION_NUMBER": "0001",
    "DB_HOST": "localhost",
    "DB_USER": "iact",
}
TOOLS = ("curl", "git", "mariadb", "mariadb-dump", "mysql", "mysqldump", "python", "systemctl")


class Clicks:
    """Counts what a person presses on one page after the other, and after which part how much."""

    def __init__(self) -> None:
        self.count = 0
        self.parts: list[str] = []

    def click(self, what: Locator) -> None:
        self.count += 1
        what.click()

    def link(self, page: Page, name: str | re.Pattern[str]) -> None:
        self.click(page.get_by_role("link", name=name).first)

    def button(self, page: Page, name: str | re.Pattern[str]) -> None:
        self.click(page.locator("main").get_by_role("button", name=name).first)

    def part(self, name: str) -> None:
        self.parts.append(f"{name}: {self.count}")

    def at_most(self, limit: int, name: str) -> None:
        sums = ", ".join(self.parts)
        assert self.count <= limit, sums
        folder = Path(__file__).parent.parent / "output" / "clicks"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"{sums}\n")


class Company:
    """An empty console with its owner, and browsers on it."""

    def __init__(self, chromium: Browser, folder: Path) -> None:
        self.chromium, self.folder = chromium, folder
        self.console = Console(folder / "data", settings={"DEMO": "0"})

    def page(self) -> Page:
        base = f"http://127.0.0.1:{self.console.port}"
        context = self.chromium.new_context(base_url=base)
        context.set_default_timeout(PATIENCE)
        return context.new_page()

    def owner(self, clicks: Clicks) -> Page:
        password = self.folder / "password"
        password.write_text(PASSWORDS["ada"])
        self.manage("create_owner", "--username", "ada", "--password-file", str(password))
        page = self.page()
        page.goto("/")
        page.get_by_label("Name").fill("ada")
        page.get_by_label("Password").fill(PASSWORDS["ada"])
        clicks.button(page, "Sign in")
        clicks.part("signed in")
        return page

    def manage(self, *words: str) -> None:
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        environment = {**kept, "DATA_DIR": str(self.console.data)}
        command = [sys.executable, "manage.py", *words]
        subprocess.run(command, env=environment, check=True, cwd=SEED.parents[2])


@pytest.fixture
def company(chromium: Browser, tmp_path: Path) -> Iterator[Company]:
    made = Company(chromium, tmp_path)
    try:
        made.console.ready()
        yield made
    finally:
        made.console.end()


def fill(page: Page, **values: str) -> None:
    for name, value in values.items():
        page.locator(f"main [name={name}]").first.fill(value)


def make_environment(page: Page, clicks: Clicks) -> None:
    clicks.link(page, "Environments")
    clicks.link(page, "Add environment")
    fill(page, name="STAGING", slug="staging", approvals_data="1")
    clicks.button(page, "Save environment")
    secret = page.locator("form[action$='/secrets/']")
    secret.locator("[name=name]").fill("DB_PASSWORD")
    secret.locator("[name=value]").fill("hunter2hunter2")
    clicks.button(page, "Add secret")
    clicks.part("environment and secret")


def add_credential(page: Page, clicks: Clicks, host: Sshd) -> None:
    clicks.link(page, "Credentials")
    clicks.link(page, "Add a credential")
    key = (host.folder / "client").read_text()
    fill(page, name="deploy", username=host.username, private_key=key)
    clicks.button(page, "Save credential")
    clicks.part("credential")


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[list[Sshd]]:
    """Two machines with what the seed's plan calls; its programs only say what they were given."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in TOOLS:
        (tools / name).write_text(f'#!/bin/sh\necho "{name} $*"\necho "-- Dump completed"\n')
    sudo = 'while case "$1" in -*) true;; *) false;; esac; do shift; done; exec "$@"'
    (tools / "sudo").write_text(f"#!/bin/sh\n{sudo}\n")
    for tool in tools.iterdir():
        tool.chmod(0o755)
    path = {"PATH": f"{tools}:/usr/bin:/bin:/usr/sbin:/sbin"}
    first, second = tmp_path / "host-1", tmp_path / "host-2"
    machines = [Sshd(first, environment=path)]
    second.mkdir()
    for name in ("client", "client.pub"):
        shutil.copy(first / name, second / name)
    machines.append(Sshd(second, environment=path))
    try:
        for machine in machines:
            (machine.home / VALUES["BACKUP_FILE"]).write_text("-- Dump completed\n")
            machine.start()
        yield machines
    finally:
        for machine in machines:
            machine.remove()


def invite(company: Company, page: Page, clicks: Clicks) -> Page:
    """Lee decides in STAGING, and stands on the first page afterwards."""
    clicks.link(page, "People")
    clicks.link(page, "Invite a person")
    fill(page, username="lee", role="Deploy Lead")
    clicks.click(page.get_by_label("Operator"))
    clicks.button(page, "Invite")
    link = page.locator("#secret").inner_text()
    lee = company.page()
    lee.goto(link)
    clicks.count += 1  # the link in a message
    fill(lee, password=PASSWORDS["lee"], again=PASSWORDS["lee"])
    clicks.button(lee, "Set the password")
    expect(lee.get_by_text("you are signed in")).to_be_visible(timeout=PATIENCE)
    clicks.part("lee invited and here")
    return lee


def import_hosts(page: Page, clicks: Clicks, hosts: list[Sshd]) -> None:
    lines = [f"app-{n} {each.username}@127.0.0.1:{each.port} app" for n, each in enumerate(hosts)]
    clicks.link(page, "Hosts")
    clicks.link(page, "Import hosts")
    fill(page, text="\n".join(lines))
    clicks.button(page, "Preview the import")
    clicks.button(page, "Import 2 hosts and scan their keys")
    trusted = [f"[127.0.0.1]:{each.port} {each.pin.type} {each.pin.key}" for each in hosts]
    fill(page, text="\n".join(trusted))
    clicks.button(page, "Compare")
    clicks.button(page, "Confirm ticked keys")
    expect(page.get_by_text("2 keys are confirmed.")).to_be_visible(timeout=PATIENCE)
    clicks.part("hosts")


def request_rollback(page: Page, clicks: Clicks) -> None:
    clicks.link(page, "Plans")
    clicks.link(page, "Import a plan")
    fill(page, text=SEED.read_text(), new_service="iact")
    clicks.button(page, "Import plan")
    clicks.button(page, "Confirm these steps")
    clicks.button(page, "Save bindings")
    clicks.part("plan")
    clicks.link(page, "Request a rollback")
    clicks.link(page, re.compile("^Select"))
    fill(page, reason="Users cannot sign in")
    for name in sorted({str(each.get_attribute("name")) for each in ways(page)}):
        clicks.click(page.locator(f"[name='{name}'][value='0']"))
    for field in page.locator("main [name^=parameter_]").all():
        name = str(field.get_attribute("name")).removeprefix("parameter_")
        field.fill(VALUES[name])
    clicks.button(page, "Submit for approval")
    expect(page.get_by_text("Request submitted for approval.")).to_be_visible(timeout=PATIENCE)
    clicks.part("request")


def ways(page: Page) -> list[Locator]:
    return page.locator("main input[type=radio][name^=way_]").all()


def test_an_empty_console_has_finished_a_rollback_on_two_hosts_after_forty_clicks(
    company: Company, hosts: list[Sshd]
) -> None:
    clicks = Clicks()
    page = company.owner(clicks)
    make_environment(page, clicks)
    lee = invite(company, page, clicks)
    add_credential(page, clicks, hosts[0])
    import_hosts(page, clicks, hosts)
    request_rollback(page, clicks)
    clicks.link(lee, "Home")
    clicks.link(lee, "Review request")
    clicks.button(lee, re.compile("^Approve"))
    clicks.part("approved")
    clicks.button(lee, re.compile("^Run step 3"))
    clicks.part("gate")
    checks = lee.locator("main").get_by_role("button", name=re.compile("^Pass"))
    expect(checks.first).to_be_visible(timeout=PATIENCE)
    for left in range(checks.count(), 0, -1):
        expect(checks).to_have_count(left, timeout=PATIENCE)
        clicks.click(checks.first)
    succeeded = lee.get_by_text("succeeded", exact=True).first
    expect(succeeded).to_be_visible(timeout=PATIENCE)
    clicks.part("finished")
    clicks.at_most(40, "first-rollback")


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[list[tuple[str, Sshd]]]:
    """Fifty addresses of five machines, which let one and the same key in."""
    machines: list[Sshd] = []
    places: list[tuple[str, Sshd]] = []
    for number in range(5):
        addresses = [f"127.0.{number + 1}.{last}" for last in range(1, 11)]
        folder = tmp_path / f"machine-{number}"
        folder.mkdir()
        if machines:
            for name in ("client", "client.pub"):
                shutil.copy(machines[0].folder / name, folder / name)
        machines.append(Sshd(folder, options=tuple(f"ListenAddress {each}" for each in addresses)))
        places += [(each, machines[-1]) for each in addresses]
    try:
        for machine in machines:
            machine.start()
        yield places
    finally:
        for machine in machines:
            machine.remove()


def write_inventory(file: Path, fleet: list[tuple[str, Sshd]]) -> Path:
    """As `ansible-inventory --list` prints it."""
    facts = {
        f"web-{number:02d}": {
            "ansible_host": address,
            "ansible_port": host.port,
            "ansible_user": host.username,
        }
        for number, (address, host) in enumerate(fleet)
    }
    file.write_text(json.dumps({"_meta": {"hostvars": facts}, "web": {"hosts": list(facts)}}))
    return file


def test_fifty_hosts_of_an_inventory_are_ready_after_fifteen_clicks(
    company: Company, fleet: list[tuple[str, Sshd]], tmp_path: Path
) -> None:
    before, clicks = Clicks(), Clicks()
    page = company.owner(before)
    make_environment(page, before)
    add_credential(page, before, fleet[0][1])
    clicks.link(page, "Hosts")
    clicks.link(page, "Import hosts")
    clicks.count += 1  # the window that chooses a file
    inventory = write_inventory(tmp_path / "inventory.json", fleet)
    page.locator("main input[type=file]").set_input_files(inventory)
    clicks.button(page, "Preview the import")
    clicks.button(page, "Import 50 hosts and scan their keys")
    expect(page.locator("input[name=key]")).to_have_count(50, timeout=PATIENCE)
    clicks.part("imported and scanned")
    trusted = [f"[{at}]:{host.port} {host.pin.type} {host.pin.key}" for at, host in fleet]
    fill(page, text="\n".join(trusted))
    clicks.button(page, "Compare")
    expect(page.locator("input[name=key]:checked")).to_have_count(50, timeout=PATIENCE)
    clicks.button(page, "Confirm ticked keys")
    expect(page.get_by_text("50 keys are confirmed.")).to_be_visible(timeout=PATIENCE)
    clicks.part("confirmed")
    clicks.at_most(15, "fifty-hosts")
