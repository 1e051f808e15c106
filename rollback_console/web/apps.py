"""Django registration of this room."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Pages; its one table is the cache that web processes share."""

    name = "rollback_console.web"

    def ready(self) -> None:
        from allauth.mfa.signals import authenticator_added

        from .signing import freshness

        authenticator_added.connect(freshness.note_new_factor, dispatch_uid="new factor")
