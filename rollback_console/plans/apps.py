"""Django registration of this room."""

from django.apps import AppConfig


class PlansConfig(AppConfig):
    name = "rollback_console.plans"

    def ready(self) -> None:
        """Register how rows are looked up by number."""
        from . import number_lookups  # noqa: F401
