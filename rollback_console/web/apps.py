"""Django registration of this room."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "rollback_console.web"
