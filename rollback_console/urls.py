"""Every address of the console."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("rollback_console.web.urls")),
]
