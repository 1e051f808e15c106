"""Django registration of access."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "rollback_console.access"
