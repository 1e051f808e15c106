"""Every address of the console."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("rollback_console.api.urls")),
    path("", include("rollback_console.live.urls")),
    path("", include("rollback_console.web.urls")),
]
