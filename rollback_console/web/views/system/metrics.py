"""`/metrics`: for Prometheus, with a token of its own."""

from __future__ import annotations

from hmac import compare_digest

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4

from ...http import prometheus


@login_not_required
def show_metrics(request: HttpRequest) -> HttpResponse:
    """404 until METRICS_TOKEN is set; then 401 for whoever does not send it as a bearer."""
    if not settings.METRICS_TOKEN:
        return _sentence("Metrics are off. Set METRICS_TOKEN to turn them on.", 404)
    expected = f"Bearer {settings.METRICS_TOKEN}".encode()
    if not compare_digest(request.headers.get("Authorization", "").encode(), expected):
        answer = _sentence("Send the METRICS_TOKEN: Authorization: Bearer TOKEN.", 401)
        answer["WWW-Authenticate"] = "Bearer"
        return answer
    return HttpResponse(prometheus.exposition(), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _sentence(text: str, status: int) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
