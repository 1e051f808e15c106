"""What gunicorn runs: uvicorn, with the limits this console wants."""

from __future__ import annotations

from uvicorn_worker import UvicornWorker

from .header_deadline import HeaderDeadlineProtocol


class Worker(UvicornWorker):  # type: ignore[misc]
    """No lifespan, which Django does not speak; sockets uncompressed, which is twice as fast.

    A socket is closed within seconds of TERM; a browser comes back by itself.
    """

    CONFIG_KWARGS = {
        "lifespan": "off",
        "http": HeaderDeadlineProtocol,
        "ws_per_message_deflate": False,
        "ws_max_size": 64 * 1024,
        "timeout_graceful_shutdown": 3,
        "server_header": False,
    }
