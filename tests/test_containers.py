"""The container files say what they mean; no engine runs here, so they are read, not built."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OURS = ["migrate", "web", "worker", "sweeper"]


@pytest.mark.skipif(not shutil.which("docker-compose"), reason="docker-compose is not installed")
def test_compose_accepts_its_file() -> None:
    subprocess.run(["docker-compose", "config", "-q"], cwd=ROOT, check=True, capture_output=True)


@pytest.mark.parametrize("name", OURS)
def test_our_containers_may_change_nothing_but_their_data(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["volumes"] == ["data:/data"]


@pytest.mark.parametrize("name", OURS)
def test_secrets_come_as_files(name: str) -> None:
    service = COMPOSE["services"][name]
    named = {value for key, value in service["environment"].items() if key.endswith("_FILE")}
    assert named == {f"/run/secrets/{secret}" for secret in service["secrets"]}
    assert set(service["secrets"]) <= set(COMPOSE["secrets"])


def test_nothing_starts_before_the_tables_are_there() -> None:
    for name in ("web", "worker", "sweeper"):
        waits = COMPOSE["services"][name]["depends_on"]
        assert waits["migrate"]["condition"] == "service_completed_successfully"


def test_the_image_runs_as_nobody_in_particular() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert "USER console" in lines
    copied = {word for line in lines if line.startswith("COPY ") for word in line.split()}
    assert {"templates", "static", "rollback_console", "manage.py"} <= copied
