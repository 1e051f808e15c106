"""Django registration of access."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Registers what puts a rehashed password on record."""

    name = "rollback_console.access"

    def ready(self) -> None:
        from django.contrib.auth.models import User
        from django.db.models.signals import post_save

        from .actions.passwords import record_rehashed

        post_save.connect(record_rehashed, User, dispatch_uid="record_rehashed")
