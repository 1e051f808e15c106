"""What was learned, as pages."""

from __future__ import annotations

import pytest

from rollback_console.postmortems.models import ActionItem, Postmortem
from rollback_console.rollbacks.actions import approvals
from rollback_console.rollbacks.models import Rollback
from tests import make

from .conftest import SignIn, words


@pytest.fixture
def ended(pending: Rollback, stage: make.Stage) -> Rollback:
    approvals.reject(
        pending, by=stage.cast.lee, snapshot_sha256=pending.snapshot_sha256, reason="Roll forward"
    )
    pending.refresh_from_db()
    return pending


def test_a_rollback_that_goes_on_has_no_postmortem_yet(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    client = signed_in(stage.cast.dana)
    page = words(client.get(f"/rollbacks/{pending.pk}/postmortem/", follow=True))
    assert "The postmortem begins when the rollback has ended." in page


@pytest.mark.parametrize("suffix", ["md", "json"])
def test_an_export_before_the_end_is_refused_with_a_sentence(
    signed_in: SignIn, stage: make.Stage, pending: Rollback, suffix: str
) -> None:
    early = signed_in(stage.cast.dana).get(f"/rollbacks/{pending.pk}/postmortem.{suffix}")
    assert early.status_code == 409
    assert "The postmortem begins when the rollback has ended." in early.content.decode()


def test_the_page_draws_the_timeline_and_the_plans_own_actions(
    signed_in: SignIn, stage: make.Stage, ended: Rollback
) -> None:
    page = words(signed_in(stage.cast.vic).get(f"/rollbacks/{ended.pk}/postmortem/"))
    assert "rejected as Deploy Lead: Roll forward" in page
    assert "Notify team of rollback" in page
    assert "Not written yet." in page


def test_texts_are_written_and_a_postmortem_is_published_in_order(
    signed_in: SignIn, stage: make.Stage, ended: Rollback
) -> None:
    client, address = signed_in(stage.cast.dana), f"/rollbacks/{ended.pk}/postmortem/"
    client.get(address)
    fields = {"version": "1", "what_went_wrong": "Nobody had tried the plan."}
    assert client.post(f"{address}texts/", fields).status_code == 303
    for state in ("in_review", "published"):
        client.post(f"{address}moves/", {"to": state})
    assert Postmortem.objects.get().state == "published"
    assert "Nobody had tried the plan." in words(client.get(address))


def test_a_text_written_over_somebody_elses_is_kept_on_the_page(
    signed_in: SignIn, stage: make.Stage, ended: Rollback
) -> None:
    client, address = signed_in(stage.cast.dana), f"/rollbacks/{ended.pk}/postmortem/"
    client.post(f"{address}texts/", {"version": "1", "impact": "First"})
    response = client.post(f"{address}texts/", {"version": "1", "impact": "Second"})
    assert response.status_code == 422
    assert "Somebody else has changed this." in words(response)
    assert "Second" in words(response)
    assert Postmortem.objects.get().impact == "First"


def test_action_items_are_added_and_ticked(
    signed_in: SignIn, stage: make.Stage, ended: Rollback
) -> None:
    client, address = signed_in(stage.cast.dana), f"/rollbacks/{ended.pk}/postmortem/"
    client.get(address)
    fields = {
        "text": "Rehearse monthly",
        "kind": "follow_up",
        "owner": stage.cast.lee.pk,
        "due": "2027-01-31",
    }
    client.post(f"{address}items/", fields)
    item = ActionItem.objects.get(text="Rehearse monthly")
    assert item.owner == stage.cast.lee
    client.post(f"{address}items/{item.pk}/ticks/", {"done": "yes"})
    item.refresh_from_db()
    assert item.done_by == stage.cast.dana
    assert "due 31 Jan 2027" in words(client.get(address))


def test_an_item_is_given_to_somebody_until_a_day(
    signed_in: SignIn, stage: make.Stage, ended: Rollback
) -> None:
    client, address = signed_in(stage.cast.dana), f"/rollbacks/{ended.pk}/postmortem/"
    client.get(address)
    item = ActionItem.objects.get(text="Notify team of rollback")
    where = f"{address}items/{item.pk}/assignments/"
    client.post(where, {"owner": stage.cast.sam.pk, "due": "2027-02-01"})
    assert "Sam Example, due 1 Feb 2027" in words(client.get(address))
    page = words(client.post(where, {"due": "soon"}, follow=True))
    assert "The item was left as it was." in page
    item.refresh_from_db()
    assert item.owner == stage.cast.sam


def test_what_shows_that_an_item_is_done_stands_beside_it(
    signed_in: SignIn, stage: make.Stage, ended: Rollback
) -> None:
    client, address = signed_in(stage.cast.dana), f"/rollbacks/{ended.pk}/postmortem/"
    client.get(address)
    item = ActionItem.objects.get(text="Notify team of rollback")
    fields = {"done": "yes", "evidence": "Message 12 in the channel"}
    client.post(f"{address}items/{item.pk}/ticks/", fields)
    assert "Message 12 in the channel" in words(client.get(address))


def test_anybody_may_comment_and_an_empty_comment_is_refused(
    signed_in: SignIn, stage: make.Stage, ended: Rollback
) -> None:
    client, address = signed_in(stage.cast.vic), f"/rollbacks/{ended.pk}/postmortem/"
    client.post(f"{address}comments/", {"text": "Nobody told support"})
    page = words(client.post(f"{address}comments/", {"text": " "}, follow=True))
    assert "Vic Example just now Nobody told support" in page
    assert "A comment holds between 1 and 20,000 characters." in page


def test_every_edit_is_kept_and_shows_what_it_changed(
    signed_in: SignIn, stage: make.Stage, ended: Rollback
) -> None:
    client, address = signed_in(stage.cast.dana), f"/rollbacks/{ended.pk}/postmortem/"
    client.post(f"{address}texts/", {"version": "1", "impact": "Logins failed"})
    client.post(f"{address}texts/", {"version": "2", "impact": "Every login failed"})
    page = words(client.get(f"{address}versions/3/"))
    assert "- Logins failed" in page
    assert "+ Every login failed" in page
    assert client.get(f"{address}versions/9/").status_code == 404


def test_what_is_saved_by_itself_is_one_edit_and_shows_how_it_looks(
    signed_in: SignIn, stage: make.Stage, ended: Rollback
) -> None:
    client, address = signed_in(stage.cast.dana), f"/rollbacks/{ended.pk}/postmortem/"
    version = 1
    for text in ("Logins", "Logins **failed**"):
        fields = {"version": str(version), "impact": text}
        answer = client.post(f"{address}texts/autosaves/", fields).json()
        version = answer["version"]
    assert "<strong>failed</strong>" in answer["looks"]["impact"]
    assert [each.number for each in Postmortem.objects.get().versions.all()] == [3]
    assert "+ Logins **failed**" in words(client.get(f"{address}versions/3/"))
    late = client.post(f"{address}texts/autosaves/", {"version": "2", "impact": "Mine"})
    assert late.status_code == 409
    assert "Somebody else has changed this." in late.json()["detail"]
    refusal = signed_in(stage.cast.vic).post(
        f"{address}texts/autosaves/", {"version": "3", "impact": "Mine"}
    )
    assert "You may read postmortems, but not write them." in refusal.json()["detail"]


def test_who_only_looks_cannot_write(signed_in: SignIn, stage: make.Stage, ended: Rollback) -> None:
    client, address = signed_in(stage.cast.vic), f"/rollbacks/{ended.pk}/postmortem/"
    response = client.post(f"{address}texts/", {"version": "1", "impact": "Mine"})
    assert "You may read postmortems, but not write them." in words(response)
    assert Postmortem.objects.get().impact == ""


def test_it_is_exported_as_markdown_and_as_json(
    signed_in: SignIn, stage: make.Stage, ended: Rollback
) -> None:
    client = signed_in(stage.cast.vic)
    markdown = client.get(f"/rollbacks/{ended.pk}/postmortem.md")
    assert markdown["Content-Type"] == "text/markdown; charset=utf-8"
    assert markdown.content.decode().startswith("# Postmortem: ")
    assert client.get(f"/rollbacks/{ended.pk}/postmortem.json").json()["outcome"] == "rejected"


def test_the_list_counts_what_is_still_to_be_done(
    signed_in: SignIn, stage: make.Stage, ended: Rollback
) -> None:
    client = signed_in(stage.cast.vic)
    assert "No rollback has ended yet." in words(client.get("/postmortems/"))
    client.get(f"/rollbacks/{ended.pk}/postmortem/")
    assert "draft" in words(client.get("/postmortems/"))
