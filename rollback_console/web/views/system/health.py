"""Whether this process, and what it needs, are alive."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from kombu import Connection
from kombu.exceptions import OperationalError

from rollback_console.rollbacks import zones
from rollback_console.rollbacks.queries import health


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """200 whenever this process can answer at all; asks nobody else."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when the database, the broker, a worker and the sweeper are there; else 503.

    Each is named, so that whoever is called knows where to look; `database connection` says
    whether the database is a file, local, reached over verified TLS, or in clear.
    """
    parts = {"database": _database(), "broker": _broker()}
    seen = health.seen() if parts["database"] else {"worker": False, "sweeper": False}
    parts |= seen
    if parts["database"]:
        parts |= {f"worker of {zone}": served for zone, served in zones.served().items()}
    answer = {name: "ok" if there else "missing" for name, there in parts.items()}
    answer["database connection"] = settings.DATABASE_CONNECTION
    return JsonResponse(answer, status=200 if all(parts.values()) else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker() -> bool:
    """Any broker that Celery knows, asked with little patience."""
    try:
        with Connection(settings.CELERY_BROKER_URL, connect_timeout=2) as broker:
            broker.ensure_connection(max_retries=1, timeout=2)
            return bool(broker.connected)
    except (OperationalError, OSError):
        return False
