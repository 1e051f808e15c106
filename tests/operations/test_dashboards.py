"""The examples for those who run it: dashboard and alert rules, against what /metrics says."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from rollback_console.live import metrics
from rollback_console.local.options import ROOT
from rollback_console.web.http import prometheus
from tests import make

OPS = ROOT / "docs/ops"
DASHBOARD = json.loads((OPS / "grafana.json").read_text())
RULES = [
    rule
    for group in yaml.safe_load((OPS / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]


@pytest.fixture
def samples(db: None) -> set[str]:
    """The name of everything that can be asked for."""
    from rollback_console.rollbacks.queries import health

    health.say_alive("worker")
    make.stage()
    metrics.arrived(None)
    text = prometheus.exposition().decode()
    families = text_string_to_metric_families(text)
    return {sample.name for family in families for sample in family.samples}


def expressions() -> list[str]:
    shown = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    return shown + [rule["expr"] for rule in RULES]


def test_each_metric_that_is_named_exists(samples: set[str]) -> None:
    named = {name for each in expressions() for name in re.findall(r"rollback_console_\w+", each)}
    assert len(named) > 10
    assert named <= samples


def test_each_of_our_metrics_is_shown_or_watched_or_told(samples: set[str]) -> None:
    page = (ROOT / "docs/monitoring.md").read_text()
    ours = {name for name in samples if name.startswith("rollback_console_")}
    kept = {re.sub(r"_(bucket|sum|count|created)$", "", name) for name in ours}
    assert {name for name in kept if f"`{name}`" not in page} == set()


def test_the_dashboard_has_no_two_panels_in_one_place() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert at["x"] + at["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_wrong_and_where_to_look(rule: dict[str, Any]) -> None:
    assert rule["expr"].count("(") == rule["expr"].count(")")
    assert rule["labels"]["severity"] in {"page", "notify"}
    for text in ("summary", "description"):
        assert rule["annotations"][text].endswith(".")
