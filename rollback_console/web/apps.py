"""Django registration of this room."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Pages; its one table is the cache that web processes share."""

    name = "rollback_console.web"

    def ready(self) -> None:
        from allauth.mfa.signals import authenticator_added
        from django.contrib.auth.signals import user_logged_in

        from .authentication import freshness
        from .http import middleware

        authenticator_added.connect(freshness.note_new_factor, dispatch_uid="new factor")
        user_logged_in.connect(middleware.came_in, dispatch_uid="came in")
