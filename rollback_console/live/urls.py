"""Addresses of what the live page fetches."""

from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("rollbacks/<int:number>/pulse/", views.pulse, name="pulse"),
    path("rollbacks/<int:number>/steps/<int:position>/lines/", views.merge, name="merged-lines"),
    path("step-runs/<uuid:token>/log", views.log, name="log"),
    path("step-runs/<uuid:token>/lines/", views.lines, name="log-lines"),
    path("step-runs/<uuid:token>/folds/", views.folds, name="log-folds"),
    path("step-runs/<uuid:token>/matches/", views.matches, name="log-matches"),
]
