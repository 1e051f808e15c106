"""Django registration of this room."""

from django.apps import AppConfig


class ProposalsConfig(AppConfig):
    name = "rollback_console.proposals"
