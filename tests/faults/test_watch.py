"""Row 38: a worker is killed while it watches; another goes on, and nothing counts twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models.functions import Now
from kombu import Connection
from pytest_django import Settings

from rollback_console.proposals.models import Proposal
from rollback_console.watch.actions import watches
from rollback_console.watch.models import Firing, Sample, TriggerWatch, ZoneShift
from rollback_console.watch.tasks import take_turn
from tests.remote.sshd import Sshd
from tests.toolbox.waiting import until
from tests.watch.conftest import bind, deploy
from tests.watch.servers import Service, serving

from .moments import WATCH
from .stage import Console

pytestmark = [pytest.mark.faults, pytest.mark.representative]


@pytest.fixture
def page(settings: Settings, own_console: Console) -> Iterator[Service]:
    """A service that is not well, and that the console may ask."""
    settings.MESSAGES_ALLOW = ["127.0.0.0/8"]
    own_console.environment["MESSAGES_ALLOW"] = "127.0.0.0/8"
    with serving() as service:
        service.status = 500
        yield service


@pytest.mark.parametrize("moment", WATCH)
def test_a_worker_killed_in_mid_look_costs_nothing_but_time(
    own_console: Console, page: Service, sshd: Sshd, moment: str
) -> None:
    place = own_console.place(sshd.address())
    bind(place, probe={"url": page.url})
    deploy(place)
    watches.begin_watches()
    shift = ZoneShift.objects.create(zone="default")
    doomed = own_console.doomed(f"{moment}:{WATCH[moment][0]}")
    task: Any = take_turn
    with Connection(own_console.redis_url) as broker:
        task.apply_async((shift.pk,), queue=doomed.queue, connection=broker)
    assert doomed.died(), doomed.said()
    assert not Sample.objects.exists()
    assert TriggerWatch.objects.filter(claim__isnull=False, due_at__gt=Now()).count() == 1
    healers = [own_console.worker(), own_console.sweeper()]
    until(
        lambda: Sample.objects.count() >= 3,
        "another worker goes on",
        details=lambda: "\n".join(each.said() for each in healers),
    )
    assert (Firing.objects.count(), Proposal.objects.count()) == (1, 1)
    row = TriggerWatch.objects.get()
    assert row.failures == Sample.objects.filter(watch=row).count()
