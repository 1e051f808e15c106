"""The Celery application; tasks live in rollbacks/tasks.py."""

from __future__ import annotations

import os

from celery import Celery
from django_structlog.celery.steps import DjangoStructLogInitStep

from .config import telemetry

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollback_console.settings")

telemetry.start_tracing()
app = Celery("rollback_console")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)
