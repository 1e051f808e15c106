"""Whether this process, and what it needs, are alive."""

from __future__ import annotations

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from rollback_console.rollbacks import health


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """200 whenever this process can answer at all; asks nobody else."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the database, the broker, a worker and the sweeper are there; else 503.

    Each is named, so that whoever is called knows where to look.
    """
    found = {"database": _database(), "broker": _broker()}
    seen = health.seen() if found["database"] else {"worker": False, "sweeper": False}
    found |= seen
    words = {name: "ok" if there else "missing" for name, there in found.items()}
    return JsonResponse(words, status=200 if all(found.values()) else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker() -> bool:
    try:
        with redis.Redis.from_url(
            settings.CELERY_BROKER_URL, socket_timeout=2, socket_connect_timeout=2
        ) as broker:
            return bool(broker.ping())
    except (redis.RedisError, OSError):
        return False
