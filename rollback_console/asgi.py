"""The ASGI entry: pages through Django, sockets through Channels."""

from __future__ import annotations

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.core.asgi import get_asgi_application

from .config import telemetry

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rollback_console.settings")
telemetry.start_tracing()
_pages = get_asgi_application()

import rollback_console.celery  # noqa: E402, F401  tasks go to its broker
from rollback_console.live.routes import guarded, sockets  # noqa: E402  Django must be set up first
from rollback_console.processes.body_limit import BodyLimit  # noqa: E402
from rollback_console.processes.sub_path import SubPath  # noqa: E402

_routed = ProtocolTypeRouter({"http": BodyLimit(_pages), "websocket": guarded(URLRouter(sockets))})
application = SubPath(_routed, settings.SUB_PATH)
