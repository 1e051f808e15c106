"""Trends, archives, past incidents, lessons, checklists and what others are told, as pages."""

from __future__ import annotations

import io
import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import AsyncClient, Client

from rollback_console.postmortems import checklist
from rollback_console.postmortems.archive.verify import verify
from rollback_console.postmortems.models import Cadence, StatusLink
from rollback_console.rollbacks.actions import approvals, steering
from rollback_console.rollbacks.models import Rollback
from tests import make
from tests.postmortems.test_incident import PAST

from .conftest import SignIn, words


@pytest.fixture
def ended(pending: Rollback, stage: make.Stage) -> Rollback:
    approvals.reject(
        pending, by=stage.cast.lee, snapshot_sha256=pending.snapshot_sha256, reason="Roll forward"
    )
    pending.refresh_from_db()
    return pending


@pytest.fixture
def operator(signed_in: SignIn, stage: make.Stage) -> Client:
    return signed_in(stage.cast.dana)


def load(client: Client, **changes: object) -> object:
    file = SimpleUploadedFile("past.json", json.dumps({**PAST, **changes}).encode())
    return client.post("/incidents/", {"file": file}, follow=True)


def test_a_past_incident_is_loaded_and_counts_in_trends(operator: Client) -> None:
    page = words(load(operator))
    assert "Incident loaded. It counts in trends and cannot be run." in page
    assert "Loaded from a file by Dana Example" in page
    assert "Loaded from a file by Dana Example" in words(
        operator.get(f"/rollbacks/{Rollback.objects.get().pk}/")
    )
    trends = words(operator.get("/trends/?days=0"))
    assert "1 rollback that ended" in trends
    assert "Failed deployment recovery 56 min 56 min 1" in trends
    assert "1 of 1" in trends


def test_a_wrong_file_is_refused_on_the_page(operator: Client) -> None:
    response = load(operator, state="running")
    assert "`state` must say how it ended" in words(response)
    assert not Rollback.objects.exists()


def test_trends_are_empty_with_a_way_on_and_ignore_nonsense(operator: Client) -> None:
    page = words(operator.get("/trends/?days=x&service=%00&environment=nothing"))
    assert "No rollback ended in this period." in page


def test_trends_are_tables_and_json_too(operator: Client) -> None:
    load(operator)
    table = operator.get("/trends.csv?days=0")
    assert table["Content-Type"] == "text/csv; charset=utf-8"
    assert len(table.content.decode().splitlines()) == 2
    assert operator.get("/trends.json?days=0").json()["phases"][0]["median"] == 240


def test_pictures_carry_their_words(operator: Client) -> None:
    for number in range(3):
        load(operator, reason=f"Reason {number}")
    page = operator.get("/trends/?days=0").content.decode()
    pictures = re.findall(r"<svg class=\"picture\".*?</svg>", page, flags=re.S)
    assert len(pictures) == 3
    for picture in pictures:
        assert re.search(r"<title id=\"\w+-title\">[^<]+</title>", picture)
        assert re.search(r"<desc id=\"\w+-desc\">[^<]+</desc>", picture)
        assert "style=" not in picture
    assert "<script>" not in page
    assert ">0</text>" in pictures[0], "An axis begins somewhere."


def test_fewer_than_three_rollbacks_are_called_too_few_to_draw(operator: Client) -> None:
    load(operator)
    page = operator.get("/trends/?days=0")
    assert "Too few to draw: 1 rollback." in words(page)
    assert 'class="picture"' not in page.content.decode()


def test_an_archive_is_downloaded_and_holds(operator: Client, ended: Rollback) -> None:
    answer = operator.get(f"/rollbacks/{ended.pk}/archive/")
    assert f'filename="rollback-{ended.pk}.tar.gz"' in answer["Content-Disposition"]
    assert verify(io.BytesIO(b"".join(answer.streaming_content))).wrong == []  # type: ignore[attr-defined]


@pytest.mark.django_db(transaction=True)
async def test_an_archive_is_streamed_under_asgi(stage: make.Stage, ended: Rollback) -> None:
    client = AsyncClient()
    await client.aforce_login(stage.cast.vic)
    answer = await client.get(f"/rollbacks/{ended.pk}/archive/")
    assert answer.is_async  # type: ignore[attr-defined]
    data = b"".join([piece async for piece in answer.streaming_content])  # type: ignore[attr-defined]
    assert verify(io.BytesIO(data)).wrong == []


def test_one_under_way_has_no_archive_yet(operator: Client, pending: Rollback) -> None:
    page = words(operator.get(f"/rollbacks/{pending.pk}/archive/", follow=True))
    assert "An archive can be made once the rollback has ended." in page


def test_lessons_are_shown_and_taken_over(operator: Client, ended: Rollback) -> None:
    address = f"/rollbacks/{ended.pk}/postmortem/"
    operator.get(address)
    assert "The plan contains all of this already." in words(operator.get(f"{address}lessons/"))
    operator.post(f"{address}texts/", {"version": "1", "how_to_prevent": "Rehearse"})
    assert f"Rehearse (rollback {ended.pk})" in words(operator.get(f"{address}lessons/"))
    page = words(operator.post(f"{address}takeovers/", follow=True))
    assert "Revision 3 of the plan contains the findings." in page
    assert "applied to the plan as revision 3" in words(operator.get(address))


def test_a_viewer_takes_nothing_over(signed_in: SignIn, stage: make.Stage, ended: Rollback) -> None:
    client, address = signed_in(stage.cast.vic), f"/rollbacks/{ended.pk}/postmortem/"
    assert "Update the plan" not in words(client.get(address))
    client.post(f"{address}takeovers/")
    assert ended.revision.plan.revisions.count() == 2


def test_a_checklist_is_worked_through_before_the_end(
    operator: Client, stage: make.Stage, pending: Rollback
) -> None:
    address = f"/rollbacks/{pending.pk}/checklist/"
    assert "3 of 3 open" in words(operator.get(address))
    key = checklist.entries(pending)[2].item.key
    given = {"owner": stage.cast.sam.pk, "due": "2027-01-31", "remind_at": "2027-01-30T09:00"}
    operator.post(f"{address}{key}/assignments/", given)
    operator.post(f"{address}{key}/ticks/", {"done": "yes", "evidence": "Said in the channel"})
    page = words(operator.get(address))
    assert "2 of 3 open" in page
    assert "Sam Example, due 31 Jan 2027, done by Dana Example" in page
    assert "Said in the channel" in page


def test_a_check_is_not_ticked_past_the_rollbacks_page(operator: Client, pending: Rollback) -> None:
    key = checklist.entries(pending)[0].item.key
    address = f"/rollbacks/{pending.pk}/checklist/{key}/ticks/"
    page = words(operator.post(address, {"done": "yes"}, follow=True))
    assert "Answer this check on the rollback's page" in page


def test_open_actions_are_on_the_first_page_and_by_person(
    operator: Client, stage: make.Stage, ended: Rollback
) -> None:
    operator.get(f"/rollbacks/{ended.pk}/postmortem/")
    item = ended.action_items.get(text="Notify team of rollback")
    checklist.assign_item(item, by=stage.cast.dana, owner=stage.cast.dana)
    home = words(operator.get("/"))
    assert "Open actions" in home
    assert "Notify team of rollback" in home
    assert "Notify team of rollback" in words(operator.get("/actions/?owner=me"))
    assert "No open actions." in words(operator.get("/actions/?owner=lee"))
    assert "No open actions." in words(operator.get("/actions/?owner=nobody"))


def test_a_message_is_prefilled_and_kept_with_who_got_it(
    operator: Client, pending: Rollback
) -> None:
    address = f"/rollbacks/{pending.pk}/communication/"
    assert "Reason: Health page answers 500" in words(operator.get(address))
    given = {"text": "Soon\r\nback", "recipients": "Support team"}
    assert operator.post(f"{address}messages/", given).status_code == 303
    message = pending.messages.get()
    assert (message.text, message.recipients) == ("Soon\nback", "Support team")
    assert operator.post(f"{address}messages/", {"text": ""}).status_code == 422
    assert "to Support team" in words(operator.get(address))


def test_a_cadence_is_set(operator: Client, pending: Rollback) -> None:
    address = f"/rollbacks/{pending.pk}/communication/"
    operator.post(f"{address}cadences/", {"minutes": "15"})
    operator.post(f"{address}cadences/", {"minutes": "0"})
    assert Cadence.objects.get().minutes == 15
    assert "Next stakeholder update due in 1" in words(operator.get(address))


def shared(client: Client, rollback: Rollback) -> str:
    page = client.post(f"/rollbacks/{rollback.pk}/communication/links/", {"label": "Support"})
    match = re.search(r"http://testserver(/status/[\w-]{43}/)", page.content.decode())
    assert match
    return match[1]


def test_a_status_page_needs_no_account_and_shows_no_internals(
    operator: Client, pending: Rollback
) -> None:
    steering.send_message(pending, by=pending.requested_by, text="Soon back", recipients="Support")
    address = shared(operator, pending)
    answer = Client().get(address)
    page = answer.content.decode()
    assert "A rollback is being decided on" in page
    assert "Soon back" in page
    for secret in ("app-1", "echo", "dana", "Dana", "Health page", "192.0.2.1", "Support"):
        assert secret not in page
    assert answer["X-Robots-Tag"] == "noindex, nofollow, noarchive"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Cache-Control"] == "no-store"
    assert '<meta name="robots" content="noindex' in page
    assert Client().post(address).status_code == 405


def test_a_secret_is_shown_once_and_kept_as_a_hash(operator: Client, pending: Rollback) -> None:
    secret = shared(operator, pending).split("/")[2]
    assert secret not in operator.get(f"/rollbacks/{pending.pk}/communication/").content.decode()
    assert secret not in str(list(StatusLink.objects.values()))


def test_a_revoked_or_made_up_link_finds_nothing(operator: Client, pending: Rollback) -> None:
    address = shared(operator, pending)
    link = StatusLink.objects.get()
    operator.post(f"/rollbacks/{pending.pk}/communication/links/{link.pk}/revocations/")
    assert Client().get(address).status_code == 404
    assert Client().get(f"/status/{'A' * 43}/").status_code == 404


def test_only_who_steers_shares_and_writes(
    signed_in: SignIn, stage: make.Stage, pending: Rollback
) -> None:
    client, address = signed_in(stage.cast.vic), f"/rollbacks/{pending.pk}/communication/"
    assert "Operators write messages." in words(client.get(address))
    client.post(f"{address}links/", {"label": "Me"})
    client.post(f"{address}messages/", {"text": "Hi", "recipients": "All"})
    client.post(f"{address}cadences/", {"minutes": "5"})
    assert not StatusLink.objects.exists()
    assert not pending.messages.exists()
    assert not Cadence.objects.exists()


@pytest.mark.parametrize(
    "address", ["/trends/", "/trends.csv", "/trends.json", "/actions/", "/incidents/"]
)
def test_everything_else_needs_an_account(db: None, address: str) -> None:
    assert Client().get(address)["Location"].startswith("/sign-in/")


def test_a_loaded_incident_does_not_pass_for_the_last_rollback(
    operator: Client, ended: Rollback
) -> None:
    load(operator)
    home = operator.get("/").content.decode()
    assert home.index(f"/rollbacks/{ended.pk}/") < home.index("Checkout lost sessions")
