"""Characters that nobody sees are marks on every page, and are confirmed one by one."""

from __future__ import annotations

from rollback_console.plans.actions.revisions import draw_revision
from rollback_console.plans.models import Revision
from rollback_console.plans.snapshot.hidden_characters import list_hidden
from rollback_console.rollbacks.actions import approvals, requests
from tests import make

from .conftest import SignIn, words

RIGHT_TO_LEFT = "\N{RIGHT-TO-LEFT OVERRIDE}"
TEXT = make.PLAN.replace("echo stopping", f"echo stop{RIGHT_TO_LEFT}ping")
SHOWN = "echo stop⟨U+202E⟩ping"


def confirmed(stage: make.Stage) -> Revision:
    keys = [each.key for each in list_hidden(make.plan(stage, TEXT))]
    return make.plan(stage, TEXT, confirmed_characters=keys)


def test_the_plan_page_and_the_request_page_show_it_and_say_what_to_do(
    signed_in: SignIn, stage: make.Stage
) -> None:
    revision = make.plan(stage, TEXT)
    client = signed_in(stage.cast.dana)
    page = client.get(f"/plans/{revision.plan.slug}/")
    assert words(page).count(SHOWN) == 2
    assert RIGHT_TO_LEFT not in page.content.decode()
    asking = client.get(f"/plans/{revision.plan.slug}/request/")
    assert "holds a character that nobody sees, ⟨U+202E⟩" in words(asking)


def test_it_is_confirmed_on_the_bindings_page(signed_in: SignIn, stage: make.Stage) -> None:
    revision = make.plan(stage, TEXT)
    client, address = signed_in(stage.cast.dana), f"/plans/{revision.plan.slug}/bindings/"
    page = client.get(address)
    assert SHOWN in words(page)
    assert RIGHT_TO_LEFT not in page.content.decode()
    (place,) = list_hidden(revision)
    fields = {"hosts": "app-1", f"confirmed_{place.key}": "on"}
    client.post(address, {**fields, "drawn_from": draw_revision(revision)})
    bound = Revision.objects.order_by("-number")[0]
    assert bound.bindings["confirmed_characters"] == [place.key]
    assert "nobody sees" not in words(client.get(f"/plans/{revision.plan.slug}/request/"))


def test_who_approves_sees_the_mark_in_the_command(signed_in: SignIn, stage: make.Stage) -> None:
    revision = confirmed(stage)
    rollback = requests.open_request(revision, by=stage.cast.dana, reason="Errors", choices={})
    page = signed_in(stage.cast.lee).get(f"/rollbacks/{rollback.pk}/")
    assert SHOWN in words(page)
    assert RIGHT_TO_LEFT not in page.content.decode()
    approvals.approve(rollback, by=stage.cast.lee, snapshot_sha256=rollback.snapshot_sha256)
    live = signed_in(stage.cast.lee).get(f"/rollbacks/{rollback.pk}/")
    assert SHOWN in words(live)
    assert RIGHT_TO_LEFT not in live.content.decode()


def test_what_people_write_shows_it_too_and_a_field_keeps_it(
    signed_in: SignIn, stage: make.Stage
) -> None:
    text = make.PLAN.replace("### Step 1: Stop", f"### Step 1: St{RIGHT_TO_LEFT}op")
    text = text.replace("# Rollback Plan", f"# Roll{RIGHT_TO_LEFT}back")
    revision = make.plan(stage, text)
    rollback = requests.open_request(
        revision, by=stage.cast.dana, reason=f"Er{RIGHT_TO_LEFT}rors\r\n\x1b[31mnow", choices={}
    )
    approvals.ask_question(rollback, by=stage.cast.vic, text=f"Real{RIGHT_TO_LEFT}ly?")
    client, rest = signed_in(stage.cast.ada), f"/plans/{revision.plan.slug}/"
    for address in (f"/rollbacks/{rollback.pk}/", "/audit/", rest, f"{rest}bindings/"):
        page = client.get(address).content.decode()
        assert RIGHT_TO_LEFT not in page
        assert "\x1b" not in page
        assert "⟨U+202E⟩" in page
        assert "⟨U+000D⟩" not in page
    assert f"St{RIGHT_TO_LEFT}op" in client.get(f"{rest}text/").content.decode()
