"""The main job, as people do it: everything `make run` starts, and a real browser.

The pictures are left in tests/output/journey, which git ignores; `make pictures` puts those of the
main pages into docs/img.
"""

from __future__ import annotations

import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from rollback_console.demo.layout import Layout
from rollback_console.demo.people import DemoAccount, load
from tests.local.console import Console
from tests.toolbox.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SEED = Path(__file__).parent.parent / "documents" / "seed.md"
PATIENCE = 60_000


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    started = Console(tmp_path_factory.mktemp("data"))
    try:
        yield started.ready()
    finally:
        started.end()


@pytest.fixture(scope="module")
def pictures() -> Path:
    folder = Path(__file__).parent.parent / "output" / "journey"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def page_of(chromium: Browser, console: Console) -> Page:
    context = chromium.new_context(
        viewport={"width": 1440, "height": 900}, base_url=f"http://127.0.0.1:{console.port}"
    )
    context.set_default_timeout(PATIENCE)
    return context.new_page()


def draw(page: Page, pictures: Path, name: str, *, whole: bool = True) -> None:
    """What is on the screen, light and dark."""
    page.emulate_media(color_scheme="dark")
    page.screenshot(path=pictures / f"{name}-dark.png", full_page=whole)
    page.emulate_media(color_scheme="light")
    page.screenshot(path=pictures / f"{name}.png", full_page=whole)


def sign_in(page: Page, person: DemoAccount) -> None:
    page.goto("/")
    page.get_by_label("Name").fill(person.name)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def people(console: Console) -> dict[str, DemoAccount]:
    return {person.name: person for person in load(Layout(console.data / "demo"))}


def health(console: Console) -> int:
    try:
        with urllib.request.urlopen(f"{console.demo.service_url}health", timeout=10) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_the_lead_makes_the_broken_service_healthy_and_the_postmortem_tells_how(
    chromium: Browser, console: Console, pictures: Path
) -> None:
    assert until(lambda: health(console) == 500)
    page = page_of(chromium, console)
    sign_in(page, people(console)["lee"])
    draw(page, pictures, "home", whole=False)
    page.get_by_role("link", name="Review request").click()
    loss = re.compile("values in bookings_booking.deposit_cents, 1 table")
    # Asked for without drawing it: a browser that draws again and again takes the hosts' turn.
    assert until(lambda: loss.search(page.request.get(page.url).text()))
    page.reload()
    expect(page.get_by_text(loss).first).to_be_visible()
    expect(page.get_by_role("region", name="Readiness by host")).to_be_visible(timeout=PATIENCE)
    draw(page, pictures, "approval", whole=False)
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Run step 2", exact=True).click()
    title = page.locator("#question-title")
    expect(title).to_contain_text("Answer the checks", timeout=PATIENCE)
    assert health(console) == 200
    expect(page.get_by_text("list: 9 bookings shown")).to_be_visible(timeout=PATIENCE)
    draw(page, pictures, "live", whole=False)
    errors = page.get_by_role("listitem").filter(has_text="No errors in the service")
    errors.get_by_role("button", name=re.compile("^Pass")).click()
    expect(page.get_by_text("pass Lee Okafor")).to_have_count(1)
    expect(page.locator("#checks").get_by_text("Answered automatically")).to_have_count(
        2, timeout=PATIENCE
    )
    expect(page.get_by_text("succeeded", exact=True).first).to_be_visible(timeout=PATIENCE)
    page.goto("/rollbacks/1/postmortem/")
    draw(page, pictures, "postmortem", whole=False)
    page.get_by_text("Full record").click()
    expect(page.get_by_text(re.compile("confirmed step 2", re.IGNORECASE)).first).to_be_visible()


def test_whoever_asked_sees_why_they_may_not_approve(
    chromium: Browser, console: Console, pictures: Path
) -> None:
    page = page_of(chromium, console)
    sign_in(page, people(console)["dana"])
    page.goto("/plans/")
    page.get_by_role("link", name=re.compile("^Request a rollback by Deposits")).click()
    page.locator("[name=reason]").fill("The rooms are listed twice")
    page.get_by_label("PREVIOUS_MIGRATION_NUMBER").fill("0001")
    page.get_by_label("RELEASE_TAG").fill("1.4.0")
    page.get_by_role("button", name="Submit for approval").click()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    expect(page.get_by_text("someone else must approve it")).to_be_visible()
    page.screenshot(path=pictures / "own-request.png", full_page=True)


def test_a_deploy_lead_imports_a_plan_and_sees_what_it_leaves_open(
    chromium: Browser, console: Console, pictures: Path
) -> None:
    page = page_of(chromium, console)
    sign_in(page, people(console)["lee"])
    page.goto("/plans/import/")
    page.screenshot(path=pictures / "import.png", full_page=True)
    page.locator("[name=text]").fill(SEED.read_text())
    page.locator("[name=service]").select_option(label="Bookings")
    page.locator("[name=environment]").select_option(label="STAGING")
    page.get_by_role("button", name="Import").click()
    expect(page).to_have_url(re.compile("/arrangement/$"))  # where its steps are confirmed
    page.goto(page.url.removesuffix("arrangement/"))
    expect(page.get_by_role("heading", name="Implement User Authentication System")).to_be_visible()
    for step in ("Stop Services", "Restore Code", "Restore Database", "Verify Rollback"):
        expect(page.get_by_text(step).first).to_be_visible()
    expect(page.get_by_text("names no host").first).to_be_visible()
    page.screenshot(path=pictures / "plan.png", full_page=True)
