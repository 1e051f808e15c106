"""Django registration of this room: a draft begins the moment a rollback ends."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig


class PostmortemsConfig(AppConfig):
    """Listens for the end of rollbacks."""

    name = "rollback_console.postmortems"

    def ready(self) -> None:
        from rollback_console.rollbacks import signals

        signals.finished.connect(_begin, dispatch_uid="postmortem")


def _begin(rollback: Any, **_: Any) -> None:
    from .actions import postmortems

    postmortems.open_postmortem(rollback)
