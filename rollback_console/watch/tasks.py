"""What Celery carries for the watch: the number of a zone's shift."""

from __future__ import annotations

from celery import shared_task

from rollback_console.rollbacks import tasks, zones

from .models import ZoneShift


@shared_task(name="watch.take_turn", ignore_result=True)
def take_turn(number: int) -> None:
    """Watch what is due in a zone that this worker reaches, and ask for the next turn."""
    from rollback_console.rollbacks.execution import driver  # a web process never loads it

    from . import shift

    zone = ZoneShift.objects.values_list("zone", flat=True).get(pk=number)
    if zones.is_ours(zone) and shift.take_turn(number, stopping=driver.stopping.is_set):
        enqueue_turn(number, zone)


def enqueue_turn(number: int, zone: str) -> bool:
    """Have a worker of the zone take a turn; False when the broker did not take it."""
    return tasks.enqueue_task(take_turn, number, zones.queue(zone))
