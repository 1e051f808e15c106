"""Django registration of the record of the configuration."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "rollback_console.audit"
