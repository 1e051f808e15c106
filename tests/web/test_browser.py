"""Every page in a real browser: accessible, unbroken by the policy, in four looks.

`PICTURES=folder` keeps a picture of each look.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from rollback_console.rollbacks.actions import approvals
from tests import make
from tests.fleet import Fleet
from tests.rollbacks.driving import drive

from .browsing import Eyes
from .world import World, in_use, places

pytestmark = pytest.mark.browser

# A busy machine is no reason to fail; a wait ends as soon as it is met.
expect.set_options(timeout=30_000)


@pytest.fixture
def world(transactional_db: None) -> World:
    return in_use()


PAGES = {
    "sign-in": ("", "/sign-in/"),
    "home": ("sam", "/"),
    "account": ("lee", "/account/"),
    "plans": ("dana", "/plans/"),
    "plan": ("dana", "/plans/{plan}/"),
    "plan-steps": ("dana", "/plans/{proposal}/arrangement/"),
    "plan-steps-confirmed": ("vic", "/plans/{plan}/arrangement/"),
    "plan-import": ("dana", "/plans/import/"),
    "plan-text": ("dana", "/plans/{plan}/text/"),
    "bindings": ("dana", "/plans/{plan}/bindings/"),
    "revisions": ("vic", "/plans/{plan}/revisions/"),
    "changes": ("vic", "/plans/{plan}/revisions/1/changes/"),
    "request-new": ("dana", "/rollbacks/new/?service=checkout&environment=production"),
    "procedures": ("dana", "/plans/{plan}/request/"),
    "request": ("dana", "/plans/{plan}/request/?procedure=rollback-steps"),
    "approval": ("sam", "/rollbacks/{asked}/"),
    "approval-by-others": ("vic", "/rollbacks/{asked}/"),
    "deciders": ("lee", "/environments/production/deciders/"),
    "delegations": ("vic", "/account/delegations/"),
    "without-approval": ("lee", "/rollbacks/{glass}/postmortem/"),
    "home-with-review": ("lee", "/"),
    "rejected": ("dana", "/rollbacks/{ended}/"),
    "rollbacks": ("vic", "/rollbacks/"),
    "postmortems": ("vic", "/postmortems/"),
    "help": ("vic", "/help/?q=approval"),
    "help-page": ("vic", "/help/operator/"),
    "help-settings": ("vic", "/help/settings/"),
    "postmortem": ("dana", "/rollbacks/{ended}/postmortem/"),
    "configuration-events": ("ada", "/audit/configuration/"),
    "audit": ("vic", "/audit/"),
    "verification": ("vic", "/audit/verification/"),
    "environments": ("ada", "/environments/"),
    "environment": ("ada", "/environments/production/?asks={dana}&risk=data"),
    "environment-new": ("ada", "/environments/new/"),
    "services": ("ada", "/services/"),
    "service": ("dana", "/services/checkout/"),
    "deployments": ("dana", "/deployments/"),
    "deployment": ("dana", "/deployments/{deployment}/"),
    "triggers": ("dana", "/services/checkout/environments/production/triggers/"),
    "trigger-new": (
        "dana",
        "/services/checkout/environments/production/triggers/new/?text=Error+rate+%3E+5%25",
    ),
    "trigger": ("dana", "/triggers/{trigger}/"),
    "deployment-document": ("lee", "/deployments/{deployment}/documents/post/"),
    "request-of-deployment": (
        "dana",
        "/plans/{plan}/request/?procedure=rollback-steps&deployment={deployment}",
    ),
    "hosts": ("ada", "/hosts/"),
    "host-new": ("ada", "/hosts/new/"),
    "host-keys": ("ada", "/hosts/keys/"),
    "host": ("ada", "/hosts/{host}/"),
    "credentials": ("ada", "/credentials/"),
    "credential-new": ("ada", "/credentials/new/"),
    "tokens": ("ada", "/tokens/"),
    "people": ("ada", "/people/"),
    "person": ("ada", "/people/{dana}/"),
    "not-found": ("vic", "/nothing/here/"),
    "not-allowed": ("vic", "/hosts/"),
}


def test_every_page_is_accessible_and_whole_in_light_and_dark_wide_and_narrow(
    eyes: Eyes, world: World
) -> None:
    where = places(world)
    pages = {
        name: (getattr(world.stage.cast, who, None), address.format(**where))
        for name, (who, address) in PAGES.items()
    }
    assert eyes.faults(pages) == {}


def test_the_pages_that_answer_a_mistake_are_accessible_too(eyes: Eyes, world: World) -> None:
    with eyes.page(world.stage.cast.dana, width=390) as page:
        page.goto("/plans/import/")
        page.get_by_label("Environment").select_option(label="PRODUCTION")
        page.get_by_role("button", name="Import").click()
        expect(page.get_by_text("Import failed.")).to_be_visible()
        assert page.locator("#id_text").get_attribute("aria-invalid") == "true"
        described = page.locator("#id_text").get_attribute("aria-describedby") or ""
        assert "id_text_error" in described
        expect(page.locator("#id_text_error")).to_contain_text("Paste the plan here")
    assert eyes.complaints == []


def test_a_question_mark_lists_the_keys_and_escape_closes_the_list(
    eyes: Eyes, world: World
) -> None:
    with eyes.page(world.stage.cast.vic) as page:
        page.goto("/rollbacks/")
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Shortcuts")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog", name="Shortcuts")).to_be_hidden()
        page.keyboard.press("/")
        expect(page.get_by_label("Search title or reason")).to_be_focused()
        page.keyboard.type("g p?")
        expect(page.get_by_label("Search title or reason")).to_have_value("g p?")
        page.get_by_label("Search title or reason").blur()
        expect(page).to_have_url(re.compile("text=g"))
        page.keyboard.press("g")
        page.keyboard.press("p")
        expect(page).to_have_url(re.compile(r"/plans/$"))


def test_the_theme_changes_without_losing_what_was_typed(eyes: Eyes, world: World) -> None:
    with eyes.page(world.stage.cast.dana) as page:
        page.goto("/plans/import/")
        page.get_by_label("Title").fill("Half typed")
        page.get_by_role("button", name="Dark").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        expect(page.get_by_label("Title")).to_have_value("Half typed")
        page.goto("/")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_a_step_and_its_lines_light_each_other(eyes: Eyes, world: World) -> None:
    with eyes.page(world.stage.cast.vic) as page:
        page.goto(f"/plans/{world.plan}/")
        steps = page.locator(".station")
        first_of = "(step) => `#L${step.dataset.lines.split('-')[0]}`"
        begin, restore = steps.first, steps.filter(has_text="Restore Database").first
        restore.get_by_role("heading", name="Restore Database").first.hover()
        expect(page.locator(restore.evaluate(first_of))).to_have_class(re.compile("lit"))
        page.locator(".source li", has_text="sudo systemctl stop").first.hover()
        command = page.locator(".station pre", has_text="sudo systemctl stop").first
        expect(command).to_have_class(re.compile("lit"))
        page.mouse.move(0, 0)  # what scrolls by under a mouse is lit too
        page.keyboard.press("j")
        expect(begin).to_be_focused()
        expect(page.locator(begin.evaluate(first_of))).to_have_class(re.compile("lit"))


def test_what_would_run_follows_each_choice(eyes: Eyes, world: World) -> None:
    with eyes.page(world.stage.cast.dana) as page:
        page.goto(f"/plans/{world.plan}/request/?procedure=rollback-steps")
        page.get_by_label("Reason for the rollback").fill("Login fails")
        page.get_by_label("Skip this step").check()
        page.get_by_label("Revert to previous version").check()
        preview = page.locator("#preview")
        expect(preview).to_contain_text("PREVIOUS_COMMIT_SHA")
        page.get_by_label("PREVIOUS_COMMIT_SHA").fill("91bc4e2a77")
        expect(preview).to_contain_text("4 steps on 2 hosts")
        expect(preview).not_to_contain_text("mysql")
        expect(page.get_by_label("Reason for the rollback")).to_have_value("Login fails")
    assert eyes.complaints == []


def test_an_open_page_turns_into_the_next_state_by_itself(eyes: Eyes, world: World) -> None:
    with eyes.page(world.stage.cast.vic) as page:
        page.goto(f"/rollbacks/{world.pending_request.pk}/")
        expect(page.get_by_text("1 of 2")).to_be_visible()
        approvals.approve(
            world.pending_request,
            by=world.stage.cast.sam,
            snapshot_sha256=world.pending_request.snapshot_sha256,
        )
        expect(page.get_by_text("2 of 2")).to_be_visible()
        expect(page.locator(".page-head")).to_contain_text("approved")
    assert eyes.complaints == []


def test_a_rollback_is_asked_for_and_decided_without_any_script(eyes: Eyes, world: World) -> None:
    with eyes.page(None, script=False) as page:
        sign_in(page, "dana")
        page.goto(f"/plans/{world.plan}/request/?procedure=keep-db-as-is-only-rollback-code")
        page.get_by_label("Reason for the rollback").fill("Only the code is bad")
        page.get_by_label("Revert to previous version").check()
        page.get_by_label("PREVIOUS_COMMIT_SHA").fill("91bc4e2a77")
        page.get_by_role("button", name="Preview commands").click()
        expect(page.locator("#preview")).to_contain_text("4 steps on 2 hosts")
        page.get_by_role("button", name="Submit for approval").click()
        expect(page.get_by_text("Request submitted for approval.")).to_be_visible()
        address = page.url
    with eyes.page(None, script=False, width=390) as page:
        sign_in(page, "lee")
        page.goto(address)
        page.get_by_label("Type PRODUCTION to approve").fill("production")
        page.get_by_role("button", name="Approve").click()
        expect(page.get_by_text("You approved this rollback.")).to_be_visible()
        expect(page.get_by_text("1 of 1")).to_be_visible()


def test_the_buttons_stay_in_reach_on_a_phone(eyes: Eyes, world: World) -> None:
    with eyes.page(world.stage.cast.sam, width=390, scheme="dark") as page:
        page.goto(f"/rollbacks/{world.pending_request.pk}/")
        approve = page.get_by_role("button", name="Approve")
        for _ in range(3):
            expect(approve).to_be_in_viewport()
            page.mouse.wheel(0, 500)


def test_enter_decides_nothing(eyes: Eyes, world: World) -> None:
    with eyes.page(world.stage.cast.sam) as page:
        page.goto(f"/rollbacks/{world.pending_request.pk}/")
        note = page.get_by_label("Comment (required to reject)")
        note.fill("no: the dump is old")
        note.press("Enter")
        note.press("Tab")
        expect(note).to_have_value("no: the dump is old")
    assert world.pending_request.approvals.count() == 1


def test_paper_gets_the_steps_and_no_buttons(eyes: Eyes, world: World, tmp_path: Path) -> None:
    with eyes.page(world.stage.cast.sam) as page:
        page.goto(f"/rollbacks/{world.pending_request.pk}/")
        page.emulate_media(media="print")
        expect(page.get_by_role("navigation")).to_be_hidden()
        expect(page.get_by_role("button", name="Approve")).to_be_hidden()
        expect(page.get_by_role("heading", name="Restore Database")).to_be_visible()
        expect(page.get_by_text("SHA256:").first).to_be_visible()
        page.pdf(path=tmp_path / "approval.pdf")


def sign_in(page: Page, name: str) -> None:
    page.goto("/sign-in/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(make.PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_going_on_from_another_step_is_accessible_and_whole(
    eyes: Eyes, transactional_db: None, fleet: Fleet
) -> None:
    stage = make.stage()
    fleet.scripts["restoring"] = (b"no such tag\n", 3)
    rollback = drive(make.approved(stage), fleet)
    address = f"/rollbacks/{rollback.pk}/restarts/"
    pages = {
        f"restarts{position[-1:]}": (stage.cast.dana, address + position)
        for position in ("", "?position=1", "?position=3")
    }
    assert eyes.faults(pages) == {}


def test_a_plan_is_arranged_with_keys_and_by_dragging(eyes: Eyes, world: World) -> None:
    address = f"/plans/{world.proposal}/arrangement/"
    with eyes.page(world.stage.cast.dana) as page:
        page.goto(address)
        first = page.locator("[data-step]").first
        expect(first).to_contain_text("Stop Services")
        first.focus()
        page.keyboard.press("Alt+ArrowDown")
        expect(page.locator("[data-step]").nth(1)).to_contain_text("Stop Services")
        expect(page.locator("[data-step]").nth(1)).to_be_focused()
        page.keyboard.press("u")
        expect(page.locator("[data-step]").first).to_contain_text("Stop Services")
        page.locator("[data-step] .mark").nth(1).drag_to(page.locator("[data-step]").first)
        expect(page.locator("[data-step]").first).to_contain_text("Restore Code")
        page.locator("[data-step]").nth(2).focus()
        page.keyboard.press("x")
        page.keyboard.type("the database stays")
        page.keyboard.press("Enter")
        expect(page.get_by_text("the database stays").first).to_be_visible()
        page.get_by_role("button", name="Confirm these steps").click()
        expect(page.get_by_text("Confirmed as revision 2")).to_be_visible()
    assert eyes.complaints == []


def test_letters_written_from_right_to_left_do_not_turn_a_command_around(
    eyes: Eyes, world: World
) -> None:
    text = make.PLAN.replace("echo stopping", "cp \u05d0 1 \u05d1 2 > \u0627")
    rollback = make.requested(world.stage, text.replace("# Rollback Plan", "# Copies"))
    with eyes.page(world.stage.cast.lee) as page:
        page.goto(f"{eyes.base}/rollbacks/{rollback.pk}/")
        lefts = page.locator(".cmd").first.evaluate(_LEFT_EDGES)
        assert len(lefts) == len("cp X 1 X 2 > X")
        assert lefts == sorted(lefts)


_LEFT_EDGES = """(command) => {
  const text = command.firstChild;
  const letters = [...Array(text.data.trimEnd().length).keys()];
  return letters.map((at) => {
    const range = document.createRange();
    range.setStart(text, at);
    range.setEnd(text, at + 1);
    return range.getBoundingClientRect().left;
  });
}"""
