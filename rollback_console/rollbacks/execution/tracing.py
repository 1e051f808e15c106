"""Spans around work where OpenTelemetry is set up; it is not even loaded elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings


@contextmanager
def span(name: str, **attributes: str | int) -> Iterator[None]:
    """Time what is done inside, under `rollback_console.` and the name."""
    if not settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        yield
        return
    from opentelemetry import trace

    named = {f"rollback_console.{key}": value for key, value in attributes.items()}
    with trace.get_tracer("rollback_console").start_as_current_span(
        f"rollback_console.{name}", attributes=named
    ):
        yield
