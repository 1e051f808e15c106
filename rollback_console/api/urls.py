"""Addresses of the REST door; whatever is not one of them is a problem too."""

from __future__ import annotations

from django.urls import URLPattern, path, re_path

from .api import api, behind, describe_problem, nothing_here
from .inbound_webhooks import receive

_routes, _, _ = api.urls

app_name = "api"
urlpatterns: list[URLPattern] = [
    path("", behind(nothing_here), name="api-root"),
    *(
        path(str(route.pattern), behind(route.callback), name=route.name)
        for route in _routes
        if isinstance(route, URLPattern) and route.name != "api-root"
    ),
    path("problems/<slug:kind>", behind(describe_problem), name="problem"),
    path("hooks/<uuid:key>", behind(receive), name="hook"),
    re_path(r"", behind(nothing_here)),
]
