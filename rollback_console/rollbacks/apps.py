"""Django registration of this room."""

from django.apps import AppConfig


class RollbacksConfig(AppConfig):
    name = "rollback_console.rollbacks"
