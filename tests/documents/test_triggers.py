"""When to roll back, read from the documents of a deployment."""

from __future__ import annotations

import pytest

from rollback_console.documents.triggers import (
    Threshold,
    TriggerWords,
    key_of,
    read_threshold,
    read_triggers,
    words_of_plan,
)

MONITORING = """\
# Monitoring Plan

## 4. Alerting Thresholds

### Critical Alerts (Immediate Response)
- Health check fails
- Error rate > 5%

### Warning Alerts (Monitor Closely)
- Response time > 3s

## 7. Success Indicators
- No critical alerts in first 24h
"""

DEPLOYMENT = """\
# Deployment Plan

## 6. Rollback

### Automatic Rollback Triggers
- Health check fails after deployment
- Critical errors in logs

### Manual Rollback Triggers
- Performance degradation > 50%
- Stakeholder request
"""


def test_thresholds_of_a_monitoring_plan_are_critical_or_warnings() -> None:
    assert read_triggers(MONITORING) == [
        TriggerWords("Health check fails", "critical"),
        TriggerWords("Error rate > 5%", "critical"),
        TriggerWords("Response time > 3s", "warning"),
    ]


def test_triggers_of_a_deployment_plan_are_automatic_or_manual() -> None:
    assert [(each.text, each.automatic) for each in read_triggers(DEPLOYMENT)] == [
        ("Health check fails after deployment", True),
        ("Critical errors in logs", True),
        ("Performance degradation > 50%", False),
        ("Stakeholder request", False),
    ]


def test_of_a_plan_only_what_can_be_measured_is_automatic() -> None:
    texts = ["Health checks failing after deployment", "Security vulnerability discovered"]
    assert [each.automatic for each in words_of_plan(texts)] == [True, False]


@pytest.mark.parametrize(
    ("text", "threshold"),
    [
        ("Error rate > 5%", Threshold("Error rate", above=True, number=5.0, unit="%")),
        ("Response time > 500ms", Threshold("Response time", above=True, number=0.5, unit="s")),
        ("Success rate below 99,5 %", Threshold("Success rate", False, 99.5, "%")),
        ("Session table > 100k records", Threshold("Session table", True, 100_000, "")),
        ("Critical functionality broken", None),
    ],
)
def test_a_line_names_a_number(text: str, threshold: Threshold | None) -> None:
    assert read_threshold(text) == threshold


def test_other_spellings_of_a_line_are_the_same() -> None:
    assert key_of("**Error rate**  > 5%.") == key_of("error rate > 5%")
    assert key_of("Error rate > 5%") != key_of("Error rate > 3%")
