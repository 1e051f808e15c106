"""`python -m benchmarks.watching`: 200 services watched every 10 seconds by one worker.

On a database of its own in a temporary folder; the pages that are looked at are served by another
process, whose CPU does not count.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from typing import Any

SERVICES = 200
EVERY = 10
SECONDS = 60.0


def main() -> None:
    """Print what it came to."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "rollback_console.settings",
            "DATA_DIR": folder,
            "SECRET_KEY": "only-for-this-benchmark-" + "x" * 40,
            "MESSAGES_ALLOW": "127.0.0.0/8",
        }
        os.environ.pop("DATABASE_URL", None)
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        _measure(folder)


def _measure(folder: str) -> None:
    from rollback_console.processes.ports import free_port

    port = free_port()
    argv = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    server = subprocess.Popen(
        argv, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        number = _watch_services(f"http://127.0.0.1:{port}/")
        _work(number)
    finally:
        server.kill()
        server.wait()


def _watch_services(url: str) -> int:
    """The shift of the zone in which they all are; each is due once within the first interval."""
    from datetime import timedelta

    from django.contrib.auth.models import User
    from django.utils import timezone

    from rollback_console.deployments.models import Deployment
    from rollback_console.plans.models import Environment, Service
    from rollback_console.watch.models import Trigger, TriggerWatch, ZoneShift

    now, by = timezone.now(), User.objects.create(username="bench")
    there = Environment.objects.create(slug="bench", name="BENCH")
    for at in range(SERVICES):
        service = Service.objects.create(slug=f"service-{at}", name=f"Service {at}")
        common: dict[str, Any] = {"service": service, "environment": there}
        trigger = Trigger.objects.create(
            **common,
            text="Health check fails",
            key="health check fails",
            kind="http",
            probe={"url": url, "status": 200},
            every=EVERY,
            bound_by=by,
            bound_at=now,
        )
        deployment = Deployment.objects.create(
            **common, version="v2", recorded_by=by, started_at=now, finished_at=now
        )
        due = timezone.now() + timedelta(seconds=EVERY * at / SERVICES)
        TriggerWatch.objects.create(deployment=deployment, trigger=trigger, due_at=due)
    return ZoneShift.objects.create(zone="default").pk


def _work(number: int) -> None:
    from rollback_console.watch.models import Sample
    from rollback_console.watch.shift import take_turn

    began, cpu = time.monotonic(), time.process_time()
    take_turn(number, seconds=SECONDS)
    passed, used = time.monotonic() - began, time.process_time() - cpu
    looks = Sample.objects.count()
    times = list(Sample.objects.order_by("watch", "at").values_list("watch", "at"))
    gaps = sorted(
        (after[1] - before[1]).total_seconds()
        for before, after in pairwise(times)
        if before[0] == after[0]
    )
    late = gaps[int(len(gaps) * 0.99)]
    print(
        f"{looks} looks in {passed:.0f} s, {looks / passed:.1f} a second; "
        f"{used / passed:.0%} of one core, {used / looks * 1000:.1f} ms a look; "
        f"between two looks p50 {gaps[len(gaps) // 2]:.1f} s, p99 {late:.1f} s"
    )


if __name__ == "__main__":
    main()
