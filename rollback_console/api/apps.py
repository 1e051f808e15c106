"""Django registration of this room: tokens and kept replies need tables."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "rollback_console.api"
