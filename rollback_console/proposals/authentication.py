"""Whether what arrives at an integration's address comes from who it says."""

from __future__ import annotations

from collections.abc import Mapping

from rollback_console.notify import signing

from .models import Integration

GRAFANA_SIGNATURE = "X-Grafana-Alerting-Signature"
GITHUB_SIGNATURE = "X-Hub-Signature-256"
GITLAB_TOKEN = "X-Gitlab-Token"  # noqa: S105  the name of a header
GRAFANA_TIMESTAMP = "X-Grafana-Alerting-Timestamp"


def problem(
    integration: Integration | None, headers: Mapping[str, str], body: bytes, now: float
) -> str:
    """Why the sender is not believed; "" when it is: by bearer token, or by signature.

    A signature of Grafana's counts with its timestamp alone: without one it could be replayed.
    GitHub signs none; what it tells of a deployment counts once, however often it is sent.
    """
    if integration is None:
        return UNKNOWN
    secret = integration.secret
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return "" if signing.same(token.strip(), secret) else UNKNOWN
    if given := headers.get(signing.SIGNATURE, ""):
        return signing.problem(secret, headers.get(signing.TIMESTAMP, ""), given, body, now)
    if given := headers.get(GRAFANA_SIGNATURE, ""):
        return _grafana(secret, headers.get(GRAFANA_TIMESTAMP, ""), given, body, now)
    if integration.kind == "github" and (given := headers.get(GITHUB_SIGNATURE, "")):
        return "" if signing.same(given, f"sha256={signing.mac(secret, body)}") else UNKNOWN
    if integration.kind == "gitlab" and (given := headers.get(GITLAB_TOKEN, "")):
        return "" if signing.same(given, secret) else UNKNOWN
    return UNKNOWN


UNKNOWN = (
    "Send the integration's secret as `Authorization: Bearer SECRET`, or sign the body with it."
)


def _grafana(secret: str, timestamp: str, given: str, body: bytes, now: float) -> str:
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
        return f"Have Grafana send its timestamp as {GRAFANA_TIMESTAMP}."
    if abs(now - int(timestamp)) > signing.WINDOW:
        return "This was signed more than 5 minutes ago, or a clock is wrong."
    expected = signing.mac(secret, f"{timestamp}:".encode() + body)
    return "" if signing.same(given, expected) else UNKNOWN
