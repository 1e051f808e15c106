"""Who is mentioned with `@name` is notified through their channels, once."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from rollback_console.outbox import due_notices, enqueue
from rollback_console.outbox.models import Delivery, PushDevice
from rollback_console.postmortems.actions import postmortems
from rollback_console.postmortems.models import Postmortem
from rollback_console.rollbacks.actions import requests, steering
from tests import make
from tests.make import Stage

from .conftest import AddTarget

MAIL = "mailto://127.0.0.1:9?from=c@example.org"


def mentioned() -> list[tuple[str, list[str]]]:
    """What is owed because of a mention: its title, and to which addresses."""
    enqueue.events()
    due_notices.events()
    rows = Delivery.objects.filter(topic="mentions").order_by("id")
    return list(rows.values_list("title", "to"))


def test_who_a_note_mentions_is_mailed_once(stage: Stage, add_target: AddTarget) -> None:
    add_target(url=MAIL, personal=True, topics=["mentions"])
    row = make.requested(stage)
    text = "First.\n\n@lee, please look; not @nobody, nor sam@example.org, nor me (@dana)"
    steering.note(row, by=stage.cast.dana, text=text)
    title = f"[STAGING] Dana Example mentions Lee Example: {row.title}"
    assert mentioned() == mentioned() == [(title, ["lee@example.org"])]
    sent = Delivery.objects.get()
    assert sent.text.startswith("@lee, please look")
    assert sent.link.endswith(f"/rollbacks/{row.pk}/")


def test_who_a_comment_or_a_postmortem_mentions_is_notified(
    stage: Stage, add_target: AddTarget
) -> None:
    add_target(url=MAIL, personal=True, topics=["mentions"])
    row = requests.withdraw(make.requested(stage), by=stage.cast.dana, reason="Fixed")
    postmortem = postmortems.open_postmortem(row)
    postmortems.comment(postmortem, by=stage.cast.vic, text="What do you think, @sam?")
    assert [to for _, to in mentioned()] == [["sam@example.org"]]
    assert Delivery.objects.get().link.endswith("/postmortem/")
    postmortems.write_texts(
        postmortem, by=stage.cast.dana, version=1, impact="@lee knows", autosaved=True
    )
    assert len(mentioned()) == 1, "A name is perhaps still being typed."
    Postmortem.objects.update(edited_at=timezone.now() - timedelta(minutes=2))
    assert [to for _, to in mentioned()][1:] == [["lee@example.org"]]
    postmortem.refresh_from_db()
    postmortems.write_texts(
        postmortem, by=stage.cast.dana, version=postmortem.version, impact="@lee knows all"
    )
    Postmortem.objects.update(edited_at=timezone.now() - timedelta(minutes=2))
    assert len(mentioned()) == 2


def test_a_mention_rings_the_devices_of_that_person_where_no_channel_hears_of_it(
    stage: Stage,
) -> None:
    device = PushDevice.objects.create(
        user=stage.cast.lee, endpoint="https://push.example", name="phone", made_at=timezone.now()
    )
    row = requests.withdraw(make.requested(stage), by=stage.cast.dana, reason="Fixed")
    steering.note(row, by=stage.cast.dana, text="@lee and @sam")
    postmortem = postmortems.open_postmortem(row)
    postmortems.comment(postmortem, by=stage.cast.vic, text="@lee?")
    assert len(mentioned()) == 2
    assert {each.device for each in Delivery.objects.filter(topic="mentions")} == {device}


def test_who_is_deactivated_hears_of_nothing(stage: Stage, add_target: AddTarget) -> None:
    add_target(topics=["mentions"])
    stage.cast.lee.is_active = False
    stage.cast.lee.save()
    steering.note(make.requested(stage), by=stage.cast.dana, text="@lee")
    assert mentioned() == []
