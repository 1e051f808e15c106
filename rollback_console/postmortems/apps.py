"""Django registration of this room."""

from django.apps import AppConfig


class PostmortemsConfig(AppConfig):
    name = "rollback_console.postmortems"
