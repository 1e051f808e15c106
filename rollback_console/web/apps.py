"""Django registration of this room."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Pages; its one table is the cache that web processes share."""

    name = "rollback_console.web"

    def ready(self) -> None:
        from allauth.mfa import signals as factors
        from django.contrib.auth import signals

        from .authentication import freshness, records
        from .http import middleware

        for signal, receiver in (
            (factors.authenticator_added, freshness.note_new_factor),
            (factors.authenticator_added, records.record_new_factor),
            (factors.authenticator_removed, records.record_lost_factor),
            (factors.authenticator_reset, records.record_new_codes),
            (factors.authentication_failed, records.record_wrong_code),
            (signals.user_logged_in, middleware.came_in),
            (signals.user_logged_in, records.record_sign_in),
            (signals.user_logged_out, records.record_sign_out),
        ):
            signal.connect(receiver, dispatch_uid=receiver.__name__)
