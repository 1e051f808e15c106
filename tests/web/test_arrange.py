"""Arranging a plan with plain forms: every change is one POST."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from rollback_console.documents import read_canonical
from rollback_console.plans.actions import plans
from rollback_console.plans.actions.revisions import draw_revision
from rollback_console.plans.arrangement import arranged
from rollback_console.plans.errors import PlanError
from rollback_console.plans.models import ArrangementDraft, Plan, Revision
from tests import make
from tests.make import PLAN, Stage

from .conftest import SignIn, words

pytestmark = pytest.mark.django_db

SEED = (Path(__file__).parent.parent / "documents" / "seed.md").read_text()
OTHER = PLAN + "\n## How to deploy\n```bash\npip install shop\n```\n"


def imported(stage: Stage, text: str = OTHER) -> Revision:
    return plans.import_document(
        text.encode(), by=stage.cast.dana, service=stage.service, environment=stage.environment
    )


def change(client: Client, revision: Revision, do: str, **fields: Any) -> Any:
    """One operation by its form, as the page would send it now; what is then shown."""
    draft = ArrangementDraft.objects.filter(revision=revision).first()
    address = f"/plans/{revision.plan.slug}/arrangement/changes/"
    seen = {"drawn_from": draw_revision(revision), "version": draft.version if draft else 0}
    return client.post(address, {"do": do, **seen, **fields}, follow=True)


def confirm(client: Client, revision: Revision) -> Any:
    draft = ArrangementDraft.objects.filter(revision=revision).first()
    seen = {"drawn_from": draw_revision(revision), "version": draft.version if draft else 0}
    return client.post(f"/plans/{revision.plan.slug}/confirmation/", seen, follow=True)


def titles(revision: Revision) -> list[str]:
    document = read_canonical(bytes(revision.source))
    return [step.title for step in document.procedures[0].steps]


def test_the_page_shows_what_every_line_became(signed_in: SignIn, stage: Stage) -> None:
    revision = imported(stage)
    response = signed_in(stage.cast.dana).get(f"/plans/{revision.plan.slug}/arrangement/")
    page = response.content.decode()
    assert 'class="role-step"' in page
    assert 'class="role-left-out"' in page
    assert 'class="role-check"' in page
    assert "Confirm these steps" in page


def test_a_plan_is_arranged_and_confirmed_without_a_script(signed_in: SignIn, stage: Stage) -> None:
    revision, client = imported(stage), signed_in(stage.cast.dana)
    change(client, revision, "move", step="s3", to="p1", way="p1", before="s1")
    change(client, revision, "role", block="s2", role="left-out", reason="the code stays")
    change(client, revision, "title", of="s1", **{"title.text": "Halt", "condition.text": "no"})
    change(client, revision, "add", title="Look", commands="echo look")
    page = words(confirm(client, revision))
    assert "Confirmed as revision 2" in page
    made = Plan.objects.get().revisions.get(number=2)
    assert titles(made) == ["Start", "Halt", "Look"]
    assert (made.confirmed_by, len(made.operations or [])) == (stage.cast.dana, 4)
    assert bytes(made.original or b"") == OTHER.encode()
    assert b"the code stays" in bytes(made.source)


def test_changes_are_taken_back_and_made_again(signed_in: SignIn, stage: Stage) -> None:
    revision, client = imported(stage), signed_in(stage.cast.dana)
    change(client, revision, "title", of="s1", text="Halt")
    assert "Halt" in words(client.get(f"/plans/{revision.plan.slug}/arrangement/"))
    assert "Halt" not in words(change(client, revision, "undo"))
    assert "Halt" in words(change(client, revision, "redo"))
    assert "There is nothing to make again." in words(change(client, revision, "redo"))


def test_two_people_do_not_arrange_over_each_other(stage: Stage) -> None:
    revision = imported(stage)
    operation = {"do": "title", "of": "s1", "text": "Halt"}
    plans.change_arrangement(revision, by=stage.cast.dana, operation=operation, version=0)
    with pytest.raises(PlanError, match="meanwhile"):
        plans.change_arrangement(revision, by=stage.cast.ada, operation=operation, version=0)
    with pytest.raises(PlanError, match="meanwhile"):
        plans.confirm_arrangement(revision, by=stage.cast.ada, version=0)


def test_what_does_not_fit_is_said_and_changes_nothing(signed_in: SignIn, stage: Stage) -> None:
    revision, client = imported(stage), signed_in(stage.cast.dana)
    assert "Say why this is left out." in words(
        change(client, revision, "role", block="s1", role="left-out", reason="")
    )
    assert "This is no change" in words(change(client, revision, "nonsense"))
    assert not ArrangementDraft.objects.filter(position__gt=0).exists()


def test_a_confirmed_revision_is_not_arranged(signed_in: SignIn, stage: Stage) -> None:
    revision = make.plan(stage)
    page = words(change(signed_in(stage.cast.dana), revision, "title", of="s1", text="Halt"))
    assert "This revision is confirmed." in page
    assert "Confirm these steps" not in page


def test_who_may_not_change_plans_only_reads_the_page(signed_in: SignIn, stage: Stage) -> None:
    revision, client = imported(stage), signed_in(stage.cast.vic)
    page = client.get(f"/plans/{revision.plan.slug}/arrangement/")
    assert "<form" not in page.content.decode().split('id="main"')[1].split("</main>")[0]
    assert change(client, revision, "title", of="s1", text="Halt").status_code == 403
    assert confirm(client, revision).status_code == 403


def test_the_next_plan_of_a_generator_is_arranged_like_the_one_before(stage: Stage) -> None:
    revision = imported(stage, SEED)
    operation = {"do": "role", "block": "s3", "role": "left-out", "reason": "the database stays"}
    plans.change_arrangement(revision, by=stage.cast.dana, operation=operation, version=0)
    first = plans.confirm_arrangement(revision, by=stage.cast.dana)
    made = imported(stage, SEED.replace("User Authentication System", "Password Reset"))
    assert made.confirmed_by == stage.cast.dana
    assert titles(made) == titles(first)
    assert "Restore Database" not in titles(made)


def test_a_plan_is_written_from_nothing_on_the_page(signed_in: SignIn, stage: Stage) -> None:
    client = signed_in(stage.cast.dana)
    fields = {"service": stage.service.pk, "environment": stage.environment.pk, "empty": "1"}
    assert "Enter a title for the plan" in words(client.post("/plans/import/", fields))
    begun = client.post("/plans/import/", {**fields, "title": "Checkout by hand"}, follow=True)
    assert "There is no step yet." in words(begun)
    revision = Revision.objects.get()
    change(client, revision, "add", title="Stop", commands="echo stop")
    change(client, revision, "add", title="Start", commands="echo start", way="n1w")
    change(client, revision, "item", kind="check", text="User can log in")
    confirm(client, revision)
    made = revision.plan.revisions.get(number=2)
    assert made.plan.title == "Checkout by hand"
    assert titles(made) == ["Stop", "Start"]
    assert read_canonical(bytes(made.source)).checks[0].text == "User can log in"


def test_the_changes_of_a_revision_name_what_became_of_each_step(
    signed_in: SignIn, stage: Stage
) -> None:
    before = make.plan(stage)
    text = make.canonical(PLAN).replace("echo stopping", "echo halting")
    text = text.replace("### Step 2: Restore Code", "### Step 2: Restore all")
    made = plans.revise(before.plan, text.encode(), by=stage.cast.dana)
    address = f"/plans/{before.plan.slug}/revisions/{made.number}/changes/"
    page = words(signed_in(stage.cast.vic).get(address))
    assert "Step “Stop” of “Rollback Steps”: changed (commands)" in page
    assert "Step “Restore all” of “Rollback Steps”: added" in page
    assert "Step “Restore Code” of “Rollback Steps”: taken away" in page
    same = words(signed_in(stage.cast.vic).get(f"/plans/{before.plan.slug}/revisions/2/changes/"))
    assert "The same steps run in the same order." in same


def test_moving_a_step_is_named_too(signed_in: SignIn, stage: Stage) -> None:
    revision, client = imported(stage), signed_in(stage.cast.dana)
    change(client, revision, "move", step="s3", to="p1", way="p1", before="s1")
    confirm(client, revision)
    page = words(client.get(f"/plans/{revision.plan.slug}/revisions/2/changes/"))
    assert "Step “Start” of “Rollback Steps”: moved" in page


def test_what_there_is_to_read_stands_beside_the_button_that_confirms(
    signed_in: SignIn, stage: Stage
) -> None:
    revision = imported(stage, SEED)
    client = signed_in(stage.cast.dana)
    page = words(client.get(f"/plans/{revision.plan.slug}/arrangement/"))
    confirming = page[page.index("Confirm these steps") : page.index("What the author wrote")]
    assert "findings to read before you confirm" in confirming
    assert "process list" in confirming
    steps = arranged(revision, []).procedures[0].steps
    restore = next(step for step in steps if step.title == "Restore Database")
    change(client, revision, "role", block=restore.key, role="left-out", reason="Kept")
    after = words(client.get(f"/plans/{revision.plan.slug}/arrangement/"))
    assert "process list" not in after


def test_a_block_becomes_a_message(signed_in: SignIn, stage: Stage) -> None:
    revision = imported(stage)
    client = signed_in(stage.cast.dana)
    step = arranged(revision, []).procedures[0].steps[0]
    page = words(change(client, revision, "role", block=step.key, role="message"))
    assert "Messages" in page
    confirm(client, revision)
    document = read_canonical(bytes(Revision.objects.order_by("-number")[0].source))
    assert [one.name for one in document.messages] == [step.title]
    assert document.messages[0].text == "\n".join(command.text for command in step.commands)
