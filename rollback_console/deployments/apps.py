"""Django registration of this package."""

from django.apps import AppConfig


class DeploymentsConfig(AppConfig):
    name = "rollback_console.deployments"
