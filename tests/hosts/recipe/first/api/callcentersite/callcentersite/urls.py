"""Every address of the call centre."""

from agents import views
from django.urls import path

urlpatterns = [
    path("api/health", views.health),
    path("api/agents", views.agents),
]
