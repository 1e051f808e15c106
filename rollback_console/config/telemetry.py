"""Spans to an OpenTelemetry collector and errors to Sentry, where their addresses are set.

Layer: the top: the entries of web, worker and sweeper call `start_tracing`. Both are extras, and
are imported only when they are wanted.
"""

from __future__ import annotations

import os
from functools import cache
from importlib.metadata import version

from django.conf import settings


@cache
def start_tracing() -> None:
    """Once a process, before Django is set up; does nothing unless a setting asks for it."""
    if settings.SENTRY_DSN:
        _errors()
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        _spans()


def _errors() -> None:
    import sentry_sdk

    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        release=f"rollback-console@{version('rollback-console')}",
        # Frames and bodies may hold secrets of hosts and people.
        include_local_variables=False,
        send_default_pii=False,
        max_request_body_size="never",
    )


def _spans() -> None:
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.django import DjangoInstrumentor
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    own = {} if "OTEL_SERVICE_NAME" in os.environ else {SERVICE_NAME: "rollback-console"}
    named = Resource.create(own)
    provider = TracerProvider(resource=named)
    address = f"{settings.OTEL_EXPORTER_OTLP_ENDPOINT.rstrip('/')}/v1/traces"
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=address)))
    trace.set_tracer_provider(provider)
    DjangoInstrumentor().instrument()
