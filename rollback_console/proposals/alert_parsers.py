"""What Alertmanager, Grafana and others send, read into alerts; the rest of it is dropped."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

MOST = 100
"""Alerts in one body."""


class Unreadable(Exception):
    """`str()` says what is wrong with a body."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert: `episode` is since when it fires, as the sender writes it; `labels` may name
    the plan (`rollback_plan`) or the service (`service`)."""

    fingerprint: str
    episode: str
    firing: bool
    title: str
    detail: str
    link: str
    labels: dict[str, str]


def parse_alerts(kind: str, body: bytes) -> list[Alert]:
    """The alerts in a body sent by an integration of that kind. Raises Unreadable."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("The body is not JSON in UTF-8.") from error
    if not isinstance(document, dict):
        raise Unreadable("The body must be one JSON object.")
    alerts = [_generic(document)] if kind == "generic" else _listed(document)
    if len(alerts) > MOST:
        raise Unreadable(f"A body holds at most {MOST} alerts. Group fewer together.")
    return alerts


def _listed(body: dict[str, Any]) -> list[Alert]:
    """Grafana writes what Alertmanager does, with more beside it."""
    alerts = body.get("alerts")
    if not isinstance(alerts, list) or not all(isinstance(each, dict) for each in alerts):
        raise Unreadable("`alerts` must be a list of alerts, as Alertmanager and Grafana send.")
    return [_alert(each) for each in alerts]


def _alert(one: dict[str, Any]) -> Alert:
    labels, notes = _texts(one.get("labels")), _texts(one.get("annotations"))
    name = labels.get("alertname", "")
    return Alert(
        fingerprint=_text(one.get("fingerprint"), 64) or _digest(labels),
        episode=_text(one.get("startsAt"), 64),
        firing=one.get("status") != "resolved",
        title=(notes.get("summary") or name or "An alert without a name")[:200],
        detail=_detail(name, notes.get("description", ""), labels),
        link=_link(one.get("panelURL") or one.get("generatorURL")),
        labels=labels,
    )


def _generic(body: dict[str, Any]) -> Alert:
    title = _text(body.get("title"), 200)
    if not title:
        raise Unreadable("`title` must say in a line what is wrong.")
    if body.get("status", "firing") not in {"firing", "resolved"}:
        raise Unreadable("`status` is `firing` or `resolved`.")
    labels = _texts(body.get("labels"))
    labels |= {"rollback_plan": plan} if (plan := _text(body.get("plan"), 120)) else {}
    labels |= {"service": name} if (name := _text(body.get("service"), 120)) else {}
    return Alert(
        fingerprint=_text(body.get("fingerprint"), 64) or _digest({"title": title, **labels}),
        episode=_text(body.get("started_at"), 64),
        firing=body.get("status", "firing") == "firing",
        title=title,
        detail=_text(body.get("detail"), 5000),
        link=_link(body.get("link")),
        labels=labels,
    )


def _detail(name: str, description: str, labels: dict[str, str]) -> str:
    pairs = ", ".join(f"{key}={value}" for key, value in sorted(labels.items()))
    return "\n".join(each for each in (description, name and f"Alert {name}", pairs) if each)[:5000]


def _texts(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {_text(key, 100): _text(each, 1000) for key, each in list(value.items())[:64]}


def _text(value: Any, most: int) -> str:
    """Printable, and no longer than the column that keeps it."""
    shown = str(value) if isinstance(value, str | int | float) else ""
    clean = "".join(each if each.isprintable() or each == "\n" else " " for each in shown)
    return clean.strip()[:most]


def _link(value: Any) -> str:
    """Only what a browser opens as a page: never `javascript:`."""
    text = _text(value, 2000)
    return text if text.startswith(("https://", "http://")) and len(text) <= 500 else ""


def _digest(labels: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(labels, sort_keys=True).encode()).hexdigest()
