"""Django registration of this room."""

from django.apps import AppConfig


class PlansConfig(AppConfig):
    name = "rollback_console.plans"
