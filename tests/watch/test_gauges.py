"""The watch in numbers."""

from __future__ import annotations

from rollback_console.watch.actions import watches
from rollback_console.watch.gauges import WatchGauges, read_watch_gauges
from rollback_console.watch.models import Firing, Trigger

from .conftest import look
from .servers import Service


def test_what_is_watched_fires_and_was_false_is_counted(watched: Trigger, service: Service) -> None:
    assert read_watch_gauges().verdicts == {"passed": 0, "failed": 0, "unknown": 0, "none": 0}
    watches.begin_watches()
    before = read_watch_gauges()
    assert (before.verdicts["none"], before.firing) == (1, 0)
    assert 0 <= before.due_age < 600
    service.status = 500
    look(2)
    Firing.objects.update(false_alarm=True)
    counts = {"passed": 0, "failed": 1, "unknown": 0, "none": 0}
    assert read_watch_gauges() == WatchGauges(counts, 0.0, firing=1, alarms=1, false_alarms=1)
